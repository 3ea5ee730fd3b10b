import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { afterEach } from 'vitest';
import {
  sha256Of,
  startSim,
  seededContent,
  toContent,
  type Sim,
  type SimFiles,
  type SimOptions,
} from '../../src/sim/index.js';

const MIB = 2 ** 20;
const running: Sim[] = [];

afterEach(async () => {
  await Promise.all(running.splice(0).map((sim) => sim.stop()));
});

/** A repository's content: two weights of several pieces, and small files of every kind. */
export const MODEL: SimFiles = {
  'config.json': '{"model_type":"tiny"}\n',
  'README.md': '# A model\n',
  'empty.txt': '',
  'folder with space/名前 [1] #2.json': '{}',
  'tokenizer/vocab.txt': 'a\nb\nc\n',
  'model-00001-of-00002.safetensors': seededContent({ seed: 'one', sizeBytes: 24 * MIB + 123 }),
  'model-00002-of-00002.safetensors': seededContent({ seed: 'two', sizeBytes: 9 * MIB }),
};

/** A hub with `acme/tiny`, stopped when the test ends. */
export async function hub(options: SimOptions = {}): Promise<Sim> {
  const sim = await startSim({ repositories: [{ id: 'acme/tiny', files: MODEL }], ...options });
  running.push(sim);
  return sim;
}

export function sha256OfFile(files: SimFiles, path: string): string {
  return sha256Of(toContent(files[path] ?? ''));
}

/** Reads a landed file and compares it with what the hub published. */
export async function isRight(files: SimFiles, path: string, at: string): Promise<boolean> {
  const bytes = await readFile(at);
  return createHash('sha256').update(bytes).digest('hex') === sha256OfFile(files, path);
}

/** Requests that fetched content of a file. */
export function contentRequests(sim: Sim): number {
  return sim.requests.filter(({ kind }) => kind === 'resolve' || kind === 'cdn' || kind === 'ms-download').length;
}
