import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { HUB_CAUSES } from './causes/hub-causes.js';
import { LINE_CAUSES } from './causes/line-causes.js';
import { MACHINE_CAUSES } from './causes/machine-causes.js';

it('the table of docs/DOCTOR.md is what is proven, and nothing more', async () => {
  const text = await readFile(join(import.meta.dirname, '../../docs/DOCTOR.md'), 'utf8');
  const rows = text
    .split('\n')
    .map((line) => line.split('|').map((cell) => cell.trim()))
    .filter((cells) => cells.at(-2) === 'e2e')
    .map(([, injected, verdict, remedy]) => ({ injected, verdict, remedy }));
  const proven = [...LINE_CAUSES, ...HUB_CAUSES, ...MACHINE_CAUSES].map(({ injected, verdict, remedy }) => ({
    ...{ injected, verdict: `\`${verdict}\``, remedy },
  }));
  expect(rows).toEqual(proven);
});
