import fc from 'fast-check';

const name = fc.constantFrom(
  'x-a',
  'X-B',
  'etag',
  'x-a',
  'Content-Type',
  'content-range',
  'set-cookie',
  'x_c',
  '__proto__',
);
const value = fc.oneof(
  fc.stringMatching(/^[\x21-\x7e\xa0-\xff]{0,12}$/),
  fc.constantFrom('', 'a b', 'a, b', '"tag"', ' padded ', 'bytes 0-3/10'),
);
const status = fc.constantFrom(200, 200, 200, 206, 206, 404, 416, 429, 500, 503, 201, 204, 304, 300, 599, 600, 99);
const special = fc.constantFrom(
  '',
  '',
  '',
  'connection: close',
  'connection: keep-alive',
  'Connection: Upgrade\r\nUpgrade: h2c',
  'content-encoding: identity',
  'content-encoding: gzip',
  'keep-alive: timeout=5',
  'transfer-encoding: gzip, chunked',
  'content-length: 3',
  'content-length: +3',
  'content-length: 3, 3',
);

/** Bytes of an HTTP/1 answer that is sound, or nearly. */
export const arbitraryAnswer: fc.Arbitrary<Buffer> = fc
  .record({
    version: fc.constantFrom('1.1', '1.1', '1.1', '1.1', '1.0', '2.0'),
    status,
    reason: fc.constantFrom(' OK', '', ' ', ' Fine \xe9 and\twell'),
    fields: fc.array(fc.tuple(name, value), { maxLength: 5 }),
    special,
    body: fc.uint8Array({ maxLength: 200 }),
    framing: fc.constantFrom('length', 'length', 'length', 'chunked', 'chunks with extras', 'close', 'wrong length'),
    surplus: fc.constantFrom('', '', '', 'x', 'HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil'),
  })
  .map((answer) => {
    const body = Buffer.from(answer.body);
    const lines = [
      `HTTP/${answer.version} ${answer.status}${answer.reason}`,
      ...answer.fields.map(([field, text]) => `${field}: ${text}`),
      ...(answer.special === '' ? [] : [answer.special]),
      ...framingLine(answer.framing, body.length),
    ];
    const head = Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
    const framed = answer.framing.startsWith('chunk') ? chunked(body, answer.framing) : body;
    return Buffer.concat([head, framed, Buffer.from(answer.surplus)]);
  });

/** The same with a few bytes lost, doubled or replaced, or cut off. */
export const damagedAnswer: fc.Arbitrary<Buffer> = fc
  .tuple(
    arbitraryAnswer,
    fc.array(
      fc.tuple(
        fc.nat(),
        fc.constantFrom('drop', 'put', 'cut'),
        fc.constantFrom('\r', '\n', '\r\n', '\0', ' ', ':', '\t', '\x7f', 'A', '0', '\xff'),
      ),
      {
        minLength: 1,
        maxLength: 3,
      },
    ),
  )
  .map(([bytes, damages]) =>
    damages.reduce((damaged, [place, kind, text]) => {
      const at = place % (damaged.length + 1);
      if (kind === 'cut') return damaged.subarray(0, at);
      const put = kind === 'put' ? Buffer.from(text, 'latin1') : Buffer.alloc(0);
      return Buffer.concat([damaged.subarray(0, at), put, damaged.subarray(kind === 'drop' ? at + 1 : at)]);
    }, bytes),
  );

function framingLine(framing: string, length: number): string[] {
  if (framing === 'close') return [];
  if (framing.startsWith('chunk')) return ['transfer-encoding: chunked'];
  return [`content-length: ${framing === 'length' ? length : length + 1}`];
}

function chunked(body: Buffer, framing: string): Buffer {
  const half = body.length >> 1;
  const extension = framing === 'chunked' ? '' : ';name=value';
  const parts = [body.subarray(0, half), body.subarray(half)].filter((part) => part.length > 0);
  const chunks = parts.flatMap((part) => [
    Buffer.from(`${part.length.toString(16)}${extension}\r\n`),
    part,
    Buffer.from('\r\n'),
  ]);
  return Buffer.concat([...chunks, Buffer.from(framing === 'chunked' ? '0\r\n\r\n' : '0\r\nx-trailer: 1\r\n\r\n')]);
}
