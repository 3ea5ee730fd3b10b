import type { Severity } from '../port.js';
import type { RuleId } from '../rules.js';
import { TemplateFault, type Token } from './lex.js';
import { TokenCursor } from './token-cursor.js';
import { ATTRIBUTE_FILTERS, DUNDERS, FILTERS, FUNCTIONS, METHODS, REACHING, TESTS } from './names.js';

export interface TemplateNote {
  readonly rule: RuleId;
  readonly reason: string;
  readonly severity?: Severity;
}

/** What an expression is, as far as it matters: text that is known, a name, an attribute of something, a number, a call. */
type Shape =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'name' | 'attribute'; readonly name: string }
  | { readonly kind: 'number' | 'other' };

const OTHER: Shape = { kind: 'other' };
const END_WORDS = new Set(['if', 'else', 'recursive', 'in', 'is', 'and', 'or', 'not']);
const MOST_NESTING = 150;
const MOST_RANGE = 1_000_000;
const LONG_TEXT = 1000;

/** One template, token by token. Every note goes to `notes`. */
export class TemplateWalk extends TokenCursor {
  private readonly macros = new Set<string>();
  /** Names that a template gives to known text. All it ever gives count: which is in force when is not followed. */
  private readonly constants = new Map<string, string[]>();
  private nesting = 0;

  constructor(
    tokens: readonly Token[],
    private readonly notes: TemplateNote[],
  ) {
    super(tokens);
  }

  private note(rule: RuleId, reason: string, severity?: Severity): void {
    this.notes.push({ rule, reason, ...(severity && { severity }) });
  }

  read(): void {
    const { tokens } = this;
    for (const [index, token] of tokens.entries())
      if (token.kind === 'name' && token.text === 'macro') this.macros.add(tokens[index + 1]?.text ?? '');
    while (this.at < tokens.length) {
      const token = this.next();
      if (token.kind === 'data') {
        if (token.text.length > LONG_TEXT)
          this.note('JINJA-CONTENT', `text of ${token.text.length} characters of its own`);
        continue;
      }
      if (token.text === 'print') this.expressionList();
      else this.statement();
      const end = this.next();
      if (end.kind !== 'close') throw new TemplateFault(`${end.text} where nothing more can be`);
    }
  }

  private statement(): void {
    const word = this.name();
    if (/^(?:else|break|continue|end[a-z]*|generation|raw|autoescape|debug)$/.test(word) && word !== 'debug') {
      while (this.peek()?.kind !== 'close') this.next();
    } else if (word === 'if' || word === 'elif' || word === 'print' || word === 'do') this.expressionList();
    else if (word === 'for') this.forLoop();
    else if (word === 'set' || word === 'with') this.assignments();
    else if (word === 'macro') {
      this.name();
      this.parameters();
    } else if (word === 'call') {
      if (this.isSign('(')) this.parameters();
      this.expression();
    } else if (word === 'filter') this.filters(OTHER, true);
    else {
      const isLoading = ['include', 'import', 'from', 'extends', 'debug'].includes(word);
      this.note(isLoading ? 'JINJA-SSTI' : 'JINJA-UNKNOWN', `the statement ${word}`, isLoading ? 'high' : 'medium');
      while (this.peek()?.kind !== 'close') this.next();
    }
  }

  private forLoop(): void {
    this.targets();
    if (this.name() !== 'in') throw new TemplateFault('for without in');
    this.expressionList();
    if (this.takeWord('if')) this.expression();
    this.takeWord('recursive');
  }

  private assignments(): void {
    if (this.peek()?.kind === 'close') return;
    do {
      const target = this.targets();
      if (this.takeSign('=')) {
        const value = this.expressionList();
        if (target !== undefined && value.kind === 'text')
          this.constants.set(target, [...(this.constants.get(target) ?? []), value.text]);
      } else if (this.isSign('|')) this.filters(OTHER, false);
    } while (this.takeSign(','));
  }

  /** `a`, `a, b`, `(a, b)`, `ns.a`; the name, where it is one alone. */
  private targets(): string | undefined {
    const names: string[] = [];
    do {
      if (this.takeSign('(')) {
        this.targets();
        if (!this.takeSign(')')) throw new TemplateFault('names without an end');
        names.push('', '');
      } else if (this.peek()?.kind === 'name' && this.peek()?.text !== 'in') {
        let name = this.identifier();
        while (this.takeSign('.')) name += `.${this.identifier()}`;
        names.push(name);
      } else break;
    } while (this.takeSign(','));
    return names.length === 1 ? names[0] : undefined;
  }

  private parameters(): void {
    if (!this.takeSign('(')) throw new TemplateFault('no parameters');
    while (!this.takeSign(')')) {
      this.identifier();
      if (this.takeSign('=')) this.expression();
      this.takeSign(',');
    }
  }

  private expressionList(): Shape {
    let shape = this.expression();
    while (this.takeSign(',')) {
      const token = this.peek();
      shape = OTHER;
      if (token?.kind !== 'close' && !(token?.kind === 'sign' && ')]}'.includes(token.text))) this.expression();
    }
    return shape;
  }

