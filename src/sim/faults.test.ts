import { gunzipSync } from 'node:zlib';
import { afterEach, expect, test } from 'vitest';
import { seededContent, startSim, wholeContent, type Fault, type Sim, type SimOptions } from './index.js';
import { ask, type Heard } from './testing/ask.js';

const SIZE = 1_000_000;
const content = seededContent({ seed: 1, sizeBytes: SIZE });
const bytes = wholeContent(content);

let sim: Sim;
afterEach(() => sim.stop());

async function start(options: SimOptions = {}): Promise<Sim> {
  return (sim = await startSim({ folders: { f: { 'a.bin': content, 'b.bin': 'other' } }, ...options }));
}

/** One request for `a.bin` under one fault. */
async function suffer(fault: Fault, range?: string): Promise<Heard> {
  await start({ faults: [{ fault }] });
  const isSilent = fault.type === 'withhold' || (fault.type === 'stall' && fault.forMs === undefined);
  const silenceMs = isSilent ? 1000 : undefined;
  return ask(
    `${sim.url}/files/f/a.bin`,
    range === undefined ? {} : { range },
    silenceMs === undefined ? {} : { silenceMs },
  );
}

test('serves ranges as RFC 9110 has them when nothing is wrong', async () => {
  await start();
  const get = (range: string): Promise<Heard> => ask(`${sim.url}/files/f/a.bin`, { range });
  const first = await get('bytes=0-0');
  expect([first.status, first.headers['content-range'], first.body.length]).toEqual([206, `bytes 0-0/${SIZE}`, 1]);
  expect((await get('bytes=-10')).body.equals(bytes.subarray(-10))).toBe(true);
  expect((await get('bytes=999990-')).body.equals(bytes.subarray(-10))).toBe(true);
  expect((await get('bytes=999990-2000000')).headers['content-range']).toBe(`bytes 999990-999999/${SIZE}`);
  const outside = await get('bytes=1000000-');
  expect([outside.status, outside.headers['content-range']]).toEqual([416, `bytes */${SIZE}`]);
});

test('honours If-Range and If-None-Match', async () => {
  await start();
  const url = `${sim.url}/files/f/a.bin`;
  const { etag = '' } = (await ask(url, {}, { method: 'HEAD' })).headers;
  expect((await ask(url, { range: 'bytes=0-9', 'if-range': etag })).status).toBe(206);
  expect((await ask(url, { range: 'bytes=0-9', 'if-range': '"other"' })).status).toBe(200);
  expect((await ask(url, { 'if-none-match': etag })).status).toBe(304);
});

test('hits only those who show no token, where it is told so', async () => {
  await start({ faults: [{ on: { isAnonymous: true }, fault: { type: 'status', status: 429 } }] });
  const url = `${sim.url}/files/f/a.bin`;
  expect((await ask(url)).status).toBe(429);
  expect((await ask(url, { authorization: 'Bearer x' })).status).toBe(200);
});

test('corrupts one byte of the file, whatever range it comes by', async () => {
  const heard = await suffer({ type: 'corrupt', atByte: 5000 }, 'bytes=4000-5999');
  const differing = [...heard.body.keys()].filter((index) => heard.body[index] !== bytes[4000 + index]);
  expect(differing).toEqual([1000]);
});

test('stalls after so many bytes, and before the head', async () => {
  const inBody = await suffer({ type: 'stall', afterBytes: 70_000 });
  expect([inBody.status, inBody.end, inBody.body.length]).toEqual([200, 'silent', 70_000]);
  await sim.stop();
  const before = await suffer({ type: 'stall', afterBytes: -1 });
  expect([before.status, before.end]).toEqual([0, 'silent']);
});

