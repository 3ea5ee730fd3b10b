import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

export interface PackageOrigin {
  readonly url: string;
  /** Bytes of files that were sent, ever. */
  readonly sentBytes: () => number;
  /** Sends on what it held back. */
  readonly speak: () => void;
}

const STEP_BYTES = 64 * 1024;
const digest = (algorithm: string, bytes: Buffer): string => createHash(algorithm).update(bytes).digest('hex');

/**
 * One place that speaks as a registry of images, as an index of Python and of npm packages, as an archive of Debian's and as a folder. Each of its files is a layer, a wheel, a tarball, a package
 * and a plain file by its name. An answer that comes to the byte that is withheld stays open and says no more; those that begin behind it pass.
 */
export async function packageOrigin(
  files: Readonly<Record<string, Buffer>>,
  withheld: { readonly name: string; readonly atByte: number },
): Promise<PackageOrigin> {
  const state = { sentBytes: 0, waiting: [] as (() => void)[] };
  const passed = (bytes: number): void => void (state.sentBytes += bytes);
  /** What is sent next of a file ends there. */
  const stopOf = (name: string, at: number): number =>
    name === withheld.name && at <= withheld.atByte && state.waiting !== SPOKEN ? withheld.atByte : Infinity;
  const server = createServer((request, response) => {
    const { url = '/', headers } = request;
    const [path = '/'] = decodeURIComponent(url).split('?');
    const page = pageAt(path, `http://${headers.host ?? ''}`, files);
    if (page !== undefined) return void response.writeHead(200, { 'content-type': page[0] }).end(page[1]);
    const found = Object.entries(files).find(([name, bytes]) => path.endsWith(`sha256:${digest('sha256', bytes)}`) || FILE.exec(path)?.[1] === name); // prettier-ignore
    if (found === undefined) return void response.writeHead(404).end();
    const [name, bytes] = found;
    const hold = (next: () => void): void => void state.waiting.push(next);
    send(request, response, bytes, { passed, hold, stopAfter: (at) => stopOf(name, at) });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const speak = (): void => {
    const { waiting } = state;
    state.waiting = SPOKEN;
    for (const next of waiting) next();
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, sentBytes: () => state.sentBytes, speak };
}

/** It holds nothing back any more. */
const SPOKEN: (() => void)[] = [];
const FILE = /\/([a-z]+)(?:-1\.0\.0|_1_all|-1-py3-none-any)?\.(?:whl|tgz|deb|bin)$/;

/** What its lists say: type and body. */
function pageAt(
  path: string,
  own: string,
  files: Readonly<Record<string, Buffer>>,
): readonly [string, string] | undefined {
  const name = /^\/(?:simple\/)?(\w+)\/?$/.exec(path)?.[1] ?? '';
  const bytes = files[name];
  if (path.startsWith('/simple/') && bytes !== undefined)
    return ['text/html', `<a href="/packages/${name}-1-py3-none-any.whl#sha256=${digest('sha256', bytes)}">${name}</a>`]; // prettier-ignore
  if (bytes !== undefined) {
    const dist = { tarball: `${own}/${name}/-/${name}-1.0.0.tgz`, shasum: digest('sha1', bytes) };
    return ['application/json', JSON.stringify({ name, versions: { '1.0.0': { dist } } })];
  }
  if (!path.endsWith('/manifests/v1')) return undefined;
  const layers = Object.values(files).map((each) => ({ mediaType: 'application/x', digest: `sha256:${digest('sha256', each)}`, size: each.length })); // prettier-ignore
  return ['application/vnd.oci.image.manifest.v1+json', JSON.stringify({ schemaVersion: 2, layers })];
}

interface Way {
  readonly passed: (bytes: number) => void;
  /** The first byte from `at` on that is withheld. */
  readonly stopAfter: (at: number) => number;
  readonly hold: (next: () => void) => void;
}

function send(
  { method, headers }: IncomingMessage,
  response: ServerResponse,
  bytes: Buffer,
  { passed, stopAfter, hold }: Way,
): void {
  const [, first, last = ''] = /^bytes=(\d+)-(\d*)$/.exec(headers.range ?? '') ?? [];
  const start = Number(first ?? 0);
  const end = last === '' ? bytes.length : Math.min(Number(last) + 1, bytes.length);
  response.writeHead(first === undefined ? 200 : 206, {
    'content-length': end - start,
    'accept-ranges': 'bytes',
    etag: `"${digest('md5', bytes)}"`,
    ...(first === undefined ? {} : { 'content-range': `bytes ${start}-${end - 1}/${bytes.length}` }),
  });
  if (method === 'HEAD') return void response.end();
  const step = (at: number): void => {
    if (response.destroyed) return;
    if (at >= end) return void response.end();
    const to = Math.min(end, at + STEP_BYTES, stopAfter(at));
    if (to === at) {
      hold(() => step(at));
      return;
    }
    passed(to - at);
    response.write(bytes.subarray(at, to), () => step(to));
  };
  step(start);
}
