import { expect, it } from 'vitest';
import { lookFor } from './look.js';
import { displayWidth } from './width.js';
import { createWorkProgress } from './work-progress.js';

const LOOK = lookFor({}, { LANG: 'C.UTF-8' }, 'linux', { lang: 'en', color: 'never' });

function told(isTTY: boolean, path: string): readonly string[] {
  const written: string[] = [];
  let nowMs = 0;
  const stream = { isTTY, columns: 40, write: (text: string) => written.push(text) };
  const line = createWorkProgress(LOOK, stream, () => nowMs, true);
  line.begin(path);
  nowMs = 1000;
  line.told(2_000_000);
  line.told(2_100_000);
  nowMs = 2000;
  line.told(6_000_000);
  line.settle();
  return written;
}

it('says on a terminal what is worked on, how far and how fast, in one line that fits, and takes it away', () => {
  const lines = told(true, 'a/long/name/of/a/file/that/does/not/fit.safetensors');
  expect(lines).toHaveLength(3);
  expect(lines[0]).toMatch(/2\.00 MB . 2\.00 MB\/s/);
  expect(lines[1]).toMatch(/6\.00 MB . 3\.00 MB\/s/);
  for (const line of lines) expect(displayWidth(line.replace('\r', ''))).toBeLessThan(40);
  expect(lines[2]).toBe('\r\u001b[K');
});

it('says nothing where nobody watches', () => {
  expect(told(false, 'x')).toEqual([]);
});