test('withholds one byte of the file, whatever range comes to it', async () => {
  const heard = async (range?: string): Promise<unknown> => {
    const { end, body } = await suffer({ type: 'withhold', atByte: 70_000 }, range);
    await sim.stop();
    return [end, body.length];
  };
  expect(await heard()).toEqual(['silent', 70_000]);
  expect(await heard('bytes=60000-70000')).toEqual(['silent', 10_000]);
  expect(await heard('bytes=70000-')).toEqual(['silent', 0]);
  expect(await heard('bytes=60000-69999')).toEqual(['whole', 10_000]);
  expect(await heard('bytes=70001-70100')).toEqual(['whole', 100]);
});

test('goes on after a stall that was for a while only', async () => {
  const heard = await suffer({ type: 'stall', afterBytes: 10, forMs: 50 });
  expect([heard.end, heard.body.equals(bytes)]).toEqual(['whole', true]);
});

test('resets within the body, and before the head', async () => {
  const inBody = await suffer({ type: 'reset', afterBytes: 300_000 });
  expect([inBody.status, inBody.end]).toEqual([200, 'cut']);
  await sim.stop();
  const before = await suffer({ type: 'reset', afterBytes: -1 });
  expect([before.status, before.end]).toEqual([0, 'cut']);
});

test('ends early, with a promised length and in chunks', async () => {
  const heard = await suffer({ type: 'end-early', afterBytes: 1234 });
  expect([heard.end, heard.body.length, heard.headers['content-length']]).toEqual(['cut', 1234, String(SIZE)]);
  await sim.stop();
  await start({
    faults: [{ fault: { type: 'no-length', style: 'chunked' } }, { fault: { type: 'end-early', afterBytes: 1234 } }],
  });
  const chunked = await ask(`${sim.url}/files/f/a.bin`);
  expect([chunked.end, chunked.body.length]).toEqual(['cut', 1234]);
});

test('lies about length, in both directions', async () => {
  const more = await suffer({ type: 'content-length', delta: 10 });
  expect([more.end, more.headers['content-length']]).toEqual(['cut', String(SIZE + 10)]);
  await sim.stop();
  const fewer = await suffer({ type: 'content-length', delta: -10 });
  expect(fewer.headers['content-length']).toBe(String(SIZE - 10));
});

test('lies about ranges, shortens them, ignores them', async () => {
  const elsewhere = await suffer({ type: 'content-range', value: `bytes 7-16/${SIZE}` }, 'bytes=0-9');
  expect([elsewhere.status, elsewhere.headers['content-range']]).toEqual([206, `bytes 7-16/${SIZE}`]);
  await sim.stop();
  const absent = await suffer({ type: 'content-range', value: undefined }, 'bytes=0-9');
  expect([absent.status, absent.headers['content-range']]).toEqual([206, undefined]);
  await sim.stop();
  const short = await suffer({ type: 'short-range', bytes: 4 }, 'bytes=0-9');
  expect([short.headers['content-range'], short.body.length]).toEqual([`bytes 0-3/${SIZE}`, 4]);
  await sim.stop();
  const ignored = await suffer({ type: 'ignore-range' }, 'bytes=0-9');
  expect([ignored.status, ignored.body.length]).toEqual([200, SIZE]);
});

test('answers with any status', async () => {
  const heard = await suffer({ type: 'status', status: 503, headers: { 'retry-after': '7' } });
  expect([heard.status, heard.headers['retry-after']]).toEqual([503, '7']);
});

test('limits requests per window in every dialect', async () => {
  for (const [tell, header] of [
    ['seconds', 'retry-after'],
    ['date', 'retry-after'],
    ['ratelimit', 'ratelimit'],
    ['nothing', undefined],
  ] as const) {
    await start({ faults: [{ fault: { type: 'rate-limit', requests: 2, windowMs: 60_000, tell } }] });
    const answers = [];
    for (let count = 0; count < 3; count += 1) answers.push(await ask(`${sim.url}/files/f/b.bin`));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 429]);
    if (header !== undefined) expect(answers[2]?.headers[header]).toBeTypeOf('string');
    await sim.stop();
  }
});

