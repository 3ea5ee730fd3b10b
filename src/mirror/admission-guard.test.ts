import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Quarantine } from '../admission/index.js';
import { STRICT_POLICY, type Policy } from '../admission/policy/policy.js';
import { named, type NamedPolicy } from '../admission/policy/read-policy.js';
import { SluiceError, type SluiceEvent } from '../base/index.js';
import type { Content } from '../hubs/index.js';
import { buildSafetensors } from '../scan/testing/build-safetensors.js';
import { openStore, type Store } from '../store/index.js';
import { AdmissionGuard, type Asked } from './admission-guard.js';

let root: string;
let store: Store;
beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'sluice-guard-'));
  store = await openStore(root);
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** Writers pad headers to eight bytes. */
const HEADER = JSON.stringify({ weight: { dtype: 'U8', shape: [4_000_000], data_offsets: [0, 4_000_000] } }).padEnd(72);
const GOOD = buildSafetensors(HEADER, 4_000_000);
const BAD = Buffer.from('\x80\x02cposix\nsystem\n(X\x04\x00\x00\x00truetR.', 'latin1');

/** What is on its way; `reads` counts the bytes that were asked for. */
function coming(bytes: Buffer, state: { wrongAtMs?: number; wait?: Promise<void> } = {}): Content & { reads: number } {
  const content = {
    sizeBytes: bytes.length,
    status: 'MISS' as const,
    reads: 0,
    get wrongAtMs() {
      return state.wrongAtMs;
    },
    async *read({ startByte, endByte }: { startByte: number; endByte: number }): AsyncGenerator<Buffer> {
      await state.wait;
      content.reads += endByte - startByte;
      yield bytes.subarray(startByte, endByte);
    },
  };
  return content;
}

function guardOf(policy: Partial<Policy> | (() => Partial<Policy>) | undefined, patienceMs = 60_000, now = () => 0) {
  const events: SluiceEvent[] = [];
  const whole = (part: Partial<Policy>): NamedPolicy => named({ ...STRICT_POLICY, ...part });
  const known = policy === undefined ? undefined : typeof policy === 'function' ? policy : whole(policy);
  const guard = new AdmissionGuard({
    store,
    policy: () => (typeof known === 'function' ? whole(known()) : known),
    emit: (event) => events.push(event),
    stop: new AbortController().signal,
    now,
    patienceMs,
  });
  return { guard, events };
}

const asked = (path: string, key = 'a'.repeat(64)): Asked => ({
  ref: 'hf:acme/tiny',
  commit: 'c',
  path,
  key,
  sha256: key,
});

const codeOf = (passing: Promise<unknown>): Promise<unknown> =>
  passing.then(
    () => 'passed',
    (thrown: unknown) => (thrown as SluiceError).code,
  );

describe('what is on its way', () => {
  it('is read for its header alone where that says what it is', async () => {
    const { guard } = guardOf({});
    const content = coming(GOOD);
    expect(await guard.pass(asked('model.safetensors'), content)).toBe(content);
    expect(content.reads).toBeLessThan(GOOD.length / 10);
  });

  it('is refused before a byte of it is given, and the log is told once', async () => {
    const { guard, events } = guardOf({});
    for (let round = 0; round < 3; round += 1)
      expect(await codeOf(guard.pass(asked('weights.pkl'), coming(BAD)))).toBe('REFUSED');
    expect(events).toMatchObject([{ type: 'admission.decided', verdict: 'refused', ref: 'hf:acme/tiny' }]);
  });

  it('is looked at once for all who ask, and anew once bytes of it were wrong', async () => {
    const { guard } = guardOf({});
    const state: { wrongAtMs?: number } = {};
    const content = coming(GOOD, state);
    await Promise.all([1, 2, 3].map(() => guard.pass(asked('model.safetensors'), content)));
    const once = content.reads;
    state.wrongAtMs = 5;
    await guard.pass(asked('model.safetensors'), content);
    expect(content.reads).toBe(2 * once);
  });

  it('is not had until it is decided, and then it is', async () => {
    const { guard } = guardOf({}, 20);
    let come: () => void = () => undefined;
    const content = coming(GOOD, { wait: new Promise((resolve) => (come = resolve)) });
    expect(await codeOf(guard.pass(asked('model.safetensors'), content))).toBe('UNDECIDED');
    come();
    await expect.poll(() => codeOf(guard.pass(asked('model.safetensors'), content))).toBe('passed');
  });

  it('that cannot be read is not had either', async () => {
    const { guard } = guardOf({});
    const broken: Content = {
      ...coming(GOOD),
      async *read() {
        await Promise.resolve();
        throw new SluiceError('NO_PROGRESS');
      },
    };
    expect(await codeOf(guard.pass(asked('model.safetensors'), broken))).toBe('NO_PROGRESS');
  });
});

