import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { sourceOfBuffer } from '../../scan/index.js';
import { openStore, type Store } from '../../store/index.js';
import { judgeAgain } from '../judge-again.js';
import { judgeRevision, type Revision } from '../judge-revision.js';
import { STRICT_POLICY } from '../policy/policy.js';
import { named } from '../policy/read-policy.js';
import type { KeptScan } from '../port.js';
import { readAdmission, saveAdmission, type KeptAdmission } from './kept-admissions.js';
import { KeptScans } from './kept-scans.js';
import { Scanner } from './scanner.js';

let root: string;
let store: Store;
beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'sluice-admissions-'));
  store = await openStore(root);
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const SHA = 'a'.repeat(64);
const SCAN: KeptScan = {
  name: 'model.pt',
  formats: ['pickle'],
  verdict: 'REVIEW',
  findings: [{ rule: 'PKL-CALL', severity: 'medium', evidence: 'seen', members: ['data.pkl'] }],
  coverage: { sizeBytes: 10, attributedBytes: 10, unattributed: [] },
  inventory: { imports: ['a.b'], calls: ['c'], templates: ['t'], hooks: ['h'] },
  members: [],
  rulesDigest: 'r',
};
const KEPT: KeptAdmission = {
  ref: 'hf:acme/tiny',
  commit: 'c'.repeat(40),
  firstSeenMs: 5,
  decidedAtMs: 6,
  decision: { verdict: 'admitted', reasons: [], policy: 'house', policyDigest: 'p' },
  facts: { licence: { declared: 'mit', recognised: undefined }, baseModels: ['acme/base'] },
  files: [
    {
      ...{ path: 'model.pt', sizeBytes: 10, sha256: SHA, scan: SCAN },
      hooks: [{ hook: 'own', moduleSha256: SHA, verdict: 'pass', reasons: ['fine'], isRepeatable: true }],
    },
  ],
};

/** Every place in a value, as the keys that lead there. */
function placesIn(value: unknown, at: readonly string[] = []): readonly (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return [at];
  return [at, ...Object.entries(value).flatMap(([key, inner]) => placesIn(inner, [...at, key]))];
}

function withChange(value: unknown, [key, ...rest]: readonly string[], to: unknown): unknown {
  if (key === undefined) return to;
  const inner = (value as Record<string, unknown>)[key];
  const changed = withChange(inner, rest, to);
  return Array.isArray(value)
    ? value.map((each: unknown, index) => (String(index) === key ? changed : each))
    : { ...(value as object), [key]: changed };
}

/** A policy that asks for all that is kept; its module is not there, and so refuses. */
const HOOK = { name: 'own', module: '/nowhere.wasm', sha256: SHA, timeMs: 100, memoryPages: 1, readBytes: 1 };
const POLICY = named({ ...STRICT_POLICY, hooks: [HOOK], licence: { ...STRICT_POLICY.licence, deny: ['copyleft'] } });

/** What is made of it when it is asked for, after all that is held was judged again by what is kept. */
async function judgeAll(): Promise<string> {
  const revision: Revision = {
    ...{ ref: KEPT.ref, commit: KEPT.commit, sizeBytes: 4, signatures: [] },
    files: [{ path: 'model.pt', sizeBytes: 4, sha256: SHA }],
    facts: { paths: [], read: () => Promise.resolve(undefined) },
    open: () => Promise.resolve({ bytes: sourceOfBuffer(Buffer.from('text')), close: () => Promise.resolve() }),
  };
  const { signal } = new AbortController();
  const context = { store, scanner: new Scanner(store), policy: POLICY, allow: [], signal };
  await judgeAgain(store, POLICY, undefined);
  return (await judgeRevision(revision, context)).decision.verdict;
}

const NAME = `${KEPT.ref}@${KEPT.commit}`;

it('whatever stands in a record of a decision, it is judged by it or anew, and never in between', async () => {
  await saveAdmission(store, KEPT);
  const kept = JSON.parse(JSON.stringify(KEPT)) as object;
  expect(await readAdmission(store, KEPT.ref, KEPT.commit)).toEqual(kept);
  for (const place of placesIn(kept)) {
    await store.documents.write('admissions', NAME, withChange(kept, place, null));
    expect([place, await judgeAll()]).toEqual([place, 'refused']);
    await store.documents.write('admissions', NAME, withChange(kept, place, ''));
    expect([place, await judgeAll()]).toEqual([place, 'refused']);
  }
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...placesIn(kept)), fc.jsonValue(), async (place, value) => {
      await store.documents.write('admissions', NAME, withChange(kept, place, value));
      expect(await readAdmission(store, KEPT.ref, 'other')).toBeUndefined();
      expect(await judgeAll()).toBe('refused');
    }),
    { numRuns: 100 },
  );
});

it('a record of another revision or another content is none, wherever it came from', async () => {
  await store.documents.write('admissions', `hf:acme/other@${KEPT.commit}`, KEPT);
  expect(await readAdmission(store, 'hf:acme/other', KEPT.commit)).toBeUndefined();
  await store.documents.write('scans', `${SHA} model.pt`, SCAN);
  expect(await new KeptScans(store).get(SHA, 'deep/Model.pt')).toEqual(SCAN);
});

it('places with long names have a record each', async () => {
  const [one, two] = ['one', 'two'].map((end) => `https://host/${'x'.repeat(1500)}/${end}`);
  await saveAdmission(store, { ...KEPT, ref: one ?? '', firstSeenMs: 1 });
  await saveAdmission(store, { ...KEPT, ref: two ?? '', firstSeenMs: 2 });
  expect((await readAdmission(store, one ?? '', KEPT.commit))?.firstSeenMs).toBe(1);
  expect((await readAdmission(store, two ?? '', KEPT.commit))?.firstSeenMs).toBe(2);
});
