import { describe, expect, it } from 'vitest';

import type { SluiceError } from '../../base/index.js';
import { HeldChunks } from './held-chunks.js';
import { TERMS, bench, failure, noise, text, weights, whole, type Bench } from './testing/bench.js';
import { sendRange } from './testing/tiny-origin.js';

describe('tokens', () => {
  it('are asked for again before they end', async () => {
    let nowMs = Date.now();
    const b = await bench(TERMS, { now: () => nowMs });
    await b.fetch({ startByte: 0, endByte: 10 });
    await b.fetch({ startByte: 10, endByte: 20 });
    nowMs += 871_000;
    await b.fetch({ startByte: 20, endByte: 30 });
    expect(b.origin.asked.filter((path) => path.includes('token'))).toHaveLength(2);
  });

  it('are asked for again once for all who were refused', async () => {
    const b = await bench();
    await b.fetch({ startByte: 0, endByte: 10 });
    b.origin.token = 2;
    const spans = [0, 100_000, 200_000].map((startByte) => ({ startByte, endByte: startByte + 50_000 }));
    await Promise.all(spans.map((span) => b.fetch(span)));
    expect(b.origin.asked.filter((path) => path.includes('token'))).toHaveLength(2);
  });

  it('that are refused twice are an error', async () => {
    const b = await bench();
    b.origin.hook = (path, _, response) => {
      if (!path.startsWith('/cas/')) return false;
      response.writeHead(401).end();
      return true;
    };
    expect((await failure(b.fetch(whole(b)))).code).toBe('UNAUTHORIZED');
    expect(b.origin.asked).toHaveLength(4);
  });

  it('that the hub refuses are its error', async () => {
    const b = await bench();
    b.origin.hook = (path, _, response) => {
      response.writeHead(403).end();
      return path.includes('token');
    };
    expect((await failure(b.fetch(whole(b)))).code).toBe('FORBIDDEN');
  });

  it('of a short life are used nevertheless', async () => {
    const b = await bench();
    b.origin.tokenLifeMs = -100_000;
    await b.fetch({ startByte: 0, endByte: 10 });
    await b.fetch({ startByte: 0, endByte: 10 });
    expect(b.origin.asked.filter((path) => path.includes('token'))).toHaveLength(1);
  });
});

describe('reconstructions', () => {
  it.each([404, 501])('are asked for in version 1 where version 2 gives %i, once found out', async (status) => {
    const b = await bench();
    b.origin.hook = (path, _, response) => {
      if (!path.startsWith('/cas/v2')) return false;
      response.writeHead(status).end();
      return true;
    };
    expect((await b.fetch(whole(b))).equals(b.origin.content)).toBe(true);
    await b.fetch({ startByte: 0, endByte: 10 });
    const versions = b.origin.asked.filter((path) => path.startsWith('/cas/')).map((path) => path.slice(5, 7));
    expect(versions).toEqual(['v2', 'v1', 'v1']);
  });

  it('of an unknown file are an error, and version 2 is asked again', async () => {
    const b = await bench(TERMS, { fileId: 'ab'.repeat(32) });
    for (let time = 0; time < 2; time += 1) expect((await failure(b.fetch(whole(b)))).code).toBe('FILE_NOT_FOUND');
    expect(b.origin.asked.filter((path) => path.startsWith('/cas/v2'))).toHaveLength(2);
  });
});

describe('signed addresses', () => {
  it('that are refused are asked for again once for all', async () => {
    const b = await bench(TERMS, { parallel: 3 });
    b.origin.bend = () => {
      // The first plan's addresses are of the past at once.
      if (b.origin.generation === 1) b.origin.generation = 2;
    };
    expect((await b.fetch(whole(b))).equals(b.origin.content)).toBe(true);
    expect(b.file.counters.renewals).toBe(1);
    expect(b.origin.asked.filter((path) => path.startsWith('/cas/'))).toHaveLength(2);
  });

  it('that are refused when newer ones are there already are not asked for again', async () => {
    const b = await bench(TERMS, { parallel: 2 });
    let isRenewed = false;
    let release: (() => void) | undefined;
    b.origin.bend = () => {
      if (b.origin.generation === 1) b.origin.generation = 2;
    };
    b.origin.hook = (path, request, response) => {
      const isOld = request.url?.endsWith('generation=1') === true;
      if (path === `/xorbs/${noise.id}` && isOld) {
        const refuse = (): void => void response.writeHead(403).end();
        if (isRenewed) refuse();
        else release = refuse;
        return true;
      }
      // Renewed: only now the other one learns that it is refused.
      isRenewed ||= path === `/xorbs/${weights.id}` && !isOld;
      if (isRenewed) {
        release?.();
        release = undefined;
      }
      return false;
    };
    expect((await b.fetch(whole(b))).equals(b.origin.content)).toBe(true);
    expect(b.file.counters.renewals).toBe(1);
  });

  it('that are refused for ever are an error', async () => {
    const b = await bench();
    b.origin.bend = () => (b.origin.generation += 1);
    expect((await failure(b.fetch(whole(b)))).code).toBe('EXPIRED');
    expect(b.file.counters.renewals).toBe(3);
  });

  it('of another composition than before are an error', async () => {
    const b = await bench();
    let answers = 0;
    b.origin.bend = (answer) => {
      answers += 1;
      b.origin.generation = 2;
      if (answers > 1) (answer.terms as { range: { start: number } }[])[1]!.range.start += 1;
    };
    expect((await failure(b.fetch(whole(b)))).code).toBe('SOURCE_CHANGED');
  });
});

