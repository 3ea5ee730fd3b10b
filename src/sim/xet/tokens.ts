import { randomBytes } from 'node:crypto';
import type { Repository } from '../repository.js';

interface Grant {
  readonly repository: Repository;
  readonly expiresMs: number;
}

export interface XetToken {
  readonly accessToken: string;
  /** Unix time, whole seconds. */
  readonly exp: number;
}

/** Short-lived tokens for the storage service, each good for the files of one repository. */
export class XetTokens {
  readonly #lifeMs: number;
  readonly #grants = new Map<string, Grant>();

  constructor(lifeMs: number) {
    this.#lifeMs = lifeMs;
  }

  issue(repository: Repository): XetToken {
    const expiresMs = Date.now() + this.#lifeMs;
    const accessToken = `xet_${randomBytes(24).toString('base64url')}`;
    this.#grants.set(accessToken, { repository, expiresMs });
    return { accessToken, exp: Math.floor(expiresMs / 1000) };
  }

  /** The repository that a request's token is for; undefined for one that is missing, foreign or expired. */
  open(authorization: string | undefined): Repository | undefined {
    const token = /^Bearer (\S+)$/i.exec(authorization ?? '')?.[1] ?? '';
    const grant = this.#grants.get(token);
    return grant !== undefined && Date.now() < grant.expiresMs ? grant.repository : undefined;
  }

  /** Makes every token issued so far expire now. */
  expireAll(): void {
    this.#grants.clear();
  }
}
