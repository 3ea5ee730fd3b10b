import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { newMachine } from './harness.js';
import { openWorld, type World } from './serve-routes.js';
import { startServing } from './serving.js';

const MIB = 2 ** 20;
/** Far more than a mirror at rest has, and far less than what the bombs below would fill. */
const MOST_MEMORY_KIB = 1.2 * 2 ** 20;

const running: Server[] = [];
const worlds: World[] = [];
afterEach(() => {
  running.splice(0).forEach((server) => server.close());
  worlds.splice(0).forEach((world) => world.close());
});

/** Answers whatever is asked with bytes as they are. */
async function rawOrigin(send: (socket: Socket) => void): Promise<string> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      if (chunk.includes('\r\n\r\n')) send(socket);
    });
  });
  running.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Writes the same for as long as somebody reads it. */
function pour(socket: Socket, part: Buffer): void {
  const more = (): void => {
    while (!socket.destroyed && socket.write(part));
  };
  socket.on('drain', more);
  more();
}

const OK = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n';
const body = (text: string | Buffer, more = ''): Buffer => Buffer.concat([Buffer.from(`${OK}${more}content-length: ${text.length}\r\n\r\n`), Buffer.from(text)]); // prettier-ignore
const chunk = (text: string): Buffer => Buffer.from(`${text.length.toString(16)}\r\n${text}\r\n`);
const end = (bytes: Buffer | string) => (socket: Socket) => void socket.end(bytes);

/** What an upstream may say to fill memory, to keep us busy, or to have two readers read two things. */
const BOMBS: Readonly<Record<string, (socket: Socket) => void>> = {
  'a body without end': (socket) => {
    socket.write(`${OK}transfer-encoding: chunked\r\n\r\n`);
    pour(socket, chunk('[1,'.repeat(20_000)));
  },
  'a body without end until the connection closes': (socket) => {
    socket.write(`${OK}\r\n`);
    pour(socket, Buffer.from('<a href="x.whl">'.repeat(4000)));
  },
  'a length of an exabyte': (socket) => {
    socket.write(`${OK}content-length: 1152921504606846976\r\n\r\n`);
    pour(socket, Buffer.alloc(64 * 1024, 0x20));
  },
  'arrays in arrays': end(body('['.repeat(500_000) + ']'.repeat(500_000))),
  'objects in objects': end(body('{"a":'.repeat(200_000) + '1' + '}'.repeat(200_000))),
  'a million keys': end(body(`{${Array.from({ length: 1_000_000 }, (_, at) => `"k${at}":0`).join(',')}}`)),
  'numbers of a million digits': end(body(`{"size":${'9'.repeat(1_000_000)},"schemaVersion":1e999999}`)),
  'a packed gigabyte': end(body(gzipSync(Buffer.alloc(256 * MIB)), 'content-encoding: gzip\r\n')),
  'a header of a megabyte': end(`${OK}x-bomb: ${'x'.repeat(MIB)}\r\ncontent-length: 0\r\n\r\n`),
  'headers without end': (socket) => {
    socket.write(OK);
    pour(socket, Buffer.from('x-a: b\r\n'.repeat(4000)));
  },
  'a head of one line without end': (socket) => pour(socket, Buffer.alloc(64 * 1024, 'a')),
  'informational answers without end': (socket) => pour(socket, Buffer.from('HTTP/1.1 103 Early Hints\r\nlink: <a>\r\n\r\n'.repeat(1000))), // prettier-ignore
  'a header folded over lines': end(`${OK}x-long: a\r\n b\r\n c\r\ncontent-length: 2\r\n\r\n{}`),
  'two lengths': end(`${OK}content-length: 2\r\ncontent-length: 40\r\n\r\n{}${'HTTP/1.1 200 OK\r\n'.repeat(3)}`),
  'a length and chunks': end(`${OK}content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\nHTTP/1.1 200 OK\r\n\r\n`), // prettier-ignore
  'a chunk of an impossible length': end(`${OK}transfer-encoding: chunked\r\n\r\nfffffffffffffffff\r\n{}\r\n0\r\n\r\n`),
  'extensions of a chunk without end': (socket) => {
    socket.write(`${OK}transfer-encoding: chunked\r\n\r\n5;`);
    pour(socket, Buffer.alloc(64 * 1024, 'e'));
  },
};

const DIGEST = `sha256:${'0'.repeat(64)}`;
/** One question of each kind to each upstream. */
const QUESTIONS = [
  '/api/models/acme/a',
  '/api/models/acme/a/tree/main',
  '/api/models/acme/a/refs',
  '/api/models/acme/a/commits/main',
  '/api/models?search=a',
  '/acme/a/resolve/main/config.json',
  '/api/models/acme/a/xet-read-token/main',
  '/api/v1/models/acme/a',
  '/api/v1/models/acme/a/revisions',
  '/api/v1/models/acme/a/repo/files?Revision=master',
  '/api/v1/models/acme/a/repo?Revision=master&FilePath=config.json',
  '/v2/acme/a/manifests/v1',
  `/v2/acme/a/blobs/${DIGEST}`,
  '/v2/acme/a/tags/list',
  `/v2/acme/a/referrers/${DIGEST}`,
  '/-/py/simple/a/',
  '/-/js/a',
  '/-/js/a/-/a-1.0.0.tgz',
  '/-/deb/dists/stable/InRelease',
];

