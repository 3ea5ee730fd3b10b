import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { createHostGate, type Headers, type Transport } from '../../net/index.js';
import { proveBytes } from '../../proof/index.js';
import type { BlobMaker, Looked } from '../../store/index.js';
import { SharedBucket } from '../budget/shared-bucket.js';
import { Slot } from '../carry/slot.js';
import { SmallBuffers } from '../files/small-buffers.js';
import type { BatchEnd, BatchOrder, FileReport } from './messages.js';
import { runOrder } from './run-order.js';

const COUNT = 5;
const bodyOf = (index: number): Buffer => Buffer.from(`the content of file ${index}`);
const urlOf = (index: number): string => `http://host.test/${index}`;

interface Answer {
  readonly status?: number;
  readonly headers?: Headers;
  readonly body?: Buffer;
}

/** Answers right, unless told otherwise of a file; chunks are memory of its own, as on a road that knows no other. */
function transportOf(answers: Readonly<Record<number, Answer>>, asked: string[]): Transport {
  return {
    requestCount: 0,
    close: () => Promise.resolve(),
    get: async ({ url, onWire }, sink) => {
      asked.push(url);
      onWire?.();
      await Promise.resolve();
      const index = Number(url.split('/').at(-1));
      const { status = 200, headers = {}, body = bodyOf(index) } = answers[index] ?? {};
      if (!sink.onHead({ status, headers, url })) return;
      await sink.onData(body.subarray(0, 5));
      await sink.onData(body.subarray(5));
    },
  };
}

interface Outcome {
  readonly asked: readonly number[];
  readonly reports: readonly FileReport[];
  readonly stored: readonly string[];
  readonly pauses: number;
  readonly end: BatchEnd;
}

async function run(
  answers: Readonly<Record<number, Answer>>,
  options: { look?: (sha256: string) => Looked; put?: () => Promise<void>; signal?: AbortSignal } = {},
): Promise<Outcome> {
  const asked: string[] = [];
  const reports: FileReport[] = [];
  const stored: string[] = [];
  let pauses = 0;
  const maker: BlobMaker = {
    prove: proveBytes,
    put: async (bytes) => {
      await options.put?.();
      stored.push(Buffer.from(bytes).toString());
    },
    sync: () => Promise.resolve(),
    look: ({ digests }) => Promise.resolve(options.look?.(digests.sha256 ?? '') ?? { state: 'absent' }),
  };
  const order: BatchOrder = {
    source: 'host',
    files: Array.from({ length: COUNT }, (_, index) => ({
      path: String(index),
      url: urlOf(index),
      sizeBytes: bodyOf(index).length,
      digests: { sha256: createHash('sha256').update(bodyOf(index)).digest('hex') },
    })),
    slot: Slot.create(0, 0).shared,
    looksFirst: options.look !== undefined,
  };
  const transport = transportOf(answers, asked);
  const gate = createHostGate({ now: () => 0 });
  const means = { transport, limiter: new SharedBucket(), maker, buffers: new SmallBuffers(2, false), gate };
  const tell = {
    report: (report: FileReport) => void reports.push(report),
    redirect: () => undefined,
    pause: () => void (pauses += 1),
  };
  const end = await runOrder(means, order, tell, options.signal ?? new AbortController().signal);
  const numbers = asked.map((url) => Number(url.split('/').at(-1)));
  return { asked: numbers, reports, stored, pauses, end };
}

const kindsOf = ({ reports }: Outcome): string[] => reports.map(({ at, kind }) => `${at} ${kind}`).sort();

it('brings every file, proven and stored', async () => {
  const outcome = await run({});
  expect(kindsOf(outcome)).toEqual(['0 stored', '1 stored', '2 stored', '3 stored', '4 stored']);
  expect([...outcome.stored].sort()).toEqual(Array.from({ length: COUNT }, (_, index) => bodyOf(index).toString()));
  expect(outcome.end).toEqual({ requests: COUNT });
});

it('leaves what concerns one file alone to the caller, and goes on', async () => {
  const outcome = await run({
    0: { status: 404 },
    1: { body: Buffer.from('the content of file X') },
    2: { headers: { 'content-length': '7' } },
    3: { body: Buffer.alloc(500) },
  });
  expect(kindsOf(outcome)).toEqual(['0 odd', '1 wrong', '2 odd', '3 odd', '4 stored']);
  expect(outcome.stored).toHaveLength(1);
  expect(outcome.end).toEqual({ requests: COUNT });
});

it.each([429, 503, 500, 408])('ends at a %d and asks for nothing else', async (status) => {
  const outcome = await run({ 2: { status } });
  expect(outcome.asked).toEqual([0, 1, 2]);
  expect(kindsOf(outcome)).toEqual(['0 stored', '1 stored']);
  expect(outcome.end).toMatchObject({ at: 2, refusal: { status } });
});

it('ends where an answer breaks off', async () => {
  const outcome = await run({ 1: { body: bodyOf(1).subarray(0, 9) } });
  expect(outcome.asked).toEqual([0, 1]);
  expect(outcome.end).toMatchObject({ at: 1, failure: { code: 'RESET' } });
});

it('asks a host that has nothing left to give for nothing more, and says so', async () => {
  const outcome = await run({ 1: { headers: { ratelimit: '"files";r=0;t=9' } } });
  expect(outcome.asked).toEqual([0, 1]);
  expect(outcome.pauses).toBe(1);
  expect(kindsOf(outcome)).toEqual(['0 stored', '1 stored']);
  expect(outcome.end).toEqual({ requests: 2 });
});

it('ends everything when the disk is full', async () => {
  const full = Object.assign(new Error('no space'), { code: 'ENOSPC', syscall: 'write' });
  const outcome = await run({}, { put: () => Promise.reject(full) });
  expect(outcome.asked.length).toBeLessThan(COUNT);
  expect(outcome.reports).toEqual([]);
  expect(outcome.end).toMatchObject({ failure: { code: 'DISK_FULL' } });
});

it('asks for nothing that came to be here, and leaves what is doubtful', async () => {
  const states = ['proven', 'unproven', 'absent'] as const;
  const known = new Map(
    states.map((state, index) => [createHash('sha256').update(bodyOf(index)).digest('hex'), state]),
  );
  const outcome = await run({}, { look: (sha256) => ({ state: known.get(sha256) ?? 'absent', sha256 }) });
  expect(kindsOf(outcome)).toEqual(['0 here', '1 odd', '2 stored', '3 stored', '4 stored']);
  expect(outcome.asked).toEqual([2, 3, 4]);
});

it('begins nothing once it is stopped', async () => {
  const outcome = await run({}, { signal: AbortSignal.abort() });
  expect(outcome).toMatchObject({ asked: [], reports: [], end: { requests: 0 } });
});