  private expression(): Shape {
    this.nesting += 1;
    if (this.nesting > MOST_NESTING) throw new TemplateFault('nested too deeply');
    let shape = this.or();
    while (this.takeWord('if')) {
      this.or();
      if (this.takeWord('else')) this.expression();
      shape = OTHER;
    }
    this.nesting -= 1;
    return shape;
  }

  private or(): Shape {
    return this.chain(() => this.chain(() => this.not(), ['and']), ['or']);
  }

  private chain(part: () => Shape, words: readonly string[]): Shape {
    let shape = part();
    while (words.some((word) => this.takeWord(word))) {
      part();
      shape = OTHER;
    }
    return shape;
  }

  private not(): Shape {
    let isNot = false;
    while (this.takeWord('not')) isNot = true;
    const shape = this.comparison();
    return isNot ? OTHER : shape;
  }

  private comparison(): Shape {
    let left = this.sum();
    for (;;) {
      const isNotIn = this.peek()?.text === 'not' && this.peek(1)?.text === 'in' && this.takeWord('not');
      const isIn = this.takeWord('in');
      if (!isIn && !isNotIn && !['==', '!=', '<', '>', '<=', '>='].some((sign) => this.takeSign(sign))) return left;
      const right = this.sum();
      if (left.kind === 'text' && isIn && right.kind === 'attribute' && right.name === 'content')
        this.note('JINJA-CONTENT', `it looks for ${JSON.stringify(left.text.slice(0, 80))} in messages`);
      left = OTHER;
    }
  }

  private sum(): Shape {
    return this.binary(() => this.binary(() => this.unary(), ['*', '/', '//', '%', '**']), ['+', '-', '~']);
  }

  private binary(part: () => Shape, signs: readonly string[]): Shape {
    let left = part();
    for (;;) {
      const sign = signs.find((one) => this.takeSign(one));
      if (sign === undefined) return left;
      left = this.combine(left, sign, part());
    }
  }

  /** Text out of text: names with two underscores are put together in this way. */
  private combine(left: Shape, sign: string, right: Shape): Shape {
    const [lefts, rights] = [this.textsOf(left), this.textsOf(right)];
    for (const text of [...lefts, ...rights])
      if (/^_+$/.test(text)) this.note('JINJA-UNKNOWN', 'underscores that are put together with something');
    if (sign === '%' && lefts.length > 0) this.note('JINJA-UNKNOWN', 'text made by %');
    if (sign === '*' && right.kind === 'number' && lefts.length > 0) return left;
    if (sign !== '+' && sign !== '~') return OTHER;
    const [one] = lefts;
    const [other] = rights;
    if (one === undefined || other === undefined) return OTHER;
    const text = (one + other).slice(0, 10_000);
    this.judgeText(text);
    return { kind: 'text', text };
  }

  private textsOf(shape: Shape): readonly string[] {
    if (shape.kind === 'text') return [shape.text];
    return shape.kind === 'name' ? (this.constants.get(shape.name) ?? []) : [];
  }

  private unary(): Shape {
    if (this.takeSign('-') || this.takeSign('+')) {
      this.unary();
      return OTHER;
    }
    return this.filters(this.postfix(this.primary()), false);
  }

  private primary(): Shape {
    const token = this.next();
    if (token.kind === 'string') {
      let text = token.text;
      while (this.peek()?.kind === 'string') text += this.next().text;
      this.judgeText(text);
      if (text.length > LONG_TEXT) this.note('JINJA-CONTENT', `text of ${text.length} characters of its own`);
      return { kind: 'text', text };
    }
    if (token.kind === 'number') return { kind: 'number' };
    if (token.kind === 'name') {
      if (END_WORDS.has(token.text)) throw new TemplateFault(`${token.text} where a value must be`);
      this.judgeName(token.text);
      return { kind: 'name', name: token.text };
    }
    if (token.kind !== 'sign') throw new TemplateFault('no value');
    if (token.text === '(') {
      if (this.takeSign(')')) return OTHER;
      const shape = this.expressionList();
      if (!this.takeSign(')')) throw new TemplateFault('no )');
      return shape;
    }
    if (token.text !== '[' && token.text !== '{') throw new TemplateFault(`${token.text} where a value must be`);
    const end = token.text === '[' ? ']' : '}';
    while (!this.takeSign(end)) {
      const item = this.expression();
      if (item.kind === 'text' && /^_+$/.test(item.text)) this.note('JINJA-UNKNOWN', 'underscores in a list');
      if (end === '}') {
        if (!this.takeSign(':')) throw new TemplateFault('no :');
        this.expression();
      }
      if (!this.takeSign(',') && !this.isSign(end)) throw new TemplateFault(`no ${end}`);
    }
    return OTHER;
  }

  private postfix(of: Shape): Shape {
    let shape = of;
    for (;;) {
      if (this.takeSign('.')) {
        const token = this.next();
        if (token.kind !== 'name' && token.kind !== 'number') throw new TemplateFault('an attribute without a name');
        if (token.kind === 'name') this.judgeAttribute(token.text);
        shape = { kind: 'attribute', name: token.text };
      } else if (this.takeSign('[')) shape = this.subscript(shape);
      else if (this.isSign('(')) {
        this.judgeCall(shape, this.arguments());
        shape = OTHER;
      } else return shape;
    }
  }