const argsFor = (origin: string): readonly string[] => [
  ...['--registry', `docker.io=${origin}`, '--site', `py=pypi:${origin}`],
  ...['--site', `js=npm:${origin}`, '--site', `deb=debian:${origin}`, '--site', `any=files:${origin}`],
];

/** Status; 0 where the answer was cut. */
async function ask(url: string): Promise<number> {
  try {
    const answer = await fetch(url);
    await answer.arrayBuffer();
    return answer.status;
  } catch {
    return 0;
  }
}

/** The most memory that a process has had, in KiB; nothing where the system does not tell. */
function peakKib(pid: number | undefined): number {
  try {
    return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

/** What a mirror before such an upstream does that it should not. */
async function wrongUnder(name: string, send: (socket: Socket) => void): Promise<readonly string[]> {
  const origin = await rawOrigin(send);
  const machine = await newMachine({ HF_ENDPOINT: origin, MODELSCOPE_ENDPOINT: origin });
  const { url, child } = await startServing(machine, ...argsFor(origin));
  const wrong: string[] = [];
  const look = async (path: string): Promise<void> => {
    const status = await ask(url + path);
    // What can be read in one way only may be an answer; a file that is another one breaks off.
    const isRight = status >= 500 || status === 429 || (status > 0 && READABLE.has(name)) || (status === 0 && FILE.test(path)); // prettier-ignore
    if (!isRight) wrong.push(`${name} ${path}: ${status}`);
  };
  await Promise.all(QUESTIONS.map(look));
  if ((await ask(`${url}/-/healthz`)) !== 200) wrong.push(`${name}: ended with ${child.exitCode}`);
  if (peakKib(child.pid) > MOST_MEMORY_KIB) wrong.push(`${name}: ${peakKib(child.pid)} KiB`);
  const over = once(child, 'exit');
  child.kill('SIGKILL');
  await over;
  return wrong;
}

const READABLE: ReadonlySet<string> = new Set(['a header folded over lines', 'a million keys', 'numbers of a million digits']); // prettier-ignore
const FILE = /\/blobs\/|\.tgz$/;

describe('an upstream of any kind that answers with a bomb', () => {
  it('is one that failed, for whatever was asked, and fills no memory', async () => {
    const left = Object.entries(BOMBS);
    const wrong: string[] = [];
    const work = async (): Promise<void> => {
      for (let next = left.shift(); next !== undefined; next = left.shift()) wrong.push(...(await wrongUnder(...next)));
    };
    await Promise.all([work(), work(), work()]);
    expect(wrong).toEqual([]);
  }, 240_000);
});

/** Sends bytes as they are and gives all that comes back until the connection is closed. */
function raw(url: string, bytes: string | Buffer): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname, () => socket.write(bytes));
    let text = '';
    socket.on('data', (part) => (text += part.toString('latin1'))).on('error', () => undefined);
    socket.on('close', () => resolve(text));
  });
}

