import { describe, expect, onTestFinished, test } from 'vitest';

import { SluiceError, type SluiceEvent } from '../../base/index.js';
import { createHostGate, createTransport, type ResponseHead, type Transport } from '../../net/index.js';
import {
  gitOidOf,
  seededContent,
  sha256Of,
  startSim,
  toContent,
  wholeContent,
  type Content,
  type RouteKind,
  type Sim,
  type SimOptions,
} from '../../sim/index.js';
import type { Origin, OriginOptions, Pinned, Ref, Source } from '../index.js';

/** The content that every origin of the suite serves. */
export const SUITE_FILES: Readonly<Record<string, Content>> = {
  'config.json': toContent('{"hidden_size":8}'),
  'model-00001-of-00002.safetensors': seededContent({ seed: 1, sizeBytes: 70_001 }),
  'sub/folder/odd name #1 é%.txt': toContent('odd'),
  'vocab.txt': toContent('a\nb\n'),
};

/** What one implementation brings to the suite. */
export interface OriginCase {
  readonly name: string;
  /** Another case of the same origin already showed how it meets faults. */
  readonly isVariant?: true;
  /** Requests that `list` takes after `pin`. */
  readonly listRequests: number;
  /** Kinds of requests that `pin` and `list` make. */
  readonly listing: readonly RouteKind[];
  /** Whether its listing tells sizes. */
  readonly hasSizes: boolean;
  readonly simOptions: SimOptions;
  readonly open: (sim: Sim, options: OriginOptions) => Origin;
  ref(sim: Sim): Ref;
  /** A ref of which the origin has nothing, and the code that says so. */
  missing(sim: Sim): readonly [Ref, string];
  /** The origin for that ref, where it is another one. */
  readonly openMissing?: (sim: Sim, options: OriginOptions) => Origin;
}

/** An origin on its simulator, both ended with their test. */
export interface Opened {
  readonly sim: Sim;
  readonly origin: Origin;
  readonly ref: Ref;
  readonly transport: Transport;
  readonly events: readonly SluiceEvent[];
}

export const never = new AbortController().signal;

export async function openCase(each: OriginCase, more: SimOptions = {}): Promise<Opened> {
  const sim = await startSim({ ...each.simOptions, ...more });
  const transport = createTransport({ idleMs: 2000, headTimeoutMs: 2000 });
  onTestFinished(async () => {
    await transport.close();
    await sim.stop();
  });
  const events: SluiceEvent[] = [];
  const options = { transport, gate: createHostGate(), emit: (event: SluiceEvent) => void events.push(event) };
  return { sim, transport, events, origin: each.open(sim, options), ref: each.ref(sim) };
}

/** Holds an implementation to the contract of the port. */
export function describeOrigin(each: OriginCase): void {
  describe(`${each.name} as an origin`, () => {
    if (each.isVariant !== true) describeFaults(each);

    test('pins with one request, to 40 hex digits that are the same each time', async () => {
      const { sim, origin, ref } = await openCase(each);
      const pinned = await origin.pin(ref, never);
      expect(pinned.commit).toMatch(/^[0-9a-f]{40}$/);
      expect(pinned.ref).toEqual(ref);
      expect(sim.requests).toHaveLength(1);
      expect((await origin.pin(ref, never)).commit).toBe(pinned.commit);
    });

    test('lists every file, sorted, with the digests of its content and no request per file', async () => {
      const { sim, origin, ref } = await openCase(each);
      const pinned = await origin.pin(ref, never);
      sim.forget();
      const manifest = await origin.list(pinned, never);
      expect(sim.requests).toHaveLength(each.listRequests);
      expect(manifest.files.map(({ path }) => path)).toEqual(Object.keys(SUITE_FILES).sort());
      for (const { path, sizeBytes, digests } of manifest.files) {
        const content = SUITE_FILES[path] ?? toContent('');
        if (each.hasSizes) expect(sizeBytes).toBe(wholeContent(content).length);
        expect(digests).not.toEqual({});
        if (digests.sha256 !== undefined) expect(digests.sha256).toBe(sha256Of(content));
        if (digests.gitSha1 !== undefined) expect(digests.gitSha1).toBe(gitOidOf(content));
      }
    });

    test('names sources without I/O, whose bytes are those of the files', async () => {
      const { sim, origin, ref, transport } = await openCase(each);
      const pinned = await origin.pin(ref, never);
      const { files } = await origin.list(pinned, never);
      sim.forget();
      const sources = files.map((file) => [file.path, origin.source(pinned, file)] as const);
      expect(sim.requests).toHaveLength(0);
      for (const [path, source] of sources) {
        expect(source.id).toBe(origin.id);
        const { head, body } = await fetchAll(transport, source);
        expect([path, head.status]).toEqual([path, 200]);
        expect(body.equals(wholeContent(SUITE_FILES[path] ?? toContent('')))).toBe(true);
      }
      expect(sim.leaks).toEqual([]);
    });

    test('says what is missing', async () => {
      const { sim, origin } = await openCase({ ...each, open: each.openMissing ?? each.open });
      const [ref, code] = each.missing(sim);
      await expect(pinAndList(origin, ref)).rejects.toMatchObject({ code });
    });

    test('ends at once when it is interrupted', async () => {
      const faults = [{ on: { kind: each.listing }, fault: { type: 'stall' as const, afterBytes: -1 } }];
      const { origin, ref } = await openCase(each, { faults });
      const controller = new AbortController();
      const pinning = origin.pin(ref, controller.signal);
      setTimeout(() => controller.abort(), 50);
      await expect(pinning).rejects.toMatchObject({ code: 'INTERRUPTED' });
    });

    test('puts words to the refusals of its own host and of hosts behind redirects', async () => {
      const { origin, ref } = await openCase(each);
      const pinned = await origin.pin(ref, never);
      const { files } = await origin.list(pinned, never);
      const source = origin.source(pinned, files[0] ?? expect.fail('no files'));
      const codes = (url: string): string[] =>
        [401, 403, 404, 410, 416, 429, 500, 503].map((status) => source.failure({ status, headers: {}, url }, '').code);
      expect(codes(source.url)).toEqual([
        'UNAUTHORIZED',
        'FORBIDDEN',
        'FILE_NOT_FOUND',
        'FILE_NOT_FOUND',
        'RANGE_REFUSED',
        'RATE_LIMITED',
        'SERVER_ERROR',
        'SERVER_ERROR',
      ]);
      expect(codes('https://cdn.example/signed?x=1')).toEqual([
        'EXPIRED',
        'EXPIRED',
        'FILE_NOT_FOUND',
        'EXPIRED',
        'RANGE_REFUSED',
        'RATE_LIMITED',
        'SERVER_ERROR',
        'SERVER_ERROR',
      ]);
      const expired = { status: 400, headers: {}, url: 'https://cdn.example/' };
      expect(source.failure(expired, '<Code>Request has expired</Code>').code).toBe('EXPIRED');
    });

    test('does not let a server write to the terminal', async () => {
      const { origin, ref } = await openCase(each);
      const pinned = await origin.pin(ref, never);
      const { files } = await origin.list(pinned, never);
      const source = origin.source(pinned, files[0] ?? expect.fail('no files'));
      const text = `\u001b[2J${'x'.repeat(5000)}`;
      const headers = { 'x-error-message': text, 'content-type': 'text/plain' };
      const error = source.failure({ status: 403, headers, url: source.url }, text);
      expect(error.message).not.toContain('\u001b');
      expect(error.message.length).toBeLessThan(1000);
    });
  });
}