describe('a look at one transfer', () => {
  /** What a transfer has brought; `run` names it, `kept` is what whoever was let pass is kept to. */
  function brought(bytes: Buffer, state: { run?: number; wrongAtMs?: number; onRead?: () => void }) {
    const told: object[] = [];
    const content: Content = {
      ...coming(bytes),
      get run() {
        return state.run;
      },
      get wrongAtMs() {
        return state.wrongAtMs;
      },
      keepTo: (seen) => told.push({ ...seen }),
      async *read(span) {
        await Promise.resolve();
        state.run ??= 1;
        state.onRead?.();
        yield bytes.subarray(span.startByte, span.endByte);
      },
    };
    return { content, told };
  }

  it('is true of what that has brought, and of nothing that came since or otherwise', async () => {
    const { guard } = guardOf({});
    const { content, told } = brought(GOOD, {});
    await guard.pass(asked('model.safetensors'), content);
    expect(told).toEqual([{ run: 1, wrongAtMs: undefined }]);
    // Another transfer of what has the same name has other bytes, until they are proven.
    const other = brought(BAD, { run: 2 });
    expect(await codeOf(guard.pass(asked('model.safetensors'), other.content))).toBe('REFUSED');
  });

  it('that saw bytes of two, or some that turned out wrong meanwhile, has decided nothing', async () => {
    const states: { run?: number; wrongAtMs?: number; onRead?: () => void }[] = [{ run: 1 }, { run: 1 }];
    const [moved = {}, wrong = {}] = states;
    moved.onRead = () => (moved.run = (moved.run ?? 0) + 1);
    wrong.onRead = () => (wrong.wrongAtMs = 5);
    for (const state of states) {
      const { guard } = guardOf({});
      const { content, told } = brought(GOOD, state);
      expect(await codeOf(guard.pass(asked('model.safetensors'), content))).toBe('UNDECIDED');
      expect(told).toEqual([]);
      delete state.onRead;
      expect(await codeOf(guard.pass(asked('model.safetensors'), content))).toBe('passed');
    }
  });
});

it('what is here is judged by what it is, whatever it is asked for by', async () => {
  const here = (bytes: Buffer): Content => {
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    return { ...coming(bytes), status: 'HIT', bytes, sha256 };
  };
  const { guard } = guardOf({});
  const byGit: Asked = { ...asked('model.safetensors'), key: 'git-1', sha256: undefined, gitSha1: '1' };
  expect(await codeOf(guard.pass(byGit, here(GOOD)))).toBe('passed');
  // Two contents may have one SHA-1.
  expect(await codeOf(guard.pass(byGit, here(BAD)))).toBe('REFUSED');
  const sha256 = here(GOOD).sha256 ?? '';
  const waiver = { rule: 'FORMAT', digest: sha256, ref: undefined, owner: 'ann', reason: 'known', untilMs: 5000 };
  const only = guardOf({ formats: { allow: ['json'], deny: [] }, waivers: [waiver] });
  expect(await codeOf(only.guard.pass(byGit, here(GOOD)))).toBe('passed');
  // What was refused under another digest is known by its own.
  const reasons = [{ rule: 'BAD', value: 'so bad', threshold: 'less', verdict: 'refuse' as const }];
  const decision = { verdict: 'refused', reasons, policy: 'default', policyDigest: 'd' } as const;
  await new Quarantine(store).settle([{ path: 'x', sha256, decision }], { ref: 'hf:acme/tiny', commit: 'c' });
  expect(await codeOf(guardOf(undefined).guard.pass(byGit, here(GOOD)))).toBe('REFUSED');
});