describe('a client that sends a bomb', () => {
  it('is refused at every route alike, and one request is never read as two', async () => {
    const world = await openWorld();
    worlds.push(world);
    const { url, child } = await startServing(await newMachine(world.env), ...world.args);
    const host = `Host: ${new URL(url).host}\r\nConnection: close\r\n`;
    const routes = [
      ...['/api/models/acme/open', '/acme/open/resolve/main/config.json', '/api/models/acme/open/paths-info/main'],
      ...['/acme/open.git/info/lfs/objects/batch', '/api/v1/models/acme/open', '/v2/acme/model/manifests/v1'],
      ...['/-/py/simple/a/', '/-/js/a', '/-/any/packages/a.whl', '/-/xet/v1/reconstructions', '/-/metrics', '/none'],
    ];
    const second = `GET /-/healthz HTTP/1.1\r\n${host}\r\n`;
    const bombs: readonly (readonly [string, (path: string) => string, readonly number[]])[] = [
      ['a header of 40 KB', (path) => `GET ${path} HTTP/1.1\r\n${host}X-Big: ${'a'.repeat(40_000)}\r\n\r\n`, [431]],
      ['many headers', (path) => `GET ${path} HTTP/1.1\r\n${host}${'A: b\r\n'.repeat(250)}\r\n`, [431]],
      ['a long target', (path) => `GET ${path}?${'x'.repeat(20_000)} HTTP/1.1\r\n${host}\r\n`, [400]],
      ['a folded header', (path) => `GET ${path} HTTP/1.1\r\n${host}X-A: a\r\n b\r\n\r\n`, [400]],
      ['a space before a colon', (path) => `GET ${path} HTTP/1.1\r\n${host}X-A : a\r\n\r\n`, [400]],
      ['a line end alone', (path) => `GET ${path} HTTP/1.1\nHost: a\n\n`, [400]],
      ['a NUL in a header', (path) => `GET ${path} HTTP/1.1\r\n${host}X-A: a\0b\r\n\r\n`, [400]],
      ['two lengths', (path) => `POST ${path} HTTP/1.1\r\n${host}Content-Length: 0\r\nContent-Length: ${second.length}\r\n\r\n${second}`, [400]], // prettier-ignore
      ['two lengths in one', (path) => `POST ${path} HTTP/1.1\r\n${host}Content-Length: 0, ${second.length}\r\n\r\n${second}`, [400]], // prettier-ignore
      ['a length below zero', (path) => `POST ${path} HTTP/1.1\r\n${host}Content-Length: -1\r\n\r\n`, [400]],
      ['a length and chunks', (path) => `POST ${path} HTTP/1.1\r\n${host}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${second}`, [400]], // prettier-ignore
      ['an encoding that is no chunks', (path) => `POST ${path} HTTP/1.1\r\n${host}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n${second}`, [400]], // prettier-ignore
      ['chunks of impossible length', (path) => `POST ${path} HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n`, [400, 401, 403, 404, 405, 413]], // prettier-ignore
      ['a body of 100 MB', (path) => `POST ${path} HTTP/1.1\r\n${host}Content-Length: 100000000\r\n\r\n`, [413]],
      ['another version', (path) => `GET ${path} HTTP/9.9\r\n${host}\r\n`, [400]],
      ['an upgrade', (path) => `GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, close\r\nUpgrade: h2c\r\nHTTP2-Settings: AA\r\n\r\nPRI * HTTP/2.0\r\n\r\nSM\r\n\r\n`, []], // prettier-ignore
    ];
    const wrong: string[] = [];
    for (const [name, make, allowed] of bombs)
      await Promise.all(
        routes.map(async (path) => {
          const text = await raw(url, make(path));
          const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0);
          if (allowed.length > 0 && !allowed.includes(status)) wrong.push(`${name} ${path}: ${status}`);
          if (text.includes('\r\n\r\nok\n')) wrong.push(`${name} ${path}: read as two`);
        }),
      );
    expect(wrong).toEqual([]);
    expect(child.exitCode).toBeNull();
  }, 120_000);

  it('in the body of a route that reads one gets an error or an answer, soon, and the next one is served', async () => {
    const world = await openWorld();
    worlds.push(world);
    const { url, child } = await startServing(await newMachine(world.env), ...world.args);
    const routes = [
      ['/api/models/acme/open/paths-info/main', 'application/json'],
      ['/api/models/acme/open/paths-info/main', 'application/x-www-form-urlencoded'],
      ['/acme/open.git/info/lfs/objects/batch', 'application/vnd.git-lfs+json'],
      ['/-/xet/v1/reconstructions', 'application/json'],
      ['/api/v1/login', 'application/json'],
    ] as const;
    const keys = (count: number): string => `{${Array.from({ length: count }, (_, at) => `"k${at}":0`).join(',')}}`;
    const bodies: readonly (string | Buffer)[] = [
      '['.repeat(2 * MIB),
      `{"paths":${'['.repeat(200_000)}${']'.repeat(200_000)}}`,
      `{"operation":"download","objects":${'[{"objects":'.repeat(50_000)}`,
      keys(300_000),
      `{"paths":["${'a'.repeat(3 * MIB)}"]}`,
      `{"paths":[${'"a",'.repeat(900_000)}"a"]}`,
      `{"operation":"download","objects":[{"oid":"${'a'.repeat(64)}","size":${'9'.repeat(500_000)}}]}`,
      'paths=a&'.repeat(500_000),
      `{"__proto__":{"admin":true},"constructor":{"prototype":{"admin":true}}}`,
      gzipSync(Buffer.alloc(64 * MIB)),
      Buffer.alloc(MIB, 0xff),
    ];
    const wrong: string[] = [];
    for (const [path, type] of routes)
      for (const [index, sent] of bodies.entries()) {
        const answer = await fetch(url + path, { method: 'POST', headers: { 'content-type': type }, body: sent });
        const { length } = Buffer.from(await answer.arrayBuffer());
        if (answer.status >= 500 || length > 8 * MIB)
          wrong.push(`${path} ${type} ${index}: ${answer.status}, ${length}`);
      }
    expect(wrong).toEqual([]);
    expect(child.exitCode).toBeNull();
    expect(peakKib(child.pid)).toBeLessThan(MOST_MEMORY_KIB);
    expect(await ask(`${url}/acme/open/resolve/main/config.json`)).toBe(200);
  }, 120_000);
});
