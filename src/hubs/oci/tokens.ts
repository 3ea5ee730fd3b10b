import { SluiceError } from '../../base/index.js';
import { fetchJson, type SmallContext } from '../../net/index.js';
import { asCount, asObject, asString, field } from '../fields.js';
import { statusRefusal } from '../refusal.js';
import type { Challenge } from './challenge.js';

interface Token {
  readonly value: string;
  readonly untilMs: number;
}

/** Registries let a token live at least so long when they do not say. */
const USUAL_LIFE_S = 60;
/** A token is renewed so long before it ends. */
const MARGIN_MS = 15_000;

/** What a token is for, as its scope says. */
export type Actions = 'pull' | 'pull,push';

/** Tokens for a registry, got by the registry's own rules and kept while they are good. */
export class RegistryTokens {
  readonly #context: SmallContext;
  readonly #basic: string | undefined;
  readonly #registry: string;
  readonly #actions: Actions;
  readonly #tokens = new Map<string, Token>();
  readonly #asking = new Map<string, Promise<Token>>();

  /** `basic` is the `Authorization` of an account, sent to the token service that the registry names. */
  constructor(context: SmallContext, basic: string | undefined, registry: string, actions: Actions) {
    this.#actions = actions;
    this.#context = context;
    this.#basic = basic;
    this.#registry = registry;
  }

  /** What is known to open a repository now. */
  headerFor(repository: string): string | undefined {
    const token = this.#tokens.get(repository);
    return token !== undefined && token.untilMs > Date.now() ? token.value : undefined;
  }

  /** Forgets what was refused. */
  drop(repository: string): void {
    this.#tokens.delete(repository);
  }

  /** Answers a challenge; everybody who waits for the same repository gets the same token. @throws SluiceError */
  async answer(repository: string, challenge: Challenge, signal: AbortSignal): Promise<void> {
    const asking = this.#asking.get(repository) ?? this.#ask(repository, challenge, signal);
    this.#asking.set(repository, asking);
    try {
      this.#tokens.set(repository, await asking);
    } finally {
      this.#asking.delete(repository);
    }
  }

  async #ask(repository: string, challenge: Challenge, signal: AbortSignal): Promise<Token> {
    if (challenge.scheme === 'basic') {
      if (this.#basic === undefined)
        throw new SluiceError('UNAUTHORIZED', { host: challenge.realm, reason: 'no account' });
      return { value: this.#basic, untilMs: Infinity };
    }
    const url = this.#urlOf(repository, challenge);
    const { origin, host } = url;
    const { value } = await fetchJson(this.#context, {
      url: url.href,
      givenBy: this.#registry,
      ...(this.#basic === undefined ? {} : { credentials: { authorization: this.#basic } }),
      signal,
      failure: (head, body) => statusRefusal(head, body, { origin, repository, withToken: this.#basic !== undefined }),
    });
    const answer = asObject(value);
    const token = asString(field(answer, 'token')) ?? asString(field(answer, 'access_token'));
    if (token === undefined || !/^[\x21-\x7e]{1,16384}$/.test(token))
      throw new SluiceError('BAD_RESPONSE', { host, reason: 'a token service without a token' });
    const lifeS = asCount(field(answer, 'expires_in')) ?? USUAL_LIFE_S;
    return { value: `Bearer ${token}`, untilMs: Date.now() + Math.max(1000, lifeS * 1000 - MARGIN_MS) };
  }

  /** A registry over TLS may not lead an account to a service without it. */
  #urlOf(repository: string, { realm, service }: Challenge): URL {
    const url = URL.canParse(realm) ? new URL(realm) : undefined;
    const isFine = url?.protocol === 'https:' || (url?.protocol === 'http:' && !this.#registry.startsWith('https:'));
    if (url === undefined || !isFine || url.username !== '' || url.password !== '')
      throw new SluiceError('BAD_RESPONSE', {
        host: realm.slice(0, 200),
        reason: 'a token service with a strange address',
      });
    if (service !== undefined) url.searchParams.set('service', service);
    url.searchParams.set('scope', `repository:${repository}:${this.#actions}`);
    return url;
  }
}