it('what was decided by a policy that is none any more counts for nothing', async () => {
  const deny = { formats: { allow: undefined, deny: ['safetensors'] } };
  for (const [before, after, outcome] of [
    [{}, deny, 'REFUSED'],
    [deny, {}, 'passed'],
  ] as const) {
    let policy: Partial<Policy> = before;
    const { guard, events } = guardOf(() => policy);
    let come: () => void = () => undefined;
    let reading: () => void = () => undefined;
    const begun = new Promise<void>((resolve) => (reading = resolve));
    const content = coming(GOOD, { wait: new Promise((resolve) => (come = resolve)) });
    const read: Content['read'] = (...given) => {
      reading();
      return content.read(...given);
    };
    const passing = codeOf(guard.pass(asked('model.safetensors'), { ...content, read }));
    await begun;
    policy = after;
    come();
    expect(await passing).toBe(outcome);
    expect(events.length).toBe(outcome === 'passed' ? 0 : 1);
  }
});

it('an exception for a revision ends at its moment, whatever was decided just before', async () => {
  const waiver = { rule: 'SIZE-REVISION', digest: undefined, ref: 'hf:acme/*', owner: 'ann', reason: 'known' };
  let nowMs = 60_000;
  const policy = { size: { fileBytes: undefined, revisionBytes: 1 }, waivers: [{ ...waiver, untilMs: 60_500 }] };
  const { guard } = guardOf(policy, 60_000, () => nowMs);
  const revision = () => ({
    ...{ ref: 'hf:acme/tiny', commit: 'c', sizeBytes: 2, digests: [], signatures: [] },
    facts: { paths: [], read: () => Promise.resolve(undefined) },
  });
  const code = (): Promise<unknown> => codeOf(guard.pass(asked('model.safetensors'), coming(GOOD), revision));
  expect(await code()).toBe('passed');
  nowMs = 60_501;
  expect(await code()).toBe('REFUSED');
});

it('a module that failed is asked again a minute later', async () => {
  const module = join(root, 'own.wasm');
  const hook = { name: 'own', module, sha256: 'd'.repeat(64), timeMs: 100, memoryPages: 1, readBytes: 1 };
  let nowMs = 0;
  const { guard } = guardOf({ hooks: [hook] }, 60_000, () => nowMs);
  const here: Content = { ...coming(GOOD), bytes: GOOD, sha256: 'a'.repeat(64) };
  const why = (): Promise<unknown> =>
    guard.pass(asked('model.safetensors'), here).catch((thrown: unknown) => (thrown as SluiceError).details.value);
  expect(await why()).toMatch(/no such file/);
  writeFileSync(module, 'other bytes');
  nowMs = 59_999;
  expect(await why()).toMatch(/no such file/);
  nowMs = 60_000;
  expect(await why()).toMatch(/another one/);
});

it('nothing is looked at without a policy, or by one that is for others', async () => {
  for (const policy of [undefined, { refs: ['ms:*'] }]) {
    const content = coming(BAD);
    expect(await codeOf(guardOf(policy).guard.pass(asked('weights.pkl'), content))).toBe('passed');
    expect(content.reads).toBe(0);
  }
});

it('where signatures are wanted nothing passes, of images and sites neither', async () => {
  const { guard } = guardOf({ signature: { required: true, policy: '/trust.toml', from: [] } });
  expect(await codeOf(guard.pass(asked('model.safetensors'), coming(GOOD)))).toBe('REFUSED');
  expect(await codeOf(guardOf({}).guard.pass(asked('model.safetensors'), coming(GOOD)))).toBe('passed');
});

it('what holds of a revision holds of all its files', async () => {
  const { guard } = guardOf({ age: { leastMs: 1000 } });
  const revision = () => ({
    ref: 'hf:acme/tiny',
    commit: 'c',
    sizeBytes: 1,
    digests: [],
    signatures: [],
    facts: { paths: [], read: () => Promise.resolve(undefined) },
  });
  expect(await codeOf(guard.pass(asked('model.safetensors'), coming(GOOD), revision))).toBe('REFUSED');
});

