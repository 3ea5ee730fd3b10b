// `sluice serve` as clients meet it: the built program, behind a door that notes what came and what went out, and may stand under a path.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer, request } from 'node:http';
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';

const HOP_BY_HOP = new Set(['connection', 'keep-alive', 'transfer-encoding']);
/** Longer bodies are bytes of files. */
const NOTED_BYTES = 2_000_000;

/** A mirror of `hub`. `url` is what clients are given; `requests` are those that came; `words` is every header and short body that went out. */
export async function startMirror({ root, hub, scratch, prefix = '', env = {}, tokenName }) {
  const home = mkdtempSync(join(scratch, 'mirror-'));
  const settings = {
    PATH: process.env.PATH,
    HOME: home,
    SLUICE_HOME: join(home, 'store'),
    HF_ENDPOINT: hub.url,
    SLUICE_SERVE_TRUSTED_PROXIES: '127.0.0.1',
    ...env,
  };
  const program = join(root, 'dist', 'cli', 'main.js');
  const token = tokenName === undefined ? undefined : makeToken(program, tokenName, settings);
  const child = spawn(process.execPath, [program, 'serve', '--port', '0', '--json'], { env: settings });
  let told = '';
  const inner = await new Promise((resolve, reject) => {
    child.stderr.on('data', (text) => (told += text));
    child.stdout.on('data', (text) => {
      told += text;
      const line = told.split('\n').find((each) => each.includes('server.listening'));
      if (line !== undefined && told.includes('\n')) resolve(JSON.parse(line).url);
    });
    child.on('close', (code) => reject(new Error(`sluice serve ended with ${code}: ${told.slice(-1500)}`)));
  });
  const door = await openDoor(new URL(inner), prefix);
  return {
    url: door.url,
    /** Of the mirror itself, where `tokenName` was given. */
    token,
    requests: door.requests,
    words: door.words,
    stop: async () => {
      door.server.closeAllConnections();
      door.server.close();
      if (child.exitCode === null) {
        child.kill('SIGTERM');
        await once(child, 'close');
      }
    },
  };
}

function makeToken(program, name, env) {
  const { stdout } = spawnSync(process.execPath, [program, 'token', 'create', name, '--json'], {
    env,
    encoding: 'utf8',
  });
  return JSON.parse(stdout).token;
}

async function openDoor(target, prefix) {
  const requests = [];
  const words = [];
  const server = createServer((incoming, response) => {
    const noted = { method: incoming.method, url: incoming.url, range: incoming.headers.range, status: 0, bytes: 0 };
    requests.push(noted);
    if (!incoming.url.startsWith(prefix)) return void response.writeHead(404).end();
    const headers = { ...incoming.headers, ...(prefix === '' ? {} : { 'x-forwarded-prefix': prefix }) };
    const { hostname, port } = target;
    const options = { hostname, port, method: incoming.method, path: incoming.url.slice(prefix.length), headers };
    const outgoing = request(options, (answer) => {
      noted.status = answer.statusCode;
      const kept = Object.fromEntries(Object.entries(answer.headers).filter(([name]) => !HOP_BY_HOP.has(name)));
      words.push(JSON.stringify(kept));
      response.writeHead(answer.statusCode, kept);
      const isShort = Number(answer.headers['content-length'] ?? 0) < NOTED_BYTES;
      const isFile = answer.headers['accept-ranges'] !== undefined;
      answer.on('data', (chunk) => {
        noted.bytes += chunk.length;
        if (isShort && !isFile) words.push(chunk.toString('latin1'));
      });
      answer.on('error', () => response.destroy());
      answer.on('aborted', () => response.destroy());
      answer.pipe(response);
    });
    outgoing.on('error', () => response.destroy());
    response.on('close', () => outgoing.destroy());
    incoming.pipe(outgoing);
  });
  server.keepAliveTimeout = 75_000;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, requests, words, url: `http://127.0.0.1:${server.address().port}${prefix}` };
}
