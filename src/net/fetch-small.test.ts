import { describe, expect, test } from 'vitest';

import { SluiceError, type SluiceEvent } from '../base/index.js';
import {
  createHostGate,
  fetchJson,
  fetchSmall,
  netLimits,
  parseJson,
  type SmallContext,
  type SmallRequest,
} from './index.js';
import { testTransport } from './testing/collect.js';
import { httpServer, rawServer } from './testing/servers.js';

function context(): SmallContext & { readonly events: SluiceEvent[] } {
  const events: SluiceEvent[] = [];
  const emit = (event: SluiceEvent): void => void events.push(event);
  return { transport: testTransport(), gate: createHostGate(), emit, events };
}

function request(url: string, more: Partial<SmallRequest> = {}): SmallRequest {
  const failure = ({ status }: { status: number }, body: string): SluiceError =>
    status >= 500 || status === 429
      ? new SluiceError('SERVER_ERROR', { host: 'h', status, reason: body })
      : new SluiceError('FORBIDDEN', { host: 'h', reason: body });
  return { url, signal: new AbortController().signal, failure, ...more };
}

describe('a small answer', () => {
  test('is brought whole, and as JSON', async () => {
    const server = await httpServer((_, response) => response.end('{"a":[1,"é"]}'));
    const given = context();
    expect((await fetchSmall(given, request(server.origin))).body.toString()).toBe('{"a":[1,"é"]}');
    expect((await fetchJson(given, request(server.origin))).value).toEqual({ a: [1, 'é'] });
    expect(server.requests[1]?.headers.accept).toBe('application/json');
  });

  test('longer than its limit is refused and not read on', async () => {
    const server = await httpServer((_, response) => response.end('x'.repeat(1000)));
    const got = fetchSmall(context(), request(server.origin, { limitBytes: 999 }));
    await expect(got).rejects.toMatchObject({ code: 'BAD_MANIFEST' });
    expect((await fetchSmall(context(), request(server.origin, { limitBytes: 1000 }))).body).toHaveLength(1000);
  });

  test('of which only the head matters is not read', async () => {
    const server = await httpServer((_, response) =>
      response.writeHead(200, { 'content-length': '99999999' }).write('x'),
    );
    const { head, body } = await fetchSmall(context(), request(server.origin, { headOnly: true }));
    expect([head.headers['content-length'], body.length]).toEqual(['99999999', 0]);
  });

  test('of which only the head matters keeps its connection when it is short, and need not be whole', async () => {
    const ports = new Set<number | undefined>();
    const server = await httpServer((request, response) => {
      ports.add(request.socket.remotePort);
      response.writeHead(206, { 'content-length': request.url === '/broken' ? 2 : 1 });
      response.write('x');
      if (request.url === '/broken') request.socket.end();
      else response.end();
    });
    const given = context();
    const ask = (path: string) => fetchSmall(given, request(server.origin + path, { headOnly: true }));
    for (let count = 0; count < 3; count += 1) expect((await ask('/')).body).toHaveLength(0);
    expect(ports.size).toBe(1);
    expect((await ask('/broken')).head.status).toBe(206);
    expect(server.requests).toHaveLength(4);
  });

  test('that refuses for good is asked for once, and explains itself by its first bytes', async () => {
    const server = await httpServer((_, response) => response.writeHead(403).end('no'.repeat(100_000)));
    const got = fetchSmall(context(), request(server.origin));
    await expect(got).rejects.toMatchObject({ code: 'FORBIDDEN' });
    const reason = await got.catch((error: unknown) => String((error as SluiceError).details.reason));
    expect(reason).toHaveLength(netLimits.MAX_REFUSAL_BYTES);
    expect(server.requests).toHaveLength(1);
  });
});