it('a layer or a plain file is asked for its licence, its age and its size too, though it is part of no revision', async () => {
  const strict = { ...STRICT_POLICY.licence, unknown: 'refuse' } as const;
  expect(await codeOf(guardOf({ licence: strict }).guard.pass(asked('layer'), coming(GOOD)))).toBe('REFUSED');
  const size = { fileBytes: undefined, revisionBytes: 1000 };
  expect(await codeOf(guardOf({ size }).guard.pass(asked('layer'), coming(GOOD)))).toBe('REFUSED');
  let nowMs = 10_000_000;
  const { guard } = guardOf({ age: { leastMs: 120_000 } }, 60_000, () => nowMs);
  const unnamed: Asked = { ...asked('layer'), key: undefined, sha256: undefined };
  expect(await codeOf(guard.pass(asked('layer'), coming(GOOD)))).toBe('REFUSED');
  nowMs += 120_000;
  expect(await codeOf(guard.pass(asked('layer'), coming(GOOD)))).toBe('passed');
  expect(await codeOf(guard.pass(asked('layer', 'b'.repeat(64)), coming(GOOD)))).toBe('REFUSED');
  expect(await codeOf(guard.pass(unnamed, coming(GOOD)))).toBe('REFUSED');
  nowMs += 120_000;
  expect(await codeOf(guard.pass(unnamed, coming(GOOD)))).toBe('REFUSED');
});

it('a policy that changed decides anew, by what was read for the one before', async () => {
  const waiver = {
    rule: 'FORMAT',
    digest: 'a'.repeat(64),
    ref: undefined,
    owner: 'ann',
    reason: 'known',
    untilMs: 5000,
  };
  let policy: Partial<Policy> = {};
  let nowMs = 0;
  const { guard } = guardOf(
    () => policy,
    60_000,
    () => nowMs,
  );
  const code = (): Promise<unknown> => codeOf(guard.pass(asked('model.safetensors'), coming(GOOD)));
  expect(await code()).toBe('passed');
  policy = { formats: { allow: ['json'], deny: [] } };
  expect(await code()).toBe('REFUSED');
  policy = { ...policy, waivers: [waiver] };
  expect(await code()).toBe('passed');
  // An exception ends by itself.
  nowMs = 5001;
  expect(await code()).toBe('REFUSED');
  policy = {};
  expect(await code()).toBe('passed');
});

describe('without a policy of the server', () => {
  const refuseOne = async (): Promise<void> => {
    const sha256 = 'a'.repeat(64);
    const reasons = [{ rule: 'BAD', value: 'so bad', threshold: 'less', verdict: 'refuse' as const }];
    const decision = { verdict: 'refused', reasons, policy: 'default', policyDigest: 'd' } as const;
    await new Quarantine(store).settle([{ path: 'x', sha256, decision }], { ref: 'hf:acme/tiny', commit: 'c' });
  };

  it('what was refused in its store is not shown, unless the gate was switched off', async () => {
    await refuseOne();
    const { guard, events } = guardOf(undefined);
    expect(await codeOf(guard.pass(asked('x'), coming(GOOD)))).toBe('REFUSED');
    expect(await codeOf(guard.assertNotRefused(asked('package.whl')))).toBe('REFUSED');
    expect(await guard.isRefused({ sha256: 'a'.repeat(64) })).toBe(true);
    expect(await codeOf(guard.pass(asked('x', 'b'.repeat(64)), coming(GOOD)))).toBe('passed');
    expect(events).toMatchObject([{ type: 'admission.decided', policy: 'default' }, { verdict: 'refused' }]);
    const off = new AdmissionGuard({
      ...{ store, policy: () => undefined, isOff: () => true, emit: () => undefined, now: () => 0 },
      stop: new AbortController().signal,
    });
    expect(await codeOf(off.pass(asked('x'), coming(GOOD)))).toBe('passed');
    expect(await off.isRefused({ sha256: 'a'.repeat(64) })).toBe(false);
  });

  it('a policy that is for others does not lift a refusal, one that is for it decides by itself', async () => {
    await refuseOne();
    const others = guardOf({ refs: ['ms:*'] });
    expect(await codeOf(others.guard.pass(asked('x.safetensors'), coming(GOOD)))).toBe('REFUSED');
    expect(await codeOf(guardOf({}).guard.pass(asked('x.safetensors'), coming(GOOD)))).toBe('passed');
  });
});
