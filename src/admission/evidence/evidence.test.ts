import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { sourceOfBuffer, type ByteSource } from '../../scan/index.js';
import { buildSafetensors } from '../../scan/testing/build-safetensors.js';
import { openStore, type Store } from '../../store/index.js';
import { judgeAgain } from '../judge-again.js';
import { judgeRevision, type Revision } from '../judge-revision.js';
import { STRICT_POLICY, type Policy } from '../policy/policy.js';
import { named } from '../policy/read-policy.js';
import { gatherFacts } from './revision-facts.js';
import { Scanner } from './scanner.js';

let root: string;
let store: Store;
beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'sluice-evidence-'));
  store = await openStore(root);
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const { signal } = new AbortController();
const GOOD = buildSafetensors({ weight: { dtype: 'U8', shape: [8], data_offsets: [0, 8] } }, 8);
const CONTENT: Readonly<Record<string, Buffer>> = {
  'README.md': Buffer.from('---\nlicense: mit\nbase_model: acme/base\n---\n# A model\n'),
  'config.json': Buffer.from('{"auto_map":{"AutoModel":"modeling.Model"}}'),
  'model.safetensors': GOOD,
};
const digestOf = (path: string): string => Buffer.from(path.padEnd(32, '-').slice(0, 32)).toString('hex');

/** A revision whose files are counted when they are opened. */
function revisionOf(opened: string[]): Revision {
  const read = (path: string, mostBytes: number) => {
    const bytes = CONTENT[path];
    return Promise.resolve(
      bytes === undefined ? undefined : { bytes: bytes.subarray(0, mostBytes), sizeBytes: bytes.length },
    );
  };
  return {
    ref: 'hf:acme/tiny',
    commit: 'c'.repeat(40),
    sizeBytes: 100,
    files: Object.entries(CONTENT).map(([path, { length }]) => ({ path, sizeBytes: length, sha256: digestOf(path) })),
    facts: { paths: Object.keys(CONTENT), read },
    signatures: [],
    open: ({ path }) => {
      opened.push(path);
      return Promise.resolve({
        bytes: sourceOfBuffer(CONTENT[path] ?? Buffer.alloc(0)),
        close: () => Promise.resolve(),
      });
    },
  };
}

const LENIENT: Policy = {
  ...STRICT_POLICY,
  scan: { refuse: 'high', below: 'admit', review: 'admit', notScanned: 'admit', error: 'admit', ignore: [] },
};
const judge = (policy: Policy, opened: string[], nowMs = 1000) =>
  judgeRevision(revisionOf(opened), {
    store,
    scanner: new Scanner(store),
    policy: named(policy),
    allow: [],
    signal,
    nowMs,
  });

it('a revision is read once, whatever is asked of it later', async () => {
  const opened: string[] = [];
  expect((await judge(LENIENT, opened)).decision.verdict).toBe('admitted');
  expect(opened.sort()).toEqual(Object.keys(CONTENT).sort());
  opened.splice(0);
  // Another process, other policies: by age, by licence, by what files name.
  expect((await judge({ ...LENIENT, age: { leastMs: 500 } }, opened, 1400)).decision.verdict).toBe('refused');
  expect((await judge({ ...LENIENT, age: { leastMs: 500 } }, opened, 1500)).decision.verdict).toBe('admitted');
  const denying = { ...LENIENT, licence: { ...LENIENT.licence, deny: ['permissive'] } };
  expect((await judge(denying, opened)).decision.reasons[0]).toMatchObject({ rule: 'LICENCE', verdict: 'refuse' });
  expect(opened).toEqual([]);
});

it('a warm judgement writes nothing', async () => {
  await judge(LENIENT, []);
  const before = readdirSync(root, { recursive: true, encoding: 'utf8' });
  const [first] = await store.documents.list('admissions');
  await judge(LENIENT, [], 99_000);
  expect(await store.documents.list('admissions')).toEqual([first]);
  expect(readdirSync(root, { recursive: true, encoding: 'utf8' })).toEqual(before);
});

it('what is held is judged again by new rules without being opened', async () => {
  await judge(LENIENT, []);
  expect(await judgeAgain(store, named(LENIENT), undefined)).toMatchObject([{ decision: { verdict: 'admitted' } }]);
  const rule = {
    id: 'OWN-1',
    severity: 'critical',
    imports: [],
    calls: [],
    hooks: ['auto_map*'],
    templates: [],
    why: 'w',
  } as const;
  const again = await judgeAgain(store, named({ ...LENIENT, rules: [rule] }), 'hf:acme/tiny');
  expect(again.map(({ decision }) => [decision.verdict, decision.reasons[0]?.rule, decision.reasons[0]?.path])).toEqual(
    [['refused', 'OWN-1', 'config.json']],
  );
  expect(await judgeAgain(store, named(LENIENT), 'hf:acme/other')).toEqual([]);
});

