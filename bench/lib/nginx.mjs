// nginx as the origin: files by sendfile, over http and https, and whatever servers a scenario adds.
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { atEnd } from './closing.mjs';

const START_MS = 5000;
let started = 0;

/** A port that was free a moment ago. */
export async function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject).listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/**
 * Serves `root` at `url`, and at `tlsUrl` when a certificate is given. `http` is text for the http block, `locations` for the
 * servers; both may use what they were given before. `wrap`: words before the command, e.g. into a network namespace. Ends with the run.
 */
export async function startNginx({
  dir,
  root,
  certificate,
  address = '127.0.0.1',
  wrap = [],
  http = '',
  locations = '',
  servers = '',
}) {
  const own = join(dir, `nginx-${process.pid}-${(started += 1)}`);
  mkdirSync(join(own, 'tmp'), { recursive: true });
  const [port, tlsPort] = [await freePort(), await freePort()];
  const body = `root ${root};\n${locations}`;
  const tls = certificate && `ssl_certificate ${certificate.cert};\nssl_certificate_key ${certificate.key};\n`;
  const conf = `
${process.getuid?.() === 0 ? 'user root;' : ''}
daemon off; worker_processes ${cpus().length}; pid ${own}/pid; error_log ${own}/error.log warn;
events { worker_connections 4096; }
http {
  access_log off; sendfile on; tcp_nopush on; tcp_nodelay on; server_tokens off;
  keepalive_timeout 300s; keepalive_requests 10000000;
  types { } default_type application/octet-stream;
  client_body_temp_path ${own}/tmp/body; proxy_temp_path ${own}/tmp/proxy; fastcgi_temp_path ${own}/tmp/fastcgi;
  uwsgi_temp_path ${own}/tmp/uwsgi; scgi_temp_path ${own}/tmp/scgi;
  map_hash_max_size 65536; map_hash_bucket_size 512; variables_hash_max_size 4096;
  ${http}
  server { listen ${address}:${port} backlog=4096; ${body} }
  ${tls ? `server { listen ${address}:${tlsPort} ssl backlog=4096; ${tls} ${body} }` : ''}
  ${servers}
}`;
  writeFileSync(join(own, 'nginx.conf'), conf);
  const [program, ...args] = [...wrap, 'nginx', '-p', own, '-c', join(own, 'nginx.conf')];
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  const over = new Promise((resolve) => child.once('exit', resolve).once('error', resolve));
  const stop = async () => {
    child.kill('SIGTERM');
    await over;
    rmSync(own, { recursive: true, force: true });
  };
  atEnd(stop);
  const url = `http://${address}:${port}`;
  await answers(url, over, wrap);
  return { url, port, tlsUrl: `https://${address}:${tlsPort}`, tlsPort, pid: child.pid, stop };
}

async function answers(url, over, wrap) {
  let isOver = false;
  void over.then(() => (isOver = true));
  for (const beganMs = Date.now(); Date.now() - beganMs < START_MS && !isOver;) {
    if (await isThere(url, wrap)) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error('nginx did not start');
}

/** Asked from where it is started: nobody else may reach it. */
async function isThere(url, wrap) {
  if (wrap.length > 0) return spawnSync(wrap[0], [...wrap.slice(1), 'curl', '-s', '-o', '/dev/null', url]).status === 0;
  const answer = await fetch(url).catch(() => undefined);
  await answer?.arrayBuffer();
  return answer !== undefined;
}
