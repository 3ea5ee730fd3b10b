import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { formatHeader, parseHeader } from './header.js';
import { payloadKeys } from './key-schedule.js';
import { sealChunk, chunkCount } from './chunks.js';
import { openSealed } from './open-sealed.js';
import { fileKeyOf } from './recipients.js';
import { inMemory } from './testing/in-memory.js';
import { parseX25519Private } from './x25519.js';

interface Vector {
  readonly name: string;
  readonly size: number;
  readonly privateKey: string;
  readonly passphrase: string;
  readonly fileKey: string;
  readonly payloadKey: string;
  readonly noncePrefix: string;
  readonly coreHash: string;
  readonly header: string;
  readonly payload: string;
  readonly sealedSha256: string;
}

/** Made by `testing/make-vectors.py`. */
const VECTORS = JSON.parse(readFileSync(join(import.meta.dirname, 'testing', 'vectors.json'), 'utf8')) as Vector[];
const plainOf = (size: number): Buffer => Buffer.from(Array.from({ length: size }, (_, at) => (at * 7 + 3) % 256));

function headOf({ header }: Vector): Buffer {
  const head = Buffer.alloc(4096);
  head.write('SLSEAL1\n');
  head.writeUInt32BE(Buffer.byteLength(header), 8);
  head.writeUInt32BE(4096, 12);
  head.write(header, 16);
  return head;
}

describe.each(VECTORS)('what another program sealed: $name', (vector) => {
  const head = headOf(vector);
  const sealed = Buffer.concat([head, Buffer.from(vector.payload, 'base64')]);
  const privateKey = parseX25519Private(vector.privateKey);
  if (privateKey === undefined) throw new Error('no key');

  it('is the file that it made', () => {
    expect(createHash('sha256').update(sealed).digest('hex')).toBe(vector.sealedSha256);
  });

  it.each([
    ['the private key', { kind: 'x25519', privateKey } as const],
    ['the passphrase', { kind: 'passphrase', passphrase: vector.passphrase } as const],
  ])('opens with %s', async (_, key) => {
    const opened = await openSealed(inMemory(sealed), { keys: [key], name: 'it' });
    const parts: Buffer[] = [];
    for await (const chunk of opened.chunks()) parts.push(chunk);
    expect(Buffer.concat(parts)).toEqual(plainOf(vector.size));
  });

  it('has the keys, the header and the chunks that we would make', async () => {
    const header = parseHeader(head, 'it');
    const fileKey = await fileKeyOf(header, [{ kind: 'x25519', privateKey }], 'it');
    expect(fileKey.toString('hex')).toBe(vector.fileKey);
    const keys = payloadKeys(fileKey, header);
    expect([keys.key, keys.noncePrefix, keys.coreHash].map((bytes) => bytes.toString('hex'))).toEqual([
      vector.payloadKey,
      vector.noncePrefix,
      vector.coreHash,
    ]);
    expect(formatHeader(header, 4096)).toEqual(head);
    const plain = plainOf(vector.size);
    const chunks = Array.from({ length: chunkCount(header) }, (_, index) =>
      sealChunk(header, keys, index, plain.subarray(index * 4096, (index + 1) * 4096)),
    );
    expect(Buffer.concat(chunks.flat()).toString('base64')).toBe(vector.payload);
  });
});