describe('what may pass by itself', () => {
  test('is asked for again, with a word before each wait', async () => {
    let left = 2;
    const server = await httpServer((_, response) => {
      left -= 1;
      if (left >= 0) response.writeHead(503).end('busy');
      else response.end('done');
    });
    const given = context();
    expect((await fetchSmall(given, request(server.origin))).body.toString()).toBe('done');
    expect(given.events.map(({ type }) => type)).toEqual(['source.waiting', 'source.waiting']);
  });

  test('is given up when the time for it is over', async () => {
    const server = await httpServer((_, response) => response.writeHead(503).end());
    const got = fetchSmall({ ...context(), patienceMs: 0 }, request(server.origin));
    await expect(got).rejects.toMatchObject({ code: 'SERVER_ERROR' });
    expect(server.requests).toHaveLength(1);
  });

  test('includes broken connections', async () => {
    const server = await rawServer('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf', 'end');
    const got = fetchSmall({ ...context(), patienceMs: 900 }, request(server.origin));
    await expect(got).rejects.toMatchObject({ code: 'RESET' });
    expect(server.requests.length).toBeGreaterThan(1);
  });

  test('does not include a proxy that wants a password', async () => {
    const proxy = await httpServer((_, response) => response.writeHead(407).end());
    const given = { ...context(), transport: testTransport({ proxy: proxy.origin }) };
    await expect(fetchSmall(given, request('http://hub.example/'))).rejects.toMatchObject({ code: 'PROXY' });
    expect(proxy.requests).toHaveLength(1);
  });

  test('pauses that the server asks for are kept, also by the next request, and do not use up the time', async () => {
    let refused = false;
    const server = await httpServer((_, response) => {
      if (refused) response.end('done');
      else response.writeHead(429, { 'retry-after': '1' }).end();
      refused = true;
    });
    const given = { ...context(), patienceMs: 700 };
    const started = performance.now();
    const [first, second] = await Promise.all([
      fetchSmall(given, request(server.origin)),
      fetchSmall(given, request(server.origin)),
    ]);
    expect([first.body.toString(), second.body.toString()]).toEqual(['done', 'done']);
    expect(performance.now() - started).toBeGreaterThanOrEqual(990);
  });

  test('pauses longer than the caller has time for are not waited for: the refusal is the answer, to the next request too', async () => {
    const server = await httpServer((_, response) => response.writeHead(429, { 'retry-after': '30' }).end());
    const given = { ...context(), maxPausesMs: 1000 };
    await expect(fetchSmall(given, request(server.origin))).rejects.toMatchObject({ code: 'SERVER_ERROR' });
    await expect(fetchSmall(given, request(server.origin))).rejects.toMatchObject({
      code: 'RATE_LIMITED',
      retryAfterMs: expect.any(Number) as number,
    });
    expect(server.requests).toHaveLength(1);
    expect(given.events).toEqual([]);
  });

  test('waiting ends with the signal', async () => {
    const server = await httpServer((_, response) => response.writeHead(429, { 'retry-after': '300' }).end());
    const controller = new AbortController();
    const given = context();
    const emit = (): void => controller.abort();
    const got = fetchSmall({ ...given, emit }, request(server.origin, { signal: controller.signal }));
    await expect(got).rejects.toMatchObject({ code: 'INTERRUPTED' });
  });
});

describe('JSON from outside', () => {
  test.each([
    ['<!doctype html>', /web page/],
    ['  <html>', /web page/],
    ['{"a":', /broken/],
    ['', /nothing/],
    ['NaN', /broken/],
    ['['.repeat(100_000), /deeper/],
    [`${'{"a":'.repeat(70)}1${'}'.repeat(70)}`, /deeper/],
  ])('%.20s is refused', (text, reason) => {
    expect(parseJson(Buffer.from(text))).toEqual({ reason: expect.stringMatching(reason) as string });
  });

  test('that is not UTF-8 is refused', () => {
    expect(parseJson(Buffer.from([0x22, 0xff, 0x22]))).toEqual({ reason: expect.stringContaining('UTF-8') as string });
  });

  test('brackets in texts are no nesting', () => {
    const text = JSON.stringify({ a: '['.repeat(1000), b: '"[\\"' });
    expect(parseJson(Buffer.from(text))).toEqual({ value: JSON.parse(text) as unknown });
  });

  test('names that are special to JavaScript are only names', () => {
    const outcome = parseJson(Buffer.from('{"__proto__":{"polluted":true}}'));
    expect(outcome).toHaveProperty('value');
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });
});
