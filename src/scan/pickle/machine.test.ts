import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { runPickle } from './machine.js';
import { sourceOf } from './testing/streams.js';

interface Vector {
  readonly name: string;
  readonly hex: string;
  readonly c: string;
  readonly python: string;
  readonly pickletools: string;
}
const { vectors } = JSON.parse(readFileSync(new URL('testing/reader-vectors.json', import.meta.url), 'utf8')) as {
  readonly vectors: readonly Vector[];
};

/** Streams that readers take or refuse by what is installed or asked for; they are read here, and judged by what they import. */
const BY_SURROUNDINGS = new Set(['GLOBAL py2 map p3', 'BINPERSID', 'EXT1 1']);

describe('streams on which readers of CPython were asked', () => {
  it.each(vectors)('$name', async ({ name, hex, c, python, pickletools }) => {
    const run = await runPickle(sourceOf(Buffer.from(hex, 'hex')), 0, []);
    const agreed = [c, python, pickletools].every((outcome) => outcome === 'ok');
    if (!agreed && !BY_SURROUNDINGS.has(name)) expect(run.outcome).not.toBe('ok');
  });
});
