import { parse } from 'smol-toml';
import { SluiceError } from '../../../base/index.js';
import { bytesOf, linesOf, marked, withoutBlock } from './lines.js';

/**
 * containerd's `hosts.toml` with a mirror before the other hosts: they are tried in the order of the file (containerd, docs/hosts.md).
 * @throws SluiceError FILE_UNFIT
 */
export function setFirstHost(bytes: Buffer | undefined, path: string, mirror: string, server: string): Buffer {
  const { lines, eol } = linesOf(bytes, path);
  const { rest } = withoutBlock('containerd', lines, path);
  const present = hostsOf(rest.join('\n'), path);
  if (Object.keys(present)[0] === mirror) return bytesOf({ lines, eol });
  if (Object.hasOwn(present, mirror))
    throw new SluiceError('FILE_UNFIT', { path, reason: `it has ${mirror} already, behind others` });
  const block = marked('containerd', `[host.${JSON.stringify(mirror)}]`, '  capabilities = ["pull", "resolve"]');
  const firstTable = rest.findIndex((line) => /^\s*\[/.test(line));
  const at = firstTable < 0 ? rest.length : firstTable;
  const head = rest.length === 0 ? [`server = ${JSON.stringify(server)}`, ''] : [];
  const edited = [...head, ...rest.slice(0, at), ...block, ...rest.slice(at)];
  // A line that begins with a bracket may be the inside of an array: then the place was wrong.
  const after = hostsOf(edited.join('\n'), path);
  if (Object.keys(after)[0] !== mirror || Object.keys(after).length !== Object.keys(present).length + 1)
    throw new SluiceError('FILE_UNFIT', { path, reason: 'its tables cannot be told apart' });
  return bytesOf({ lines: edited, eol });
}

function hostsOf(text: string, path: string): Readonly<Record<string, unknown>> {
  try {
    const { host } = parse(text);
    return typeof host === 'object' && !Array.isArray(host) && !(host instanceof Date) ? host : {};
  } catch (thrown) {
    throw new SluiceError('FILE_UNFIT', { path, reason: 'it is not valid TOML' }, { cause: thrown });
  }
}
