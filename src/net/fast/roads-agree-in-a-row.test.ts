import fc from 'fast-check';
import { expect, test } from 'vitest';

import type { Transport } from '../port.js';
import { createTransport } from '../transport.js';
import { arbitraryAnswer, damagedAnswer } from '../testing/arbitrary-answer.js';
import { collect } from '../testing/collect.js';
import { rowServer, type RowServer } from '../testing/row-server.js';
import { cut } from '../testing/scripted-server.js';

/** `SLUICE_RUNS=20000 npm test` for the long form. */
const RUNS = Math.ceil(Number(process.env.SLUICE_RUNS ?? 400) / 4);
/** After so many turns of the event loop without a word from the server nothing is on its way any more. */
const SILENT_TURNS = 12;

const EVIL = 'HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil';
const plain = fc
  .record({
    body: fc.uint8Array({ maxLength: 40 }),
    status: fc.constantFrom(200, 206, 404),
    surplus: fc.constantFrom('', '', '', 'x', EVIL),
  })
  .map(({ body, status, surplus }) => {
    const head = `HTTP/1.1 ${status} OK\r\ncontent-length: ${body.length}\r\n\r\n`;
    return Buffer.concat([Buffer.from(head), body, Buffer.from(surplus)]);
  });
const cuts = fc.array(fc.nat(), { maxLength: 3 });
const step = fc.record({
  bytes: fc.oneof({ weight: 3, arbitrary: plain }, arbitraryAnswer, damagedAnswer),
  places: cuts,
  then: fc.constantFrom('keep' as const, 'keep' as const, 'keep' as const, 'end' as const),
});

/** A row of calls, until the test's own time is over: turns go by quickly where the machine is slow to bring bytes. */
interface Row {
  readonly server: RowServer;
  readonly transport: Transport;
  readonly signal: AbortSignal;
}

/** What a caller sees of the answer: what it says, or the code of the error. */
async function outcome({ server, transport, signal }: Row, index: number): Promise<unknown> {
  const url = `${server.origin}/${index}`;
  const call = { isOver: false };
  const got = collect(transport, { url, range: { startByte: 0 } })
    .then(
      ({ head, body }) => ({ status: head.status, headers: head.headers, body: Buffer.from(body).toString('hex') }),
      (error: unknown) => (error as { code?: unknown }).code,
    )
    .finally(() => (call.isOver = true));
  const before = server.said;
  for (let silent = 0; !call.isOver || silent < SILENT_TURNS; silent += 1) {
    if (signal.aborted) throw new Error('an answer without end');
    const { said } = server;
    await new Promise((resolve) => setImmediate(resolve));
    if (said !== server.said || (!call.isOver && server.said === before)) silent = 0;
    // Whoever still waits for the rest of an answer learns that it does not come.
    else if (!call.isOver && silent >= SILENT_TURNS) silent = server.end();
  }
  return got;
}

test(
  'what came before on a connection changes nothing about an answer, on either road',
  { timeout: 120_000 },
  async ({ signal }) => {
    const server = await rowServer();
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 2, maxLength: 4 }), async (steps) => {
        server.answers = steps.map(({ bytes, places, then }) => ({ writes: cut(bytes, places), then }));
        const expected: unknown[] = [];
        for (const index of steps.keys()) expected.push(...(await inARow(server, signal, false, [index])));
        expect(await inARow(server, signal, false, steps.keys())).toEqual(expected);
        expect(await inARow(server, signal, true, steps.keys())).toEqual(expected);
      }),
      { numRuns: RUNS },
    );
  },
);

async function inARow(
  server: RowServer,
  signal: AbortSignal,
  fast: boolean,
  indexes: Iterable<number>,
): Promise<unknown[]> {
  const transport = createTransport({ fast });
  try {
    const outcomes: unknown[] = [];
    for (const index of indexes) outcomes.push(await outcome({ server, transport, signal }, index));
    return outcomes;
  } finally {
    await transport.close();
  }
}