/** How it meets answers that are not what was asked for. */
function describeFaults(each: OriginCase): void {
  describe('with faults', () => {
    test('asks again after failures that pass, and says that it waits', async () => {
      const faults = [{ on: { kind: each.listing, times: 1 }, fault: { type: 'status' as const, status: 503 } }];
      const { origin, ref, events } = await openCase(each, { faults });
      expect((await pinAndList(origin, ref)).files).toHaveLength(Object.keys(SUITE_FILES).length);
      expect(events).toContainEqual(
        expect.objectContaining({ type: 'source.waiting', source: new URL(origin.endpoint).host }),
      );
    });

    test('waits as long as it is told to after a 429', async () => {
      const headers = { 'retry-after': '1' };
      const faults = [
        { on: { kind: each.listing, times: 1 }, fault: { type: 'status' as const, status: 429, headers } },
      ];
      const { origin, ref, sim } = await openCase(each, { faults });
      await origin.pin(ref, never);
      const [first, second] = sim.requests;
      expect((second?.atMs ?? 0) - (first?.atMs ?? 0)).toBeGreaterThanOrEqual(950);
    });

    test.each([
      ['a page in place of its answer', '<!doctype html><title>Log in</title>', 'text/html'],
      ['garbage', '\u0000\u0001\u0002 nothing', 'application/octet-stream'],
    ])('refuses %s', async (_, content, contentType) => {
      const faults = [{ on: { kind: each.listing }, fault: { type: 'body' as const, content, contentType } }];
      const { origin, ref } = await openCase(each, { faults });
      await expect(pinAndList(origin, ref)).rejects.toSatisfy(isOneOf('BAD_RESPONSE', 'BAD_MANIFEST'));
    });
  });
}

/** Everything that the origin says of a ref. */
export async function pinAndList(origin: Origin, ref: Ref): ReturnType<Origin['list']> {
  const pinned: Pinned = await origin.pin(ref, never);
  return origin.list(pinned, never);
}

/** The code of the error that a source makes of its answer, undefined when it gives the file. */
export async function refusedWith(transport: Transport, source: Source): Promise<string | undefined> {
  const { head, body } = await fetchAll(transport, source);
  return head.status < 300 ? undefined : source.failure(head, body.toString()).code;
}

export function isOneOf(...codes: readonly string[]): (error: unknown) => boolean {
  return (error) => error instanceof SluiceError && codes.includes(error.code);
}

async function fetchAll(transport: Transport, source: Source): Promise<{ head: ResponseHead; body: Buffer }> {
  const chunks: Buffer[] = [];
  let head: ResponseHead = { status: 0, headers: {}, url: source.url };
  await transport.get(
    { url: source.url, headers: source.headers ?? {}, credentials: source.credentials ?? {}, signal: never },
    {
      onHead: (given) => {
        head = given;
        return true;
      },
      onData: (chunk) => void chunks.push(Buffer.from(chunk)),
    },
  );
  return { head, body: Buffer.concat(chunks) };
}