test('swaps the file after so many requests', async () => {
  await start({
    faults: [{ on: { skip: 1 }, fault: { type: 'changed', content: 'new bytes', etag: '"new"' } }],
  });
  const url = `${sim.url}/files/f/a.bin`;
  const before = await ask(url, { range: 'bytes=0-9' });
  const after = await ask(url, { range: 'bytes=0-3', 'if-range': before.headers.etag ?? '' });
  expect([after.status, after.headers.etag, after.body.toString()]).toEqual([200, '"new"', 'new bytes']);
});

test('redirects in a loop, and into a trap that records credentials', async () => {
  const loop = await suffer({ type: 'redirect', to: 'self' });
  expect([loop.status, loop.headers.location]).toEqual([302, `${sim.url}/files/f/a.bin?hop=1`]);
  await sim.stop();
  const trap = await suffer({ type: 'redirect', to: 'trap', status: 308 });
  expect(trap.status).toBe(308);
  expect((await ask(trap.headers.location ?? '')).status).toBe(200);
  expect(sim.leaks).toHaveLength(0);
  expect((await ask(trap.headers.location ?? '', { authorization: 'Bearer x' })).status).toBe(400);
  expect(sim.leaks).toHaveLength(1);
});

test('sends bodies without length, and compressed ones nobody asked for', async () => {
  const close = await suffer({ type: 'no-length', style: 'close' });
  expect([close.headers['content-length'], close.headers['transfer-encoding']]).toEqual([undefined, undefined]);
  expect(close.body.equals(bytes)).toBe(true);
  await sim.stop();
  const gzip = await suffer({ type: 'gzip' });
  expect(gzip.headers['content-encoding']).toBe('gzip');
  expect(gunzipSync(gzip.body).equals(bytes)).toBe(true);
});

test('aims by path, kind, byte, count and share', async () => {
  const status = { type: 'status', status: 500 } as const;
  await start({
    faults: [
      { on: { path: /b\.bin/, times: 1 }, fault: status },
      { on: { path: /a\.bin/, coversByte: 50 }, fault: status },
      { on: { kind: 'checksums', every: 2 }, fault: status },
    ],
  });
  const statuses = async (path: string, ...ranges: string[]): Promise<number[]> => {
    const out: number[] = [];
    for (const range of ranges)
      out.push((await ask(`${sim.url}/files/f/${path}`, range === '' ? {} : { range })).status);
    return out;
  };
  expect(await statuses('b.bin', '', '')).toEqual([500, 200]);
  expect(await statuses('a.bin', 'bytes=0-49', 'bytes=50-50', '', 'bytes=51-60')).toEqual([206, 500, 500, 206]);
  expect(await statuses('SHA256SUMS', '', '', '')).toEqual([500, 200, 500]);
});

test('hits the same requests again under the same seed', async () => {
  const run = async (seed: number): Promise<string> => {
    await start({ seed, faults: [{ on: { share: 0.5 }, fault: { type: 'status', status: 500 } }] });
    let pattern = '';
    for (let count = 0; count < 24; count += 1)
      pattern += (await ask(`${sim.url}/files/f/b.bin`)).status === 500 ? 'x' : '.';
    await sim.stop();
    return pattern;
  };
  const first = await run(1);
  expect(first).toContain('x');
  expect(first).toContain('.');
  expect(await run(1)).toBe(first);
  expect(await run(2)).not.toBe(first);
});

test('counts what each rule saw and hit, and lets rules go', async () => {
  await start();
  const rule = sim.faults.add({ on: { skip: 1 }, fault: { type: 'status', status: 500 } });
  await ask(`${sim.url}/files/f/b.bin`);
  expect((await ask(`${sim.url}/files/f/b.bin`)).status).toBe(500);
  expect([rule.seen, rule.hits]).toEqual([2, 1]);
  rule.remove();
  expect((await ask(`${sim.url}/files/f/b.bin`)).status).toBe(200);
});
