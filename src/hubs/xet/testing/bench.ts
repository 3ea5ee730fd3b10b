import { expect, onTestFinished } from 'vitest';

import { SluiceError } from '../../../base/index.js';
import { createHostGate } from '../../../net/index.js';
import { testTransport } from '../../../net/testing/collect.js';
import { createXetAccess, xetTokenUrl, type XetAccess } from '../access.js';
import { createDecodePool, type DecodePool } from '../decode/pool.js';
import type { ByteSpan, XetProgress } from '../port.js';
import { createXetFile, type XetFile, type XetFileOptions } from '../xet-file.js';
import { bf16Weights, splitmix } from './data.js';
import { makeXorb, tinyOrigin, type TinyOrigin, type TinyTerm } from './tiny-origin.js';

export const weights = makeXorb(bf16Weights(1_500_000, 1), { scheme: 2, chunkBytes: 60_000 });
export const text = makeXorb(Buffer.from('A text that says the same again and again. '.repeat(6000)), { scheme: 1 });
export const noise = makeXorb(splitmix(900_000, 9n));

/** Chunks of three xorbs, some of them twice, some out of order. */
export const TERMS: readonly TinyTerm[] = [
  { xorb: weights, start: 0, end: weights.chunks.length },
  { xorb: noise, start: 5, end: 20 },
  { xorb: text, start: 0, end: text.chunks.length },
  { xorb: noise, start: 0, end: 7 },
  { xorb: noise, start: 6, end: 8 },
  { xorb: weights, start: 3, end: 4 },
];

export const signal = new AbortController().signal;

/** A client before a tiny origin, both gone with their test. */
export interface Bench {
  readonly origin: TinyOrigin;
  readonly access: XetAccess;
  readonly pool: DecodePool;
  readonly file: XetFile;
  fetch(span: ByteSpan, progress?: XetProgress, given?: AbortSignal): Promise<Buffer>;
}

export async function bench(
  terms: readonly TinyTerm[] = TERMS,
  more: Partial<XetFileOptions> & { readonly now?: () => number } = {},
): Promise<Bench> {
  const origin = await tinyOrigin(terms);
  const transport = testTransport();
  const gate = createHostGate();
  const pool = createDecodePool({ threads: 2 });
  onTestFinished(() => pool.close());
  const access = createXetAccess({
    transport,
    gate,
    emit: () => {},
    patienceMs: 0,
    tokenUrl: xetTokenUrl(origin.hub, { origin: 'hf', kind: 'model', id: 'org/name' }, 'refs/pr/1'),
    failure: (head) => new SluiceError('FORBIDDEN', { host: new URL(head.url).host }),
    ...(more.now ? { now: more.now } : {}),
  });
  const file = createXetFile({
    transport,
    gate,
    access,
    pool,
    fileId: origin.fileId,
    sizeBytes: origin.content.length,
    path: 'model.safetensors',
    source: 'hub',
    ...more,
  });
  return {
    origin,
    access,
    pool,
    file,
    async fetch(span, progress = {}, given = signal) {
      const out = Buffer.alloc(span.endByte - span.startByte, 0xee);
      const seen = new Uint8Array(out.length);
      await file.fetchSpan(
        span,
        {
          deliver: (bytes, position) => {
            out.set(bytes, position - span.startByte);
            for (let at = 0; at < bytes.length; at += 1) seen[position - span.startByte + at]! += 1;
          },
        },
        progress,
        given,
      );
      expect(seen.every((times) => times === 1)).toBe(true);
      return out;
    },
  };
}

export function whole({ origin }: Bench): ByteSpan {
  return { startByte: 0, endByte: origin.content.length };
}

export async function failure(work: Promise<unknown>): Promise<SluiceError> {
  try {
    await work;
  } catch (thrown) {
    if (thrown instanceof SluiceError) return thrown;
    throw thrown;
  }
  throw new Error('it went well');
}
