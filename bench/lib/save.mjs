// Results as they are committed: one small file per scenario.
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeMachine } from './machine.mjs';
import { root } from './peers.mjs';
import { readResults, resultsFolder } from './results.mjs';

/** `result`: { title, …what runContest gave }. */
export function saveResult(options, name, peers, missing, result) {
  const document = {
    name,
    ...result,
    missing,
    ...circumstances(options),
    machine: describeMachine(options.target, peers),
  };
  printRatios(document);
  write(options, name, document);
}

/**
 * A scenario whose results are no contest of whole commands. `result`: { title, kind, rows }; see `tables.mjs`. With `--only`, rows of other shapes that the same commit was measured
 * with stay: a scenario may be measured in parts.
 */
export function saveRows(options, name, peers, missing, result) {
  const rows = [...keptRows(options, name, result), ...result.rows];
  write(options, name, { name, ...result, rows, missing, ...circumstances(options), machine: describeMachine(options.target, peers) }); // prettier-ignore
}

function keptRows({ only, quick }, name, { rows }) {
  const before = only === undefined ? undefined : readResults().get(name);
  if (before?.rows === undefined || before.commit !== commit() || (before.quick ?? false) !== quick) return [];
  return before.rows.filter(({ shape }) => !rows.some((row) => row.shape === shape));
}

/** A scenario that cannot run here, and why. */
export function saveSkipped(options, name, title, why) {
  console.log(`${title}\n  SKIPPED: ${why}\n`);
  const document = {
    name,
    title,
    skipped: why,
    missing: [],
    ...circumstances(options),
    machine: describeMachine(options.target, {}),
  };
  write(options, name, document);
}

function circumstances({ quick }) {
  return { measuredAt: new Date().toISOString(), commit: commit(), ...(quick ? { quick } : {}) };
}

/** Results that were just written do not make it another program. */
function commit() {
  const git = (...args) =>
    execFileSync('git', args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  try {
    return `${git('rev-parse', '--short', 'HEAD')}${git('status', '--porcelain', 'src') === '' ? '' : ' with changes'}`;
  } catch {
    return 'unknown';
  }
}

function write({ save }, name, document) {
  if (!save) return;
  mkdirSync(resultsFolder, { recursive: true });
  writeFileSync(join(resultsFolder, `${name}.json`), `${JSON.stringify(document, undefined, 1)}\n`);
}

function printRatios({ title, contestants, shape }) {
  console.log(`\n${title}`);
  for (const each of contestants) {
    if (each.wallS === undefined) {
      console.log(`  ${each.name.padEnd(44)} never finished: ${JSON.stringify(each.verdicts)}`);
      continue;
    }
    const ideal = shape.idealS === undefined ? '' : ` · ${((shape.idealS / each.wallS) * 100).toFixed(0)} % of ideal`;
    const speed = (shape.bytes / each.wallS / 1e9).toFixed(3);
    console.log(`  ${each.name.padEnd(44)} ${each.wallS.toFixed(2)} s · ${speed} GB/s · sluice is ${each.ratio?.toFixed(2) ?? '–'} ×${ideal} · ${JSON.stringify(each.verdicts)}`); // prettier-ignore
  }
  console.log('');
}
