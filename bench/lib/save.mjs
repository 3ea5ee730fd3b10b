// Results as they are committed: one small file per scenario.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeMachine } from './machine.mjs';
import { root } from './peers.mjs';

/** `result`: { title, …what runContest gave }. */
export function saveResult(options, name, peers, missing, result) {
  const document = { name, ...result, missing, machine: describeMachine(options.target, peers) };
  printRatios(document);
  if (!options.save) return;
  const folder = join(root, 'bench', 'results');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${name}.json`), `${JSON.stringify(document, undefined, 1)}\n`);
}

function printRatios({ title, contestants, shape }) {
  const ours = contestants[0];
  console.log(`\n${title}`);
  for (const each of contestants) {
    if (each.wallS === undefined) {
      console.log(`  ${each.name.padEnd(44)} never finished: ${JSON.stringify(each.verdicts)}`);
      continue;
    }
    const ratio = (each.wallS / ours.wallS).toFixed(2);
    const ideal = shape.idealS === undefined ? '' : ` · ${((shape.idealS / each.wallS) * 100).toFixed(0)} % of ideal`;
    const speed = (shape.bytes / each.wallS / 1e9).toFixed(3);
    console.log(`  ${each.name.padEnd(44)} ${each.wallS.toFixed(2)} s · ${speed} GB/s · sluice is ${ratio} ×${ideal} · ${JSON.stringify(each.verdicts)}`); // prettier-ignore
  }
  console.log('');
}
