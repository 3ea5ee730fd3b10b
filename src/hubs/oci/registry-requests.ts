import type { SluiceError } from '../../base/index.js';
import { fetchSmall, type ResponseHead, type Sending, type SmallAnswer, type SmallRequest } from '../../net/index.js';
import { parseEndpoint, type Endpoint } from '../endpoint.js';
import type { OriginOptions } from '../options.js';
import { awayRefusal, statusRefusal } from '../refusal.js';
import { parseChallenge } from './challenge.js';
import { RegistryTokens, type Actions } from './tokens.js';

export interface RegistryOptions extends OriginOptions {
  /** Base URL, e.g. `https://registry-1.docker.io`. */
  readonly endpoint: string;
  /** An account there. */
  readonly account?: RegistryAccount | undefined;
}

export interface RegistryAccount {
  readonly name: string;
  readonly password: string;
}

export interface RegistryQuestion {
  readonly repository: string;
  /** Below `/v2/`, with its query. */
  readonly path: string;
  /** Where the registry said to go on, instead of the path. */
  readonly url?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly send?: Sending;
  readonly range?: NonNullable<SmallRequest['range']>;
  readonly limitBytes?: number;
  readonly headOnly?: boolean;
}

const TOKEN_MS = 10_000;

/** Small requests to one registry (OCI distribution 1.1), with its token service. Throws SluiceErrors. */
export class RegistryRequests {
  readonly endpoint: Endpoint;
  readonly tokens: RegistryTokens;
  readonly #options: RegistryOptions;

  constructor(options: RegistryOptions, actions: Actions) {
    const { account } = options;
    this.#options = options;
    this.endpoint = parseEndpoint(options.endpoint);
    const basic =
      account === undefined
        ? undefined
        : `Basic ${Buffer.from(`${account.name}:${account.password}`).toString('base64')}`;
    this.tokens = new RegistryTokens(options, basic, this.endpoint.base, actions);
  }

  /** One answer; a challenge is met once. */
  async ask(question: RegistryQuestion, signal: AbortSignal): Promise<SmallAnswer> {
    const { repository, path, url = `${this.endpoint.base}/v2/${path}`, ...rest } = question;
    const isOurs = new URL(url).origin === this.endpoint.origin;
    let refused: ResponseHead | undefined;
    const once = (): Promise<SmallAnswer> => {
      const authorization = isOurs ? this.tokens.headerFor(repository) : undefined;
      return fetchSmall(this.#options, {
        url,
        ...(isOurs ? {} : { givenBy: this.endpoint.base }),
        ...(authorization === undefined ? {} : { credentials: { authorization } }),
        signal,
        ...rest,
        failure: (head, body) => {
          if (head.status === 401) refused = head;
          return this.refusal(path)(head, body);
        },
      });
    };
    try {
      return await once();
    } catch (thrown) {
      const challenge = isOurs ? parseChallenge(refused?.headers['www-authenticate']) : undefined;
      if (challenge === undefined) throw thrown;
      this.tokens.drop(repository);
      await this.tokens.answer(repository, challenge, signal);
      return once();
    }
  }

  /** Gets a new token behind somebody who was refused. */
  renew(repository: string, head: ResponseHead): void {
    const challenge = parseChallenge(head.headers['www-authenticate']);
    this.tokens.drop(repository);
    if (challenge === undefined) return;
    const soon = AbortSignal.timeout(TOKEN_MS);
    this.tokens.answer(repository, challenge, soon).catch(() => undefined);
  }

  refusal(path: string): (head: ResponseHead, body: string) => SluiceError {
    const asked = { origin: this.endpoint.origin, path, withToken: true };
    return (head, body) => awayRefusal(head, body, asked) ?? statusRefusal(head, body, asked);
  }
}
