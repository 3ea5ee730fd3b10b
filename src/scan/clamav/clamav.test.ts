import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { scanFile } from '../scan-file.js';
import { sourceOfBuffer } from '../sources.js';
import { clamav, type ClamavOptions } from './clamav.js';

const VERSION = 'ClamAV 1.4.6/27500/Fri Nov 20 09:00:00 2026';
const NOW = Date.UTC(2026, 10, 21, 9);
const DAY = 86_400_000;

let server: Server | undefined;
afterEach(() => server?.close());

/** A double of clamd: what it says of a whole stream; `early` says so after the first bytes and goes. */
async function clamd(
  verdict: (body: Buffer) => string,
  { version = VERSION, early = false } = {},
): Promise<ClamavOptions> {
  server = createServer((socket: Socket) => {
    let all = Buffer.alloc(0);
    socket.on('error', () => undefined);
    socket.on('data', (data) => {
      all = Buffer.concat([all, data]);
      if (all.toString('latin1').startsWith('zVERSION\0')) socket.end(`${version}\0`);
      else if (early) socket.end(`${verdict(all)}\0`);
      else {
        const body = bodyOf(all.subarray('zINSTREAM\0'.length));
        if (body !== undefined) socket.end(`${verdict(body)}\0`);
      }
    });
  });
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  const place = server.address() as { port: number };
  return { address: { host: '127.0.0.1', port: place.port }, now: () => NOW };
}

function bodyOf(frames: Buffer): Buffer | undefined {
  const parts: Buffer[] = [];
  for (let at = 0; at + 4 <= frames.length;) {
    const length = frames.readUInt32BE(at);
    if (length === 0) return Buffer.concat(parts);
    parts.push(frames.subarray(at + 4, at + 4 + length));
    at += 4 + length;
  }
  return undefined;
}

const scan = async (options: ClamavOptions, content: string | Buffer = 'plain') => {
  const found = await scanFile(sourceOfBuffer(Buffer.from(content)), 'a.txt', { antivirus: clamav(options) });
  return [found.verdict, ...found.findings.map(({ rule, evidence }) => `${rule} ${evidence}`)];
};

describe('ClamAV', () => {
  it('is given all bytes, and its word counts', async () => {
    const big = Buffer.alloc(1_000_000, 'a');
    const options = await clamd((body) => (body.equals(big) ? 'stream: OK' : 'stream: Other FOUND'));
    expect(await scan(options, big)).toEqual(['CLEAN']);
    expect(await scan(options, 'x')).toEqual(['FINDINGS', `AV-SIG Other (${VERSION})`]);
  });

  it('is not taken to have seen what it refused, also in the middle', async () => {
    const options = await clamd(() => 'INSTREAM size limit exceeded. ERROR', { early: true });
    expect(await scan(options, Buffer.alloc(20_000_000, 'a'))).toEqual([
      'NOT_SCANNED',
      'AV-UNASKED INSTREAM size limit exceeded. ERROR',
    ]);
  });

  it('is not asked beyond its limit, whatever it would say', async () => {
    const options = await clamd(() => 'stream: OK');
    expect(await scan({ ...options, limitBytes: 4 })).toEqual(['NOT_SCANNED', 'AV-UNASKED 5 bytes, more than 4']);
    expect((await scan({ ...options, limitBytes: 4, beyondLimit: 'CLEAN' }))[0]).toBe('CLEAN');
    expect((await scan({ ...options, limitBytes: 5 }))[0]).toBe('CLEAN');
  });

  it('is not believed with an old database, or one without a date', async () => {
    expect((await scan({ ...(await clamd(() => 'stream: OK')), databaseMaxAgeMs: 2 * DAY }))[0]).toBe('CLEAN');
    expect((await scan({ ...(await clamd(() => 'stream: OK')), databaseMaxAgeMs: DAY / 2 }))[0]).toBe('NOT_SCANNED');
    const undated = await clamd(() => 'stream: OK', { version: 'ClamAV 1.4.6' });
    expect((await scan({ ...undated, databaseMaxAgeMs: DAY }))[0]).toBe('NOT_SCANNED');
    expect((await scan(undated))[0]).toBe('CLEAN');
  });

  it('is NOT_SCANNED where nobody answers, or not to the end', async () => {
    const options = await clamd(() => 'stream: OK');
    await new Promise((resolve) => server?.close(resolve));
    expect((await scan(options))[0]).toBe('NOT_SCANNED');
    server = createServer((socket) => socket.end());
    await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    expect((await scan({ address: { host: '127.0.0.1', port } }))[0]).toBe('NOT_SCANNED');
  });

  it('tells bytes that cannot be had from clamd that cannot be had, and ends with the signal', async () => {
    const antivirus = clamav(await clamd(() => 'stream: OK'));
    const broken = { sizeBytes: 5, read: () => Promise.reject(new Error('EIO')) };
    await expect(antivirus.scan(broken)).rejects.toThrow('EIO');
    const ended = AbortSignal.abort(new Error('enough'));
    await expect(antivirus.scan(sourceOfBuffer(Buffer.from('a')), ended)).rejects.toThrow('enough');
  });
});
