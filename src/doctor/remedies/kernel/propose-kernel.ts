import { readFile, readdir, stat } from 'node:fs/promises';
import type { Note, RemedyPlace } from '../port.js';
import type { WantedChange } from '../wanted-change.js';
import { bufferBytes } from './buffer-bytes.js';
import { blockQueues, udevRule, type BlockQueue } from './block-queues.js';

export interface PathMeasures {
  readonly bytesPerSecond: number;
  readonly roundTripMs: number;
}

const SYSCTL = '/etc/sysctl.d/90-sluice.conf';
const UDEV = '/etc/udev/rules.d/90-sluice.rules';
const HEAD = '# Written by `sluice doctor --remedy kernel`; `sluice doctor --undo` takes it away.';

/** TCP's buffers for the path that was measured, congestion control, and the queues of the disks: for the next start, and now. */
export async function proposeKernel(
  place: RemedyPlace,
  path: PathMeasures | undefined,
): Promise<{ readonly wanted: readonly WantedChange[]; readonly notes: readonly Note[] }> {
  const read = async (name: string): Promise<string | undefined> =>
    readFile(place.at(name), 'latin1').catch(() => undefined);
  const isFixed = async (name: string): Promise<boolean> => {
    const { mode } = await stat(place.at(name)).catch(() => ({ mode: 0o600 }));
    return (mode & 0o222) === 0;
  };
  const values = await networkValues(path, read, isFixed);
  const queues = await blockQueues(async (folder) => readdir(place.at(folder)).catch(() => []), read);
  const notes: Note[] = [
    path === undefined
      ? { code: 'UNMEASURED', values: { bytes: bufferBytes(undefined) } }
      : { code: 'PRODUCT', values: { rate: path.bytesPerSecond, ms: path.roundTripMs, bytes: productOf(path) } },
  ];
  if (!values.has('net.ipv4.tcp_congestion_control')) notes.push({ code: 'NO_BBR', values: {} });
  const conf = [HEAD, ...[...values].map(([name, value]) => `${name} = ${value}`)];
  const wanted: WantedChange[] = [{ kind: 'file', path: SYSCTL, edit: () => textBytes(conf) }];
  if (queues.length > 0)
    wanted.push({ kind: 'file', path: UDEV, edit: () => textBytes([HEAD, ...queues.map(udevRule)]) });
  for (const [name, value] of values)
    wanted.push({ kind: 'value', path: `/proc/sys/${name.replaceAll('.', '/')}`, edit: () => textBytes([value]) });
  for (const queue of queues) wanted.push(...queueValues(queue));
  return { wanted, notes };
}

function productOf({ bytesPerSecond, roundTripMs }: PathMeasures): number {
  return Math.round((bytesPerSecond * roundTripMs) / 1000);
}

function queueValues({ device, settings }: BlockQueue): readonly WantedChange[] {
  return Object.entries(settings).map(([name, value]) => ({
    kind: 'value',
    path: `/sys/block/${device}/queue/${name}`,
    edit: () => textBytes([value]),
  }));
}

/** Names as sysctl.d(5) has them; what this kernel does not know, or keeps from a container, is left out, and nothing is made smaller than it is. */
async function networkValues(
  path: PathMeasures | undefined,
  read: (name: string) => Promise<string | undefined>,
  isFixed: (name: string) => Promise<boolean>,
): Promise<ReadonlyMap<string, string>> {
  const wantedBytes = bufferBytes(path === undefined ? undefined : productOf(path));
  const values = new Map<string, string>();
  const words = async (name: string): Promise<readonly string[] | undefined> => {
    const file = `/proc/sys/${name.replaceAll('.', '/')}`;
    // What congestion control there is, is only told.
    const isToBeWritten = !name.includes('available');
    return isToBeWritten && (await isFixed(file)) ? undefined : (await read(file))?.trim().split(/\s+/);
  };
  const atLeast = (present: string | undefined): string => String(Math.max(Number(present ?? 0), wantedBytes));
  for (const name of ['net.core.rmem_max', 'net.core.wmem_max']) {
    const present = await words(name);
    if (present !== undefined) values.set(name, atLeast(present[0]));
  }
  for (const name of ['net.ipv4.tcp_rmem', 'net.ipv4.tcp_wmem']) {
    const [least, usual, most] = (await words(name)) ?? [];
    if (least !== undefined && usual !== undefined) values.set(name, `${least} ${usual} ${atLeast(most)}`);
  }
  for (const name of ['net.ipv4.tcp_window_scaling', 'net.ipv4.tcp_moderate_rcvbuf'])
    if ((await words(name)) !== undefined) values.set(name, '1');
  if ((await words('net.ipv4.tcp_available_congestion_control'))?.includes('bbr') === true) {
    // BBR paces what it sends; fq does that best (Linux, tcp_bbr.c).
    if ((await words('net.core.default_qdisc')) !== undefined) values.set('net.core.default_qdisc', 'fq');
    values.set('net.ipv4.tcp_congestion_control', 'bbr');
  }
  return values;
}

function textBytes(lines: readonly string[]): Buffer {
  return Buffer.from(`${lines.join('\n')}\n`);
}
