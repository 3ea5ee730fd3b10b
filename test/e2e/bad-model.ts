import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { buildSafetensors } from '../../src/scan/testing/build-safetensors.js';
import type { Sim } from '../../src/sim/index.js';
import type { Machine } from './harness.js';
import { hub } from './hub.js';
import { digestOf, startRegistry } from './registry.js';

/** What stands in the bad file and nowhere else. */
export const MARK = 'this-would-run-when-it-is-loaded';

/** A pickle that calls a command when it is loaded; the command is a comment of this length. */
export function badPickle(sizeBytes: number): Buffer {
  const command = Buffer.from(`: ${MARK}`.padEnd(sizeBytes));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(command.length);
  return Buffer.concat([Buffer.from('\x80\x02cposix\nsystem\n(X', 'latin1'), length, command, Buffer.from('tR.')]);
}

export const BAD = badPickle(900_000);
const TENSOR = { dtype: 'U8', shape: [700_000], data_offsets: [0, 700_000] };
export const GOOD = buildSafetensors({ weight: TENSOR }, 700_000);
export const FILES = { 'model.safetensors': GOOD, 'pytorch_model.bin': BAD, 'config.json': '{"model_type":"tiny"}' };

const sha256Of = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

/** Only what is clean passes; what the good files are is vouched for. */
export function writePolicy(machine: Machine, more = ''): string {
  const path = join(machine.root, 'policy.toml');
  const until = new Date(Date.now() + 86_400_000).toISOString().slice(0, 10);
  const vouched = [GOOD, Buffer.from(FILES['config.json'])].map(
    (bytes) =>
      `[[waiver]]\nrule = "NOT_SCANNED"\ndigest = "${sha256Of(bytes)}"\nowner = "tests"\nreason = "known"\nuntil = ${until}\n`,
  );
  writeFileSync(path, `name = "house"\n${more}\n${vouched.join('\n')}`);
  return path;
}

export interface BadWorld {
  readonly sim: Sim;
  readonly env: Readonly<Record<string, string>>;
  readonly args: readonly string[];
  readonly site: string;
}

/** A hub, a registry and a folder of files that all have the bad model. */
export async function badWorld(): Promise<BadWorld> {
  const sim = await hub({ repositories: [{ id: 'acme/tiny', files: FILES }], xet: {} });
  const manifest = Buffer.from(
    JSON.stringify({ schemaVersion: 2, layers: [{ digest: digestOf(BAD), size: BAD.length }] }),
  );
  const registry = await startRegistry('acme/model', { v1: manifest }, [BAD, GOOD]);
  const folder = createServer((request, response) => {
    if (request.url === '/simple/bad/') {
      response.setHeader('content-type', 'text/html');
      return void response.end(`<a href="/bad-1.0.tar.gz#sha256=${sha256Of(BAD)}">bad-1.0.tar.gz</a>`);
    }
    const head = { 'content-length': BAD.length, etag: '"one"', 'accept-ranges': 'bytes' };
    const [, from = '0', to = ''] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '') ?? [];
    const part = BAD.subarray(Number(from), to === '' ? BAD.length : Number(to) + 1);
    const isPart = request.headers.range !== undefined;
    const range = {
      ...head,
      'content-length': part.length,
      'content-range': `bytes ${from}-${Number(from) + part.length - 1}/${BAD.length}`,
    };
    response.writeHead(isPart ? 206 : 200, isPart ? range : head).end(request.method === 'HEAD' ? undefined : part);
  });
  await new Promise<void>((resolve) => folder.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    folder.closeAllConnections();
    folder.close();
  });
  const site = `http://127.0.0.1:${(folder.address() as AddressInfo).port}`;
  return {
    sim,
    env: { HF_ENDPOINT: sim.url, MODELSCOPE_ENDPOINT: sim.url },
    args: [
      ...['--registry', `docker.io=${registry.url}`, '--registry', `ollama=${registry.url}`],
      ...['--site', `plain=files:${site}`, '--site', `py=pypi:${site}`],
    ],
    site,
  };
}

export interface Step {
  readonly name: string;
  readonly path: string;
  readonly init?: RequestInit;
}

/** Every way by which the bytes of the bad file, or a word that it has not changed, could be had. `commit`: of the repository. */
export function waysTo(bytes: Buffer, file: string, commit: string): readonly Step[] {
  const oid = sha256Of(bytes);
  const range = { range: `bytes=${bytes.length - 1000}-` };
  const resolve = `/acme/tiny/resolve/main/${file}`;
  const agent = { 'user-agent': 'ollama/0.12.0 (amd64 linux) Go/go1.24.1' };
  const blob = `/v2/acme/model/blobs/sha256:${oid}`;
  const ollama = [
    { name: 'Ollama HEAD', path: blob, init: { method: 'HEAD', headers: agent } },
    { name: 'Ollama', path: blob, init: { headers: agent } },
    { name: 'Ollama range', path: blob, init: { headers: { ...agent, ...range } } },
  ];
  return [
    { name: 'HEAD', path: resolve, init: { method: 'HEAD' } },
    { name: 'GET', path: resolve },
    { name: 'by commit', path: `/acme/tiny/resolve/${commit}/${file}` },
    { name: 'resumed', path: resolve, init: { headers: range } },
    { name: 'revalidated', path: resolve, init: { headers: { 'if-none-match': `"${oid}"` } } },
    { name: 'resolve-cache', path: `/api/resolve-cache/models/acme/tiny/${commit}/${file}` },
    { name: 'LFS object', path: `/acme/tiny.git/info/lfs/objects/${oid}?commit=${commit}` },
    { name: 'LFS range', path: `/acme/tiny/info/lfs/objects/${oid}`, init: { headers: range } },
    { name: 'ModelScope', path: `/api/v1/models/acme/tiny/repo?Revision=master&FilePath=${file}` },
    { name: 'ModelScope range', path: `/api/v1/models/acme/tiny/repo?FilePath=${file}`, init: { headers: range } },
    ...ollama,
    { name: 'OCI digest', path: `/v2/acme/model/blobs/sha256:${oid}` },
    { name: 'OCI HEAD', path: `/v2/acme/model/blobs/sha256:${oid}`, init: { method: 'HEAD' } },
    { name: 'OCI range', path: `/v2/acme/model/blobs/sha256:${oid}`, init: { headers: range } },
  ];
}
