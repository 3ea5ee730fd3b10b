// What every scenario understands on its command line.
import { mkdirSync, readFileSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const MIB = 2 ** 20;
const GIB = 2 ** 30;
const SMALLEST_BYTES = 64 * MIB;
/** statfs names a file system that lies in memory so. */
const TMPFS = 0x01021994;

/** `--rounds N`, `--context-rounds N` (for those that are there for context only: fewer make it shorter), `--only name,name`, `--without peer,peer`,
 * `--smoke` (does it work at all), `--quick` (3 rounds, 1 GiB), `--budget-s N` (no round begins that would end later),
 * `--clients N` (where there is a crowd of them), `--dir D` (what is served), `--target D` (where it goes), `--size-mib N` (large files, in all), `--no-save`. */
export function readOptions({ rounds = 5, clients } = {}) {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string' },
      'context-rounds': { type: 'string' },
      only: { type: 'string' },
      without: { type: 'string' },
      dir: { type: 'string' },
      target: { type: 'string' },
      'size-mib': { type: 'string' },
      'budget-s': { type: 'string' },
      clients: { type: 'string' },
      smoke: { type: 'boolean', default: false },
      quick: { type: 'boolean', default: false },
      'no-save': { type: 'boolean', default: false },
    },
  });
  const dir = values.dir ?? process.env.SLUICE_BENCH_DIR ?? join(tmpdir(), 'sluice-bench');
  mkdirSync(dir, { recursive: true });
  const target = values.target ?? dir;
  mkdirSync(target, { recursive: true });
  const { smoke, quick } = values;
  const wanted = smoke ? SMALLEST_BYTES : (Number(values['size-mib'] ?? 0) || (quick ? 1024 : 4096)) * MIB;
  const wantedRounds = Number(values.rounds ?? (smoke ? 1 : quick ? 3 : rounds));
  return {
    dir,
    target,
    sizeBytes: fit(wanted, dir, target),
    smoke,
    quick,
    rounds: wantedRounds,
    contextRounds: Number(values['context-rounds'] ?? (quick ? 1 : wantedRounds)),
    budgetS: Number(values['budget-s'] ?? Infinity),
    clients: Number(values.clients ?? clients),
    only: values.only?.split(','),
    without: values.without?.split(',') ?? [],
    // A trial may be kept, but never among those that count.
    save: !values['no-save'] && (!smoke || process.env.SLUICE_BENCH_RESULTS !== undefined),
  };
}

/** Halved until disk and memory hold it: the files served, a copy, and what a run needs beside them. */
function fit(wanted, dir, target) {
  let bytes = wanted;
  while (bytes > SMALLEST_BYTES && !fits(bytes, dir, target)) bytes /= 2;
  if (bytes < wanted) console.log(`  ${wanted / MIB} MiB do not fit here: ${bytes / MIB} MiB`);
  return bytes;
}

function fits(bytes, dir, target) {
  const at = statfsSync(target);
  const free = ({ bavail, bsize }) => bavail * bsize;
  if (free(at) < bytes * 1.2 || free(statfsSync(dir)) < bytes * 2.2) return false;
  // The served file must stay in the page cache; a target in memory takes as much again.
  const memory = availableBytes();
  return memory === undefined || memory > bytes * (at.type === TMPFS ? 2.3 : 1.3) + GIB;
}

function availableBytes() {
  try {
    return Number(/^MemAvailable:\s+(\d+)/m.exec(readFileSync('/proc/meminfo', 'utf8'))[1]) * 1024;
  } catch {
    return undefined;
  }
}
