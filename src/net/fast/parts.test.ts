import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { MAX_HEADER_BYTES, MAX_REDIRECT_BODY_BYTES } from '../limits.js';
import { BLOCK_BYTES, BlockPool } from './block-pool.js';
import { ChunksReader } from './chunks-reader.js';
import { formatRequest } from './format-request.js';
import { HeadReader } from './head-reader.js';
import { Intake } from './intake.js';
import { understandHead } from './understand-head.js';

const text = (value: string): Buffer => Buffer.from(value, 'latin1');

describe('a head', () => {
  test('is the same however it comes', () => {
    const bytes = text('HTTP/1.1 206 Partial Content\r\nETag: "x"\r\nEmpty:\r\nA:  b c\r\n\r\nbody');
    const whole = new HeadReader().read(bytes);
    expect(whole).toMatchObject({ status: 206, byteLength: bytes.length - 4 });
    fc.assert(
      fc.property(fc.array(fc.nat({ max: bytes.length })), (places) => {
        const reader = new HeadReader();
        const reads = [...places].sort((a, b) => a - b).map((place) => reader.read(bytes.subarray(0, place)));
        const last = reads.find((read) => read !== 'more') ?? reader.read(bytes);
        expect(last).toEqual(whole);
      }),
    );
  });

  test.each([
    'HTTP/1.0 200 OK\r\n\r\n',
    'HTTP/1.1  200 OK\r\n\r\n',
    'HTTP/1.1 20 OK\r\n\r\n',
    'HTTP/1.1 200 OK\n\n',
    '\r\nHTTP/1.1 200 OK\r\n\r\n',
    'HTTP/1.1 200 OK\r\n folded: x\r\n\r\n',
    'HTTP/1.1 200 OK\r\nname : x\r\n\r\n',
    'HTTP/1.1 200 OK\r\nname: x \r\n\r\n',
    'HTTP/1.1 200 OK\r\nname: a\0b\r\n\r\n',
    'HTTP/1.1 200 OK\r\nname: a\rb\r\n\r\n',
    'HTTP/1.1 200 OK\r\nname\r\n\r\n',
    'HTTP/1.1 200 OK\r\n__proto__: x\r\n\r\n',
    `HTTP/1.1 200 OK\r\nlong: ${'x'.repeat(MAX_HEADER_BYTES)}`,
    'SSH-2.0',
  ])('%j is odd at once', (head) => {
    expect(new HeadReader().read(text(head))).toBe('odd');
  });
});

describe('an answer is understood', () => {
  const understand = (head: string): ReturnType<typeof understandHead> => {
    const raw = new HeadReader().read(text(`HTTP/1.1 ${head}\r\n\r\n`));
    if (typeof raw === 'string') throw new Error(raw);
    return understandHead(raw);
  };

  test.each([
    ['200 OK\r\ncontent-length: 5', 5],
    ['206 OK\r\ncontent-length: 0\r\ncontent-encoding: identity', 0],
    ['302 Found\r\ncontent-length: 5\r\nlocation: /x', 5],
    ['302 Found\r\ntransfer-encoding: chunked', 'chunked'],
    ['302 Found', 'unread'],
    ['503 Busy\r\ntransfer-encoding: chunked', 'chunked'],
    ['404 No\r\ncontent-length: 5', 5],
  ] as const)('%j', (head, bodyBytes) => {
    expect(understand(head)?.bodyBytes).toBe(bodyBytes);
  });

  test.each([
    '200 OK',
    '200 OK\r\ntransfer-encoding: chunked',
    '200 OK\r\ncontent-length: 5\r\ntransfer-encoding: chunked',
    '302 OK\r\ncontent-length: 5\r\ntransfer-encoding: chunked',
    '200 OK\r\ncontent-length: 5\r\ncontent-length: 5',
    '200 OK\r\ncontent-length: 0x5',
    '200 OK\r\ncontent-length: 9999999999999999',
    '200 OK\r\ncontent-length: 5\r\ncontent-encoding: gzip',
    '200 OK\r\ncontent-length: 5\r\nconnection: upgrade',
    '200 OK\r\ncontent-length: 5\r\nupgrade: h2c',
    '302 OK\r\ncontent-length: 5\r\nlocation: /a\r\nlocation: /b',
    '404 No',
    '204 No\r\ncontent-length: 5',
    '304 Not\r\ncontent-length: 5',
    '100 Continue\r\ncontent-length: 0',
    '103 Hints',
    '600 Odd\r\ncontent-length: 5',
  ])('not: %j', (head) => {
    expect(understand(head)).toBeUndefined();
  });

  test('a document may come in chunks, but not without an end', () => {
    const [chunked, endless] = ['200 OK\r\ntransfer-encoding: chunked', '200 OK'].map((head) => {
      const raw = new HeadReader().read(text(`HTTP/1.1 ${head}\r\n\r\n`));
      return typeof raw === 'string' ? undefined : understandHead(raw, true)?.bodyBytes;
    });
    expect([chunked, endless]).toEqual(['chunked', undefined]);
  });

  test.each([
    ['connection: close', 0],
    ['connection: keep-alive, close', 0],
    ['keep-alive: timeout=5, max=100', 4000],
    ['keep-alive: timeout=1', 0],
    ['keep-alive: timeout=300', 10_000],
    ['x: y', 10_000],
  ])('%j keeps its connection for %d ms', (field, keepAliveMs) => {
    expect(understand(`200 OK\r\ncontent-length: 5\r\n${field}`)?.keepAliveMs).toBe(keepAliveMs);
  });
});

