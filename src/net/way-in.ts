import net from 'node:net';

import { SluiceError } from '../base/index.js';
import { Depth, depthOf } from './address-kind.js';
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
 * Keeps hosts from leading us deeper inside than they are themselves: what one with a public address redirects to, or names in an answer, must not be in our private network, and what is not
 * on this machine must not lead to it, where we would ask with rights that the host does not have. To the link, where clouds tell secrets, nobody leads.
 */
export class WayIn {
  readonly #options: WayInOptions;

  constructor(options: WayInOptions) {
    this.#options = options;
  }

  /**
   * Judges a URL that `giver` gave. A name that was found outside stays there: from now on it is dialled at no address further inside than `giver` may lead to, whatever name servers say later.
   * @throws SluiceError REDIRECTS, or DNS
   */
  async check(giver: URL, target: URL): Promise<void> {
    const name = bare(target.hostname);
    if (name === bare(giver.hostname) || this.#options.namedHosts().includes(name)) return;
    const depth = net.isIP(name) === 0 ? undefined : depthOf(name);
    // Where both are a proxy's to find, it asks and not this machine: what may be reached through it is its own to judge. It may have a link to a cloud, too.
    const isProxys = [giver, target].every((url) => this.#options.proxyFor(url) !== undefined);
    if (isProxys && depth !== Depth.link) return;
    const limit = await this.#limitFor(giver);
    const refuse = (): SluiceError =>
      new SluiceError('REDIRECTS', {
        host: giver.host,
        reason:
          limit === Depth.public
            ? `from a public host into a private network (${target.host})`
            : `further inside than it is itself (${target.host})`,
      });
    if (depth !== undefined) {
      if (depth > limit) throw refuse();
      return;
    }
    if (limit < Depth.machine && /(?:^|\.)localhost\.?$/.test(name)) throw refuse();
    // Only the proxy knows where its names are.
    if (this.#options.proxyFor(target) !== undefined) return;
    const isWithin = await this.#options.names.keepWithin(name, limit).catch((thrown: unknown) => {
      throw dialFault(thrown, target.host);
    });
    if (!isWithin) throw refuse();
  }

  /**
   * Whether connections may be opened ahead, when it is not told who gave the URL: names that nobody named are looked up first, and stay where they were found.
   */
  async mayWarm(target: URL): Promise<boolean> {
    const name = bare(target.hostname);
    if (this.#options.namedHosts().includes(name)) return true;
    if (net.isIP(name) !== 0) return depthOf(name) !== Depth.link;
    return this.#options.names.keepWithin(name, Depth.public).catch(() => false);
  }

  /** How deep a host may lead. What a proxy resolves counts as public. */
  async #limitFor(giver: URL): Promise<Depth> {
    const depth = await this.#depth(giver);
    return depth === Depth.link ? Depth.private : depth;
  }

  async #depth(giver: URL): Promise<Depth> {
    const name = bare(giver.hostname);
    if (net.isIP(name) !== 0) return depthOf(name);
    if (this.#options.proxyFor(giver) !== undefined) return Depth.public;
    return this.#options.names.depth(name).catch(() => Depth.public);
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
