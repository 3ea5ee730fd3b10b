import { formatBytes, formatRate, printable } from '../../base/index.js';
import type { Facts, HostFacts } from '../../doctor/index.js';
import { hostDetails } from './host-details.js';
import { say, type TextKey } from '../texts/index.js';
import type { Look } from './look.js';
import { shortTime } from './short-time.js';
import { renderTable, type Column } from './table.js';
import { displayWidth, padEnd, wrap, wrapList } from './width.js';

/** What was measured: the way to each host as a table, and this machine as a list. */
export function measurementLines(
  facts: Facts,
  look: Look,
  columns: number,
  more: readonly (readonly [string, string])[] = [],
): readonly string[] {
  return [...pathLines(facts.hosts, look, columns), '', ...machineLines(facts, look, columns, more)];
}

function pathLines(hosts: readonly HostFacts[], look: Look, columns: number): readonly string[] {
  const title = (key: TextKey): string => say(look.lang, key);
  const right = (key: TextKey): Column => ({ title: title(key), align: 'right' });
  const heads: readonly Column[] = [
    { title: title('doctor.host'), shrinkTo: 18 },
    right('doctor.names'),
    right('doctor.connect'),
    right('doctor.tls'),
    right('doctor.firstByte'),
    right('doctor.oneStream'),
    right('doctor.bestStreams'),
  ];
  const { dash } = look.signs;
  const time = (ms: number | undefined): string => (ms === undefined ? dash : shortTime(ms));
  const rows = hosts.map(({ host, names, addresses, tls, answer, goodput }) => {
    const tries = addresses.flatMap(({ connectMs }) => connectMs);
    const one = goodput.find(({ streams }) => streams === 1);
    const best = [...goodput].sort((a, b) => b.bytesPerSecond - a.bytesPerSecond)[0];
    return [
      printable(host),
      time(names?.ms),
      time(tries.length === 0 ? undefined : Math.min(...tries)),
      time(tls?.handshakeMs),
      time(answer?.firstByteMs),
      one === undefined ? dash : formatRate(one.bytesPerSecond),
      best === undefined ? dash : `${formatRate(best.bytesPerSecond)} (${best.streams})`,
    ];
  });
  return [...hostTable(heads, rows, look, columns), ...hostDetails(hosts, look, columns)];
}

/** Where a name has no room beside its figures it stands above them: two names cut in the middle may look the same. */
function hostTable(
  heads: readonly Column[],
  rows: readonly (readonly string[])[],
  look: Look,
  columns: number,
): readonly string[] {
  const [head = '', ...lines] = renderTable(heads, rows, look, columns);
  if (rows.every(([host = ''], index) => lines[index]?.startsWith(host))) return [head, ...lines];
  const [above = '', ...below] = renderTable(
    heads,
    rows.map(([, ...figures]) => ['', ...figures]),
    look,
    columns,
  );
  return [above, ...rows.flatMap(([host = ''], index) => [...wrap(host, columns), below[index] ?? ''])];
}

function machineLines(
  { machine }: Facts,
  { lang, style }: Look,
  columns: number,
  more: readonly (readonly [string, string])[],
): readonly string[] {
  const { disk } = machine;
  const yes = (has: boolean | undefined, key: TextKey): readonly string[] => (has === true ? [say(lang, key)] : []);
  const { device, fileSystem } = disk;
  const diskFacts = [
    ...(device === undefined || fileSystem === undefined ? [] : [say(lang, 'doctor.mounted', { device, fileSystem })]),
    ...(disk.freeBytes === undefined ? [] : [say(lang, 'doctor.free', { bytes: formatBytes(disk.freeBytes) })]),
    ...(disk.writeBytesPerSecond === undefined
      ? []
      : [say(lang, 'doctor.writes', { rate: formatRate(disk.writeBytesPerSecond) })]),
    ...(disk.syncMs === undefined ? [] : [say(lang, 'doctor.sync', { time: shortTime(disk.syncMs) })]),
    ...yes(disk.hardLinks, 'doctor.hardLinks'),
    ...yes(disk.symlinks, 'doctor.symlinks'),
    ...yes(disk.reflinks, 'doctor.reflinks'),
    ...yes(disk.keepsOut, 'doctor.locks'),
  ];
  const facts: readonly (readonly [string, string | readonly string[]])[] = [
    [say(lang, 'doctor.store'), printable(disk.path)],
    [say(lang, 'doctor.disk'), diskFacts],
    [
      say(lang, 'doctor.machine'),
      say(lang, 'doctor.machineValue', {
        processors: machine.processors,
        memory: formatBytes(machine.memoryBytes),
        hash: formatRate(machine.hashBytesPerSecond),
      }),
    ],
    ...more,
  ];
  const labelWidth = Math.max(...facts.map(([label]) => displayWidth(label)));
  const room = Math.max(20, columns - labelWidth - 2);
  return facts.flatMap(([label, value]) =>
    (typeof value === 'string' ? wrap(value, room) : wrapList(value, lang === 'zh' ? '，' : ', ', room)).map(
      (line, index) => `${style.dim(padEnd(index === 0 ? label : '', labelWidth))}  ${line}`,
    ),
  );
}