describe('a chunked body', () => {
  const encode = (chunks: readonly Uint8Array[]): Buffer =>
    Buffer.concat([
      ...chunks.flatMap((chunk) => [text(`${chunk.length.toString(16)}\r\n`), chunk, text('\r\n')]),
      text('0\r\n\r\n'),
    ]);

  test('is read to its end and not before, and not further', () => {
    const chunks = fc.array(fc.uint8Array({ minLength: 1, maxLength: 40 }), { maxLength: 5 });
    fc.assert(
      fc.property(chunks, fc.array(fc.nat(), { maxLength: 8 }), (parts, places) => {
        const bytes = encode(parts);
        const body = Buffer.concat(parts);
        const reader = new ChunksReader(MAX_REDIRECT_BODY_BYTES);
        const cuts = places.map((place) => place % bytes.length).sort((a, b) => a - b);
        for (const cut of cuts) expect(reader.read(bytes.subarray(0, cut))).toBe('more');
        expect(reader.read(Buffer.concat([bytes, text('HTTP/1.1')]))).toEqual({
          body,
          byteLength: bytes.length,
          isCut: false,
        });
      }),
    );
  });

  test.each([
    ['', 'more'],
    ['1f', 'more'],
    ['1f\r', 'more'],
    ['\r', 'odd'],
    ['1\rx', 'odd'],
  ])('%j alone is %s', (bytes, expected) => {
    expect(new ChunksReader(100).read(text(bytes))).toBe(expected);
  });

  test.each(['x', '5;a=b\r\n', '\r\n', '5\n', '-1\r\n', '123456789\r\n', '1\r\nab\r\n', '0\r\nx-trailer: 1\r\n\r\n'])(
    '%j is odd',
    (bytes) => {
      expect(new ChunksReader(100).read(text(bytes + ' '.repeat(20)))).toBe('odd');
    },
  );

  test('that is long is cut', () => {
    const bytes = encode([Buffer.from('abc'), Buffer.alloc(100)]);
    const reader = new ChunksReader(50);
    expect(reader.read(bytes.subarray(0, 50))).toBe('more');
    const body = Buffer.concat([Buffer.from('abc'), Buffer.alloc(39)]);
    expect(reader.read(bytes.subarray(0, 51))).toEqual({ body, byteLength: 51, isCut: true });
  });
});

test('headers that would change the connection, or break out of their line, are not sent on this road', () => {
  const url = new URL('https://hub.example:8443/a%20b?c=d');
  expect(formatRequest(url, { range: 'bytes=0-1' })).toBe(
    'GET /a%20b?c=d HTTP/1.1\r\nhost: hub.example:8443\r\nconnection: keep-alive\r\nrange: bytes=0-1\r\n\r\n',
  );
  for (const headers of [{ Host: 'x' }, { a: 'b\r\nc: d' }, { 'a b': 'c' }, { 'content-length': '3' }, { a: '€' }])
    expect(formatRequest(url, headers as Record<string, string>)).toBeUndefined();
});

test('an intake gives what landed, in order, and leaves what it lent alone, whatever the sizes', () => {
  const step = fc.record({
    read: fc.nat({ max: BLOCK_BYTES }),
    take: fc.nat({ max: 2 * BLOCK_BYTES }),
    lends: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const intake = new Intake(new BlockPool());
      let landed = 0;
      let taken = 0;
      let lent: { readonly view: Buffer; readonly copy: Buffer } | undefined;
      for (const { read, take, lends } of steps) {
        const room = intake.room();
        const bytes = Math.min(read, room.length);
        expect(room.length).toBeGreaterThan(0);
        for (let index = 0; index < bytes; index += 997) room[index] = (landed + index) % 251;
        if (bytes > 0) room[bytes - 1] = (landed + bytes - 1) % 251;
        intake.landed(bytes);
        landed += bytes;
        if (lent !== undefined) {
          expect(lent.view.equals(lent.copy)).toBe(true);
          lent = undefined;
          intake.returned();
        }
        const some = intake.pending().subarray(0, take);
        if (some.length > 0 && taken + some.length === landed) expect(some.at(-1)).toBe((landed - 1) % 251);
        intake.skip(some.length);
        taken += some.length;
        expect(intake.pendingBytes).toBe(landed - taken);
        if (lends) {
          intake.lend();
          lent = { view: some, copy: Buffer.from(some) };
        }
      }
    }),
    { numRuns: 50 },
  );
});