it('what is judged again passes no module that has not seen it', async () => {
  await judge(LENIENT, []);
  const hook = { name: 'own', module: '/own.wasm', sha256: 'a'.repeat(64), timeMs: 1, memoryPages: 1, readBytes: 1 };
  const [again] = await judgeAgain(store, named({ ...LENIENT, hooks: [hook] }), undefined);
  expect(again?.decision.verdict).toBe('refused');
  expect(again?.decision.reasons.filter(({ rule }) => rule === 'HOOK').length).toBe(3);
  expect(await judgeAgain(store, named(LENIENT), undefined)).toMatchObject([{ decision: { verdict: 'admitted' } }]);
});

it('what cannot be read is not judged, and nothing more is read for it', async () => {
  const opened: string[] = [];
  const files = Array.from({ length: 60 }, (_, index) => {
    const sha256 = index.toString(16).padStart(64, '0');
    return { path: `${index}.json`, sizeBytes: 2, sha256 };
  });
  const open: Revision['open'] = ({ path }) => {
    opened.push(path);
    if (path === '0.json') return Promise.reject(new Error('the disk is broken'));
    return Promise.resolve({ bytes: sourceOfBuffer(Buffer.from('{}')), close: () => Promise.resolve() });
  };
  const context = { store, scanner: new Scanner(store), policy: named(LENIENT), allow: [], signal };
  await expect(judgeRevision({ ...revisionOf([]), files, open }, context)).rejects.toThrow('the disk is broken');
  // Whoever went on would have come to the end by then.
  for (let turn = 0; turn < 1000; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  expect(opened.length).toBeLessThan(30);
  expect(await store.documents.list('admissions')).toEqual([]);
});

it('a broken record of what was decided counts as none', async () => {
  await judge(LENIENT, []);
  await store.documents.write('admissions', `hf:acme/tiny@${'c'.repeat(40)}`, { ref: 'hf:acme/tiny', files: [{}] });
  const opened: string[] = [];
  await judge(LENIENT, opened);
  expect(opened.length).toBe(3);
});

it('scans that were dear are kept for other revisions; a document that is none is made again', async () => {
  const big = Buffer.alloc(2 ** 21, 'a text that goes on\n');
  let reads = 0;
  const bytes: ByteSource = {
    sizeBytes: big.length,
    read: (offset, length) => {
      reads += 1;
      return Promise.resolve(big.subarray(offset, offset + length));
    },
  };
  const open = () => Promise.resolve({ bytes, close: () => Promise.resolve() });
  const sha256 = 'd'.repeat(64);
  const first = await new Scanner(store).scan(sha256, 'a/vocab.txt', open, signal);
  const afterFirst = reads;
  expect(await new Scanner(store).scan(sha256, 'b/vocab.txt', open, signal)).toEqual(first);
  expect(reads).toBe(afterFirst);
  // Under another name it may be something else.
  await new Scanner(store).scan(sha256, 'vocab.py', open, signal);
  expect(reads).toBeGreaterThan(afterFirst);
  for (const value of [
    null,
    { ...first, verdict: 'FINE' },
    { ...first, rulesDigest: 'old' },
    { ...first, findings: [1] },
  ]) {
    const before = reads;
    await store.documents.write('scans', `${sha256} vocab.txt`, value);
    expect((await new Scanner(store).scan(sha256, 'vocab.txt', open, signal)).verdict).toBe(first.verdict);
    expect(reads).toBeGreaterThan(before);
  }
});

it('facts come from the card, the text of the licence, and the metadata of a GGUF file', async () => {
  const facts = (files: Readonly<Record<string, string | Buffer>>) =>
    gatherFacts({
      paths: Object.keys(files),
      read: (path, mostBytes) => {
        const bytes = Buffer.from(files[path] ?? '');
        return Promise.resolve({ bytes: bytes.subarray(0, mostBytes), sizeBytes: bytes.length });
      },
    });
  expect(await facts({ 'README.md': CONTENT['README.md'] ?? '' })).toEqual({
    licence: { declared: 'mit', recognised: undefined },
    baseModels: ['acme/base'],
  });
  const other = '---\nlicense: other\nlicense_name: gemma\n---\n';
  expect(await facts({ 'README.md': other, LICENSE: 'Gemma Terms of Use' })).toMatchObject({
    licence: { declared: 'gemma', recognised: 'gemma' },
  });
  expect(await facts({ 'a.gguf': 'broken' })).toMatchObject({ licence: { declared: undefined } });
});
