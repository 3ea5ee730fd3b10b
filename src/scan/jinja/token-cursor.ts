import { TemplateFault, type Token } from './lex.js';

/** Goes through the tokens of a template. */
export class TokenCursor {
  protected at = 0;

  constructor(protected readonly tokens: readonly Token[]) {}

  /** @throws TemplateFault at the end. */
  protected next(): Token {
    const token = this.tokens[this.at];
    if (token === undefined) throw new TemplateFault('it ends too early');
    this.at += 1;
    return token;
  }

  protected peek(ahead = 0): Token | undefined {
    return this.tokens[this.at + ahead];
  }

  /** @throws TemplateFault */
  protected name(): string {
    const token = this.next();
    if (token.kind !== 'name') throw new TemplateFault(`${token.text} where a name must be`);
    return token.text;
  }

  protected isSign(text: string): boolean {
    const token = this.peek();
    return token?.kind === 'sign' && token.text === text;
  }

  protected takeSign(text: string): boolean {
    if (!this.isSign(text)) return false;
    this.at += 1;
    return true;
  }

  protected takeWord(text: string): boolean {
    const token = this.peek();
    if (token?.kind !== 'name' || token.text !== text) return false;
    this.at += 1;
    return true;
  }
}
