// What every scenario understands on its command line.
import { mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

/** `--rounds N`, `--context-rounds N` (for those that are there for context only), `--only name,name`, `--without peer,peer`, `--smoke`, `--dir D` (what is served),
 * `--target D` (where it goes), `--size-mib N` (large files, in all), `--no-save`. */
export function readOptions({ rounds = 5 } = {}) {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string' },
      'context-rounds': { type: 'string', default: '3' },
      only: { type: 'string' },
      without: { type: 'string' },
      dir: { type: 'string' },
      target: { type: 'string' },
      'size-mib': { type: 'string' },
      smoke: { type: 'boolean', default: false },
      'no-save': { type: 'boolean', default: false },
    },
  });
  const dir = values.dir ?? process.env.SLUICE_BENCH_DIR ?? join(tmpdir(), 'sluice-bench');
  mkdirSync(dir, { recursive: true });
  const target = values.target ?? dir;
  mkdirSync(target, { recursive: true });
  return {
    dir,
    target,
    sizeBytes: values['size-mib'] === undefined ? undefined : Number(values['size-mib']) * 2 ** 20,
    smoke: values.smoke,
    rounds: Number(values.rounds ?? (values.smoke ? 1 : rounds)),
    contextRounds: Number(values['context-rounds']),
    only: values.only?.split(','),
    without: values.without?.split(',') ?? [],
    save: !values.smoke && !values['no-save'],
  };
}