  private subscript(of: Shape): Shape {
    if (of.kind === 'text' && of.text.includes('_')) this.note('JINJA-UNKNOWN', 'a part of text with underscores');
    let shape: Shape = OTHER;
    while (!this.takeSign(']')) {
      if (this.takeSign(':') || this.takeSign(',')) continue;
      const key = this.expression();
      const texts = this.textsOf(key);
      for (const text of texts) this.judgeAttribute(text);
      if (key.kind === 'text') shape = { kind: 'attribute', name: key.text };
    }
    return shape;
  }

  /** Behind a value: `|filter`, `is test`, and what follows them. */
  private filters(of: Shape, isFirstBare: boolean): Shape {
    let shape = of;
    let isBare = isFirstBare;
    for (;;) {
      if (isBare || this.takeSign('|')) {
        isBare = false;
        let name = this.name();
        while (this.takeSign('.')) name += `.${this.name()}`;
        const texts = this.isSign('(') ? this.arguments() : [];
        this.judgeFilter(shape, name, texts);
        shape = this.postfix(OTHER);
      } else if (this.takeWord('is')) {
        this.takeWord('not');
        const name = this.name();
        if (!TESTS.has(name)) this.note('JINJA-UNKNOWN', `the test ${name}`);
        const token = this.peek();
        if (this.isSign('(')) this.arguments();
        else if (
          token?.kind === 'string' ||
          token?.kind === 'number' ||
          this.isSign('[') ||
          this.isSign('{') ||
          (token?.kind === 'name' && !END_WORDS.has(token.text))
        )
          this.postfix(this.primary());
        shape = OTHER;
      } else return shape;
    }
  }

  /** The texts among the arguments. */
  private arguments(): string[] {
    const texts: string[] = [];
    this.takeSign('(');
    while (!this.takeSign(')')) {
      if (!this.takeSign('**')) this.takeSign('*');
      if (this.peek()?.kind === 'name' && this.peek(1)?.kind === 'sign' && this.peek(1)?.text === '=') {
        this.identifier();
        this.takeSign('=');
      }
      const number = this.peek();
      const shape = this.expression();
      if (shape.kind === 'number' && Number(number?.text.replaceAll('_', '')) > MOST_RANGE)
        this.note('JINJA-UNKNOWN', `the number ${number?.text ?? ''} in a call`);
      texts.push(...this.textsOf(shape));
      if (!this.takeSign(',') && !this.isSign(')')) throw new TemplateFault('arguments without an end');
    }
    return texts;
  }

  private judgeFilter(of: Shape, name: string, texts: readonly string[]): void {
    if (ATTRIBUTE_FILTERS.has(name) && texts.some((text) => text.split('.').some((part) => this.isReaching(part))))
      this.note('JINJA-SSTI', `${name} of ${texts.join(', ')}`);
    else if (name === 'attr') this.note('JINJA-SSTI', 'the filter attr', 'high');
    else if (!FILTERS.has(name)) this.note('JINJA-UNKNOWN', `the filter ${name}`);
    if (of.kind === 'text' && name === 'reverse') this.note('JINJA-UNKNOWN', 'text that is turned round');
  }

  private judgeCall(target: Shape, texts: readonly string[]): void {
    if (target.kind === 'name') {
      if (!FUNCTIONS.has(target.name) && !this.macros.has(target.name))
        this.note('JINJA-UNKNOWN', `a call of ${target.name}`);
    } else if (target.kind === 'attribute') {
      if (!METHODS.has(target.name)) this.note('JINJA-UNKNOWN', `a call of ${target.name}`);
      if (target.name === 'join' && texts.some((text) => /^_+$/.test(text)))
        this.note('JINJA-UNKNOWN', 'underscores that join something');
    } else this.note('JINJA-UNKNOWN', 'a call of something without a name');
  }

  private judgeName(name: string): void {
    if (name.startsWith('_'))
      this.note('JINJA-SSTI', `the name ${name}`, DUNDERS.has(name.replaceAll('_', '')) ? 'critical' : 'medium');
  }

  private judgeAttribute(name: string): void {
    if (this.isReaching(name)) this.note('JINJA-SSTI', `the attribute ${name}`);
  }

  private isReaching(name: string): boolean {
    return name.startsWith('_') || REACHING.has(name);
  }

  private judgeText(text: string): void {
    for (const [, word = ''] of text.matchAll(/__([a-z_]+?)__/g))
      if (DUNDERS.has(word)) this.note('JINJA-SSTI', `the text __${word}__`);
    if (/__ssalc__|__slabolg__|__snitliub__|__tropmi__/.test(text))
      this.note('JINJA-SSTI', `the text ${text.slice(0, 40)}`);
  }

  private identifier(): string {
    const name = this.name();
    this.judgeName(name);
    return name;
  }
}
