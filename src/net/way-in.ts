import net from 'node:net';

import { SluiceError } from '../base/index.js';
import { isInside } from './address-kind.js';
import { dialFault } from './fault.js';
import type { Names } from './names.js';
import type { ProxyChoice } from './proxy.js';

export interface WayInOptions {
  readonly names: Names;
  readonly proxyFor: ProxyChoice;
  /** Names of hosts that the user named: anybody may lead to them. They may change. */
  readonly namedHosts: () => readonly string[];
}

/**
 * Keeps hosts outside from leading us inside: what a host with a public address redirects to, or names in an answer, must not be on this
 * machine or in its private network, where we would ask for it with rights that the host does not have.
 */
export class WayIn {
  readonly #options: WayInOptions;

  constructor(options: WayInOptions) {
    this.#options = options;
  }

  /**
   * Judges a URL that `giver` gave. A name that was found outside stays there: from now on it is dialled at public addresses only, whatever name servers say later.
   * @throws SluiceError REDIRECTS, or DNS
   */
  async check(giver: URL, target: URL): Promise<void> {
    const name = bare(target.hostname);
    if (name === bare(giver.hostname) || this.#options.namedHosts().includes(name)) return;
    // Where both are a proxy's to find, it asks and not this machine: what may be reached through it is its own to judge.
    if ([giver, target].every((url) => this.#options.proxyFor(url) !== undefined)) return;
    if (await this.#isInsider(giver)) return;
    const refuse = (): SluiceError =>
      new SluiceError('REDIRECTS', {
        host: giver.host,
        reason: `from a public host into a private network (${target.host})`,
      });
    if (net.isIP(name) !== 0) {
      if (isInside(name)) throw refuse();
      return;
    }
    if (/(?:^|\.)localhost\.?$/.test(name)) throw refuse();
    // Only the proxy knows where its names are.
    if (this.#options.proxyFor(target) !== undefined) return;
    const isOutside = await this.#options.names.keepOutside(name).catch((thrown: unknown) => {
      throw dialFault(thrown, target.host);
    });
    if (!isOutside) throw refuse();
  }

  /**
   * Whether connections may be opened ahead, when it is not told who gave the URL: names that nobody named are looked up first, and stay where they were found.
   */
  async mayWarm(target: URL): Promise<boolean> {
    const name = bare(target.hostname);
    if (net.isIP(name) !== 0 || this.#options.namedHosts().includes(name)) return true;
    return this.#options.names.keepOutside(name).catch(() => false);
  }

  /** Whether it has never had a public address. What a proxy resolves counts as public. */
  async #isInsider(giver: URL): Promise<boolean> {
    const name = bare(giver.hostname);
    if (net.isIP(name) !== 0) return isInside(name);
    if (this.#options.proxyFor(giver) !== undefined) return false;
    return this.#options.names.isInsider(name).catch(() => false);
  }
}

function bare(hostname: string): string {
  return hostname.replace(/^\[|\]$/g, '');
}

/** The hosts of URLs that a user named, as `TransportOptions.namedHosts` wants them; what is no URL is left out. */
export function namedHosts(urls: readonly (string | undefined)[]): string[] {
  return urls.flatMap((url) => {
    const full = url === undefined || url.includes('://') ? url : `http://${url}`;
    return full !== undefined && URL.canParse(full) ? [bare(new URL(full).hostname)] : [];
  });
}
