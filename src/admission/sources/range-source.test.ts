import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { SluiceError } from '../../base/index.js';
import { createHostGate, createTransport } from '../../net/index.js';
import { RangeSource, TooFar } from './range-source.js';

const BYTES = Buffer.from(Array.from({ length: 1_000_000 }, (_, index) => (index * 7 + (index >> 8)) & 0xff));
let server: Server;
let ranges: string[];
let answer: 'range' | 'all' | 'other';
beforeEach(async () => {
  ranges = [];
  answer = 'range';
  server = createServer((request, response) => {
    const { range = '' } = request.headers;
    ranges.push(range);
    const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(range) ?? [];
    const [start, end] = [Number(from), Number(to)];
    if (answer === 'all') return void response.writeHead(200, { 'content-length': BYTES.length }).end(BYTES);
    const at = answer === 'other' ? start + 1 : start;
    const part = BYTES.subarray(at, at + end - start + 1);
    const head = {
      'content-length': part.length,
      'content-range': `bytes ${at}-${at + part.length - 1}/${BYTES.length}`,
    };
    response.writeHead(206, head).end(part);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

async function withSource(work: (source: RangeSource) => Promise<void>, mostBytes = 2 ** 30): Promise<void> {
  const transport = createTransport({
    proxy: undefined,
    httpProxy: false,
    noProxy: undefined,
    caFiles: [],
    namedHosts: new Set(),
  } as never);
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/f`;
  const failure = (): SluiceError => new SluiceError('SERVER_ERROR', { host: 'x', status: 500 });
  const wires = { transport, gate: createHostGate(), emit: () => undefined, patienceMs: 0 };
  const { signal } = new AbortController();
  try {
    await work(
      new RangeSource({ source: { id: 'x', url, failure }, sizeBytes: BYTES.length, wires, mostBytes, signal }),
    );
  } finally {
    await transport.close();
  }
}

it('gives what stands there, and asks for each block once', async () => {
  await withSource(async (source) => {
    for (const [offset, length] of [
      [0, 10],
      [65_530, 20],
      [999_990, 10],
      [5, 0],
      [0, 1_000_000],
    ] as const)
      // prettier-ignore
      expect((await source.read(offset, length)).equals(BYTES.subarray(offset, offset + length))).toBe(true);
    const asked = ranges.map((range) => range.slice('bytes='.length).split('-').map(Number));
    const bytes = asked.reduce((sum, [from = 0, to = 0]) => sum + to - from + 1, 0);
    expect(bytes).toBe(BYTES.length);
  });
});

it('stops at its limit', async () => {
  await withSource(async (source) => {
    await source.read(0, 10);
    await expect(source.read(200_000, 10)).rejects.toBeInstanceOf(TooFar);
  }, 100_000);
});

it.each(['all', 'other'] as const)('takes nothing else for it: %s', async (what) => {
  answer = what;
  await withSource(async (source) => {
    await expect(source.read(100, 10)).rejects.toBeInstanceOf(SluiceError);
  });
});
