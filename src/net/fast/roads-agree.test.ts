import fc from 'fast-check';
import { expect, test } from 'vitest';

import { createTransport } from '../transport.js';
import { arbitraryAnswer, damagedAnswer } from '../testing/arbitrary-answer.js';
import { collect } from '../testing/collect.js';
import { cut, scriptedServer, type ScriptedServer } from '../testing/scripted-server.js';

/** `SLUICE_RUNS=20000 npm test` for the long form. */
const RUNS = Number(process.env.SLUICE_RUNS ?? 400);
const cuts = fc.array(fc.nat(), { maxLength: 6 });

/** What a caller sees of one GET: the answer, or the code of the error. */
async function outcome(server: ScriptedServer, fast: boolean, request: object): Promise<unknown> {
  const transport = createTransport({ fast, headTimeoutMs: 400, idleMs: 400 });
  try {
    const { head, body } = await collect(transport, { url: `${server.origin}/file.bin`, ...request });
    return { status: head.status, headers: head.headers, body: Buffer.from(body).toString('hex') };
  } catch (error) {
    return (error as { code?: unknown }).code;
  } finally {
    await transport.close();
  }
}

async function agree(
  server: ScriptedServer,
  bytes: Buffer,
  places: number[],
  request: object = { range: { startByte: 0 } },
): Promise<void> {
  server.script = { writes: cut(bytes, places), then: 'end' };
  const expected = await outcome(server, false, request);
  expect(await outcome(server, true, request)).toEqual(expected);
}

/** What hubs compose while they send it. */
const DOCUMENT = { headers: { accept: 'application/json' } };

test('both roads make the same of answers that are sound, or nearly, however they are cut', async () => {
  const server = await scriptedServer();
  await fc.assert(
    fc.asyncProperty(arbitraryAnswer, cuts, (bytes, places) => agree(server, bytes, places)),
    { numRuns: RUNS },
  );
});

test('both roads make the same of damaged answers', async () => {
  const server = await scriptedServer();
  await fc.assert(
    fc.asyncProperty(damagedAnswer, cuts, (bytes, places) => agree(server, bytes, places)),
    { numRuns: RUNS },
  );
});

test('both roads make the same of documents, sound or damaged', async () => {
  const server = await scriptedServer();
  await fc.assert(
    fc.asyncProperty(fc.oneof(arbitraryAnswer, damagedAnswer), cuts, (bytes, places) =>
      agree(server, bytes, places, DOCUMENT),
    ),
    { numRuns: RUNS },
  );
});

test('both roads make the same of noise', async () => {
  const server = await scriptedServer();
  const noise = fc.oneof(
    fc.uint8Array({ maxLength: 100 }).map((bytes) => Buffer.from(bytes)),
    fc.uint8Array({ maxLength: 100 }).map((bytes) => Buffer.concat([Buffer.from('HTTP/1.1 200 OK\r\n'), bytes])),
  );
  await fc.assert(
    fc.asyncProperty(noise, cuts, (bytes, places) => agree(server, bytes, places)),
    { numRuns: 200 },
  );
});