describe('xorbs', () => {
  const bent = async (bend: (body: Buffer) => Buffer, status = 206): Promise<SluiceError> => {
    const b = await bench();
    b.origin.hook = (path, _, response) => {
      if (!path.startsWith(`/xorbs/${weights.id}`)) return false;
      const body = bend(Buffer.from(weights.body));
      if (status === 206) sendRange(response, body, [0, weights.body.length]);
      else response.writeHead(status).end(body);
      return true;
    };
    return failure(b.fetch(whole(b)));
  };
  const second = weights.chunks[0]!.record.length;

  it.each([
    [
      'another version',
      (body: Buffer) => (body.writeUInt8(7, second), body),
      /chunk of the unknown version 7 \(number 1/,
    ],
    [
      'a broken block',
      (body: Buffer) => (body.fill(0xff, second + 15, second + 19), body),
      /chunk 1 of the xorb .* is /,
    ],
    ['another length', (body: Buffer) => (body.writeUIntLE(50, second + 5, 3), body), /chunk 1 of the xorb|term of/],
  ])('with %s are an error that says where', async (_, bend, message) => {
    const error = await bent(bend);
    expect(error.code).toBe('BAD_RESPONSE');
    expect(error.message).toMatch(message);
    expect(error.message).toContain(weights.id);
  });

  it('that end early are an error', async () => {
    expect((await bent((body) => body.subarray(0, -10))).code).toBe('BAD_RESPONSE');
  });

  it('that come whole instead of their beginning are taken', async () => {
    const b = await bench();
    b.origin.hook = (path, _, response) => {
      if (!path.startsWith(`/xorbs/${weights.id}`)) return false;
      // And it goes on for ever: nobody waits for that.
      response.writeHead(200, { 'content-length': 1e9 }).write(weights.body);
      return true;
    };
    expect((await b.fetch({ startByte: 0, endByte: 100_000 })).equals(b.origin.content.subarray(0, 100_000))).toBe(
      true,
    );
    const later = await failure(b.fetch({ startByte: 400_000, endByte: 500_000 }));
    expect(later.message).toContain('200 instead of 206');
  });

  it.each([
    [500, 'SERVER_ERROR'],
    [404, 'FILE_NOT_FOUND'],
    [429, 'RATE_LIMITED'],
    [204, 'BAD_RESPONSE'],
  ])('that are refused with %i are %s', async (status, code) => {
    expect((await bent((body) => body.subarray(0, status === 204 ? 0 : 100), status)).code).toBe(code);
  });
});

describe('wrong content that decodes well', () => {
  const lie = (b: Bench): void => {
    b.origin.hook = (path, request, response) => {
      if (path !== `/xorbs/${noise.id}`) return false;
      const body = Buffer.from(noise.body);
      body[Math.floor(body.length / 3)]! ^= 1;
      const match = /bytes=(\d+)-(\d+)/.exec(request.headers.range ?? '')!;
      sendRange(response, body, [Number(match[1]), Number(match[2]) + 1]);
      return true;
    };
  };

  it('is found out by the id of the file', async () => {
    const b = await bench([
      { xorb: weights, start: 0, end: weights.chunks.length },
      { xorb: noise, start: 0, end: noise.chunks.length },
      { xorb: text, start: 0, end: text.chunks.length },
    ]);
    lie(b);
    await b.fetch(whole(b));
    const verdict = await b.file.judge();
    expect(verdict).toMatchObject({ state: 'wrong', expected: b.origin.fileId });
    b.origin.hook = () => false;
    await b.fetch(whole(b));
    expect(await b.file.judge()).toEqual({ state: 'proven' });
  });

  it('is found out at once where its hash is known, with source, xorb and chunk', async () => {
    const known = new HeldChunks();
    const honest = await bench();
    await honest.fetch(whole(honest), { hashed: (span) => known.add('blob', [span], true) });
    const b = await bench(TERMS, { known });
    expect((await b.fetch(whole(b))).equals(b.origin.content)).toBe(true);
    expect(b.file.counters.chunksKnown).toBe(b.file.counters.chunks);
    lie(b);
    const error = await failure(b.fetch(whole(b)));
    expect(error.code).toBe('DIGEST_MISMATCH');
    expect(error.details).toMatchObject({ source: 'hub', path: 'model.safetensors' });
    expect(error.message).toMatch(new RegExp(`chunk \\d+ of the xorb ${noise.id}`));
  });
});
