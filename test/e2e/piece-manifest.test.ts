import { createHash, generateKeyPairSync } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { chmod, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { seededContent, wholeContent, type Content } from '../../src/sim/index.js';
import { eventsOf, newMachine, sluice, type JsonEvent, type Machine } from './harness.js';
import { hub, isRight, MODEL, sha256OfFile } from './hub.js';
import { startServing } from './serving.js';

const MIB = 2 ** 20;
const WEIGHT = 'model-00001-of-00002.safetensors';
const SHA256 = sha256OfFile(MODEL, WEIGHT);
const running: Server[] = [];

afterEach(() => {
  for (const server of running.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

interface Entry {
  paths: string[];
  pieceBytes: number;
  pieces: string[];
  sha256: string;
  sizeBytes: number;
}
interface Manifest {
  commit?: string;
  repository?: string;
  files: Entry[];
  pieceManifest: number;
}

const payloadOf = (envelope: string): Manifest =>
  JSON.parse(Buffer.from((JSON.parse(envelope) as { payload: string }).payload, 'base64').toString()) as Manifest;

/** A mirror of ours that has the model whole, with its key and what it signed. */
async function mirrorOf(
  hubUrl: string,
): Promise<{ url: string; key: string; commit: string; envelope: string; machine: Machine }> {
  const machine = await newMachine({ HF_ENDPOINT: hubUrl });
  const { url } = await startServing(machine);
  const first = await newMachine({ HF_ENDPOINT: url });
  const done = await sluice(first, 'pull', 'acme/tiny', '--json');
  expect(done.code, done.stderr).toBe(0);
  const commit = String(eventsOf(done).find(({ type }) => type === 'ref.resolved')?.commit);
  const manifestOf = async (): Promise<string> => (await fetch(`${url}/-/api/v1/pieces/hf/acme/tiny/${commit}`)).text();
  const isWhole = async (): Promise<boolean> => {
    const text = await manifestOf();
    return text.includes('payload') && payloadOf(text).files.some(({ sha256 }) => sha256 === SHA256);
  };
  await expect.poll(isWhole, { timeout: 60_000 }).toBe(true);
  const key = join(machine.root, 'keys.json');
  await writeFile(key, await (await fetch(`${url}/-/api/v1/keys`)).text());
  return { url, key, commit, envelope: await manifestOf(), machine };
}

/** An endpoint that gives somebody's answers, and an envelope of the test's where manifests are asked for. */
async function frontOf(url: string, envelope: string): Promise<string> {
  const server = createServer((request, response) => {
    if (request.url?.startsWith('/-/api/v1/pieces/') === true) return void response.end(envelope);
    response.writeHead(307, { location: `${url}${request.url ?? ''}` }).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  running.push(server);
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Wrong in every piece, from its first byte on. */
const liar = (xor: number) =>
  hub({
    network: { connectionBytesPerSecond: 16 * MIB },
    faults: Array.from({ length: 25 }, (_, index) => ({
      on: { host: 'cdn' as const },
      fault: { type: 'corrupt' as const, atByte: index * MIB, xor },
    })),
  });

const banned = (events: readonly JsonEvent[]): string[] =>
  events.flatMap(({ type, source }) => (type === 'source.banned' ? [String(source)] : []));

describe('what a server of ours signs', () => {
  it('is the pieces of what it has, for each blob and each revision', async () => {
    const sim = await hub();
    const { url, machine, envelope, commit } = await mirrorOf(sim.url);
    const manifest = payloadOf(envelope);
    expect([manifest.repository, manifest.commit]).toEqual(['hf:acme/tiny', commit]);
    const entry = manifest.files.find(({ sha256 }) => sha256 === SHA256);
    const content = Buffer.from(wholeContent(MODEL[WEIGHT] as Content));
    expect(entry?.paths).toEqual([WEIGHT]);
    expect(entry?.sizeBytes).toBe(content.length);
    const { pieceBytes = 1, pieces = [] } = entry ?? {};
    const slices = pieces.map((_, index) => content.subarray(index * pieceBytes, (index + 1) * pieceBytes));
    expect(slices.reduce((sum, slice) => sum + slice.length, 0)).toBe(content.length);
    expect(slices.map((slice) => createHash('sha256').update(slice).digest('hex'))).toEqual(pieces);
    const ofBlob = payloadOf(await (await fetch(`${url}/-/api/v1/pieces/${SHA256}`)).text());
    expect(ofBlob.files).toEqual([{ ...entry, paths: [] }]);
    expect((await fetch(`${url}/-/api/v1/pieces/${'0'.repeat(64)}`)).status).toBe(404);
    expect((await fetch(`${url}/-/api/v1/pieces/hf/acme/none/main`)).status).toBe(404);
    expect((await stat(join(machine.home, 'keys', 'signing'))).mode & 0o777).toBe(0o600);
  });

  it('of a repository that is not for everybody is for those who may have it', async () => {
    const repositories = [
      { id: 'acme/private', private: true, tokens: ['hf_granted'], files: { [WEIGHT]: MODEL[WEIGHT] ?? '' } },
    ];
    const sim = await hub({ repositories, users: { hf_granted: 'ann', hf_other: 'bob' } });
    const { url } = await startServing(await newMachine({ HF_ENDPOINT: sim.url }));
    const client = await newMachine({ HF_ENDPOINT: url, HF_TOKEN: 'hf_granted' });
    expect((await sluice(client, 'pull', 'acme/private')).code).toBe(0);
    const ask = async (token?: string): Promise<number> => {
      const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
      return (await fetch(`${url}/-/api/v1/pieces/hf/acme/private/main`, { headers })).status;
    };
    await expect.poll(() => ask('hf_granted'), { timeout: 60_000 }).toBe(200);
    expect([await ask(), await ask('hf_other')]).toEqual([404, 404]);
  });

  it('lets bytes come from liars: each is banned at its first wrong piece, and nothing else comes twice', async () => {
    const honest = await hub({ network: { connectionBytesPerSecond: 16 * MIB } });
    const { key, envelope } = await mirrorOf(honest.url);
    const [one, two] = [await liar(1), await liar(2)];
    const machine = await newMachine({ HF_ENDPOINT: one.url });
    const file = join(machine.root, 'pieces.json');
    await writeFile(file, envelope);
    const args = ['--source', two.url, '--source', honest.url, '--include', WEIGHT];
    const done = await sluice(machine, 'pull', 'acme/tiny', ...args, '--pieces', file, '--trust-key', key, '--json');
    expect(done.code, done.stderr).toBe(0);
    const events = eventsOf(done);
    const ended = events.find(({ type }) => type === 'pull.done');
    expect(await isRight(MODEL, WEIGHT, join(String(ended?.path), WEIGHT))).toBe(true);
    const wrong = events.filter(({ type }) => type === 'piece.wrong');
    const liars = [one, two].map(({ url }) => new URL(url).host);
    expect(wrong.length).toBeGreaterThan(0);
    for (const { source, expected, actual } of wrong) {
      expect(
        liars.some((host) => String(source).includes(host)),
        String(source),
      ).toBe(true);
      expect(expected).toMatch(/^[0-9a-f]{64}$/);
      expect(actual).not.toBe(expected);
    }
    // Whoever gave a wrong piece is out by it; of one that two gave together nobody knows whose fault it is.
    const alone = new Set(wrong.map((event) => String(event.source)).filter((source) => !source.includes('+')));
    expect(alone.size).toBeGreaterThan(0);
    for (const source of alone) {
      expect(banned(events)).toContain(source);
      const first = events.findIndex((event) => event.type === 'piece.wrong' && event.source === source);
      const out = events.findIndex((event) => event.type === 'source.banned' && event.source === source);
      expect(
        events.slice(first + 1, out).filter(({ type, source: by }) => type === 'piece.landed' && by === source),
      ).toEqual([]);
    }
    const proven = events.find(({ type, file: path }) => type === 'file.proven' && path === WEIGHT);
    expect(proven?.checks).toEqual(['sha256', 'pieces']);
    // No piece that was right came again.
    const landed = events.filter(({ type }) => type === 'piece.landed').map(({ index }) => index);
    expect(new Set(landed).size).toBe(landed.length);
  });

  it('is fetched from the server itself where its key is trusted', async () => {
    const sim = await hub();
    const { url, key } = await mirrorOf(sim.url);
    const machine = await newMachine({ HF_ENDPOINT: url });
    const done = await sluice(machine, 'pull', 'acme/tiny', '--trust-key', key, '--json');
    expect(done.code, done.stderr).toBe(0);
    const proven = eventsOf(done).find(({ type, file }) => type === 'file.proven' && file === WEIGHT);
    expect(proven?.checks).toEqual(['sha256', 'pieces']);
  });

  it('with a wrong signature ends with 5 where it was named, and by another key with 6', async () => {
    const sim = await hub();
    const { url, key, envelope } = await mirrorOf(sim.url);
    const machine = await newMachine({ HF_ENDPOINT: sim.url });
    const file = join(machine.root, 'pieces.json');
    const parsed = JSON.parse(envelope) as { payload: string; signatures: { sig: string }[] };
    const manifest = payloadOf(envelope);
    manifest.files.forEach((entry) => (entry.sizeBytes += 1));
    await writeFile(
      file,
      JSON.stringify({ ...parsed, payload: Buffer.from(JSON.stringify(manifest)).toString('base64') }),
    );
    expect((await sluice(machine, 'pull', 'acme/tiny', '--pieces', file, '--trust-key', key)).code).toBe(5);
    const other = join(machine.root, 'other.pem');
    await writeFile(other, generateKeyPairSync('ed25519').publicKey.export({ format: 'pem', type: 'spki' }));
    await writeFile(file, envelope);
    expect((await sluice(machine, 'pull', 'acme/tiny', '--pieces', file, '--trust-key', other)).code).toBe(6);
    const names = await readdir(join(machine.home, 'blobs'), { recursive: true });
    expect(names.filter((name) => /[0-9a-f]{64}$/.test(name))).toEqual([]);
    // A server that signs wrongly does not keep the file from us: the whole is proven as ever.
    const front = await frontOf(url, await readFile(file, 'utf8'));
    const done = await sluice(machine, 'pull', 'acme/tiny', '--source', front, '--trust-key', other, '--json');
    expect(done.code, done.stderr).toBe(0);
    expect(eventsOf(done).filter(({ type, code }) => type === 'notice' && code === 'UNTRUSTED_KEY')).not.toEqual([]);
  });

  it('is only a hint without a key: one that is wrong costs time, and the file is right', async () => {
    const sim = await hub();
    const { envelope } = await mirrorOf(sim.url);
    const machine = await newMachine({ HF_ENDPOINT: sim.url });
    const file = join(machine.root, 'pieces.json');
    const manifest = payloadOf(envelope);
    for (const entry of manifest.files) if (entry.pieces.length > 2) entry.pieces[1] = 'f'.repeat(64);
    await writeFile(file, JSON.stringify(manifest));
    const done = await sluice(machine, 'pull', 'acme/tiny', '--pieces', file, '--json');
    expect(done.code, done.stderr).toBe(0);
    const ended = eventsOf(done).find(({ type }) => type === 'pull.done');
    expect(await isRight(MODEL, WEIGHT, join(String(ended?.path), WEIGHT))).toBe(true);
  });

  it('of another content than the listing is refused', async () => {
    const sim = await hub();
    const { envelope } = await mirrorOf(sim.url);
    const other = { ...MODEL, [WEIGHT]: seededContent({ seed: 'other', sizeBytes: 24 * MIB + 123 }) };
    const changed = await hub({ repositories: [{ id: 'acme/tiny', files: other }] });
    const machine = await newMachine({ HF_ENDPOINT: changed.url });
    const file = join(machine.root, 'pieces.json');
    const listing = await sluice(machine, 'pull', 'acme/tiny', '--include', 'config.json', '--json');
    const commit = String(eventsOf(listing).find(({ type }) => type === 'ref.resolved')?.commit);
    await writeFile(
      file,
      JSON.stringify(Object.fromEntries(Object.entries({ ...payloadOf(envelope), commit }).sort())),
    );
    const done = await sluice(machine, 'pull', 'acme/tiny', '--pieces', file);
    expect(done.code).toBe(5);
    expect(done.stderr).toContain(WEIGHT);
  });
});

describe('a repair', () => {
  it('fetches what is wrong by pieces that somebody signed', async () => {
    const sim = await hub();
    const { key, url } = await mirrorOf(sim.url);
    const machine = await newMachine({ HF_ENDPOINT: url });
    expect((await sluice(machine, 'pull', 'acme/tiny')).code).toBe(0);
    const blob = join(machine.home, 'blobs', 'sha256', SHA256.slice(0, 2), SHA256);
    const bytes = await readFile(blob);
    const at = 5 * MIB + 9;
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    await chmod(blob, 0o644);
    await writeFile(blob, bytes);
    const done = await sluice(machine, 'repair', '--trust-key', key, '--json');
    expect(done.code, done.stderr).toBe(0);
    const report = JSON.parse(done.stdout.trim().split('\n').at(-1) ?? '') as { fetchedBytes: number };
    expect(report.fetchedBytes).toBe(MIB);
    expect(await isRight(MODEL, WEIGHT, blob)).toBe(true);
  });
});
