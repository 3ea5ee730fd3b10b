import { SluiceError } from '../../base/index.js';
import { parseEndpoint } from '../endpoint.js';
import type { Site, SiteKind } from './port.js';

const KINDS: ReadonlySet<string> = new Set<SiteKind>(['pypi', 'npm', 'debian', 'files']);
/** What else stands under `/-/`. */
const TAKEN: ReadonlySet<string> = new Set(['healthz', 'readyz', 'metrics', 'api', 'console']);

/**
 * `NAME=KIND:URL[,HOST…]`: a place to mirror under `/-/NAME/`. The hosts are those that its index may lead to besides its own.
 * @throws SluiceError USAGE
 */
export function parseSite(text: string): Site {
  const [, name = '', kind = '', places = ''] = /^([a-z0-9][a-z0-9-]{0,62})=([a-z]+):(.+)$/.exec(text.trim()) ?? [];
  const [base = '', ...fileHosts] = places.split(',').map((part) => part.trim());
  const refuse = (reason: string): SluiceError => new SluiceError('USAGE', { reason: `--site ${text}: ${reason}` });
  if (name === '') throw refuse('NAME=KIND:URL[,HOST…], e.g. python=pypi:https://index.example,files.example');
  if (!KINDS.has(kind)) throw refuse(`${kind} is not one of ${[...KINDS].join(', ')}`);
  if (TAKEN.has(name)) throw refuse(`${name} is a name of our own`);
  return { name, kind: kind as SiteKind, base: parseEndpoint(base).base, fileHosts };
}
