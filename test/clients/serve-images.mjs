// Debian's docker-registry and skopeo: an image from a real registry through `sluice serve`, by skopeo and by another registry in between.
import { spawn, spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { run } from './processes.mjs';
import { holds, proof, same } from './report.mjs';

const CLIENT = 'skopeo, docker-registry';
const LAYER_BYTES = 12 * 2 ** 20;
const children = [];

export async function serveImages({ root, scratch }) {
  const folder = join(scratch, 'images');
  mkdirSync(folder);
  try {
    await proveAll(root, folder);
  } finally {
    for (const child of children) child.kill('SIGKILL');
  }
}

async function proveAll(root, folder) {
  makeLayout(join(folder, 'layout'));
  const places = {};
  await proof(
    CLIENT,
    'an image is pushed to a registry of Debian (needs the packages docker-registry and skopeo)',
    async () => {
      places.upstream = await startRegistry(folder, 'upstream');
      for (const name of ['acme/model', 'acme/other', 'library/tiny'])
        await skopeo(
          'copy',
          '--dest-tls-verify=false',
          `oci:${join(folder, 'layout')}:v1`,
          `docker://${places.upstream}/${name}:v1`,
        );
    },
  );
  if (places.upstream === undefined) return;
  const mirror = await startMirror(root, folder, places.upstream);
  const copied = async (from, name) => {
    const to = join(folder, name);
    await skopeo('copy', '--src-tls-verify=false', `docker://${from}`, `oci:${to}:v1`);
    same(
      readdirSync(join(to, 'blobs/sha256')).sort(),
      readdirSync(join(folder, 'layout/blobs/sha256')).sort(),
      'blobs',
    );
  };
  await proof(CLIENT, 'cold: skopeo copies it through the mirror, every blob the same', () =>
    copied(`${mirror.host}/acme/model:v1`, 'cold'),
  );
  await proof(CLIENT, 'the registry as a name of its own, below the mirror (…/docker.io/…)', () =>
    copied(`${mirror.host}/docker.io/acme/model:v1`, 'named'),
  );
  await proof(CLIENT, 'skopeo lists tags and reads the manifest as it is', async () => {
    const listed = await skopeo('list-tags', '--tls-verify=false', `docker://${mirror.host}/acme/model`);
    same(JSON.parse(listed).Tags, ['v1'], 'tags');
    const raw = await skopeo('inspect', '--raw', '--tls-verify=false', `docker://${mirror.host}/acme/model:v1`);
    const digest = createHash('sha256').update(raw).digest('hex');
    holds(readdirSync(join(folder, 'layout/blobs/sha256')).includes(digest), 'the manifest has changed on its way');
  });
  if (spawnSync('oras', ['version']).status === 0)
    await proof('oras', 'cold by a name of its own: manifest, tags and blobs as they are', async () => {
      const to = join(folder, 'oras');
      for (const args of [
        ['copy', '--from-plain-http', `${mirror.host}/acme/other:v1`, '--to-oci-layout', `${to}:v1`],
        ['repo', 'tags', '--plain-http', `${mirror.host}/acme/other`],
      ]) {
        const { code, stdout, stderr } = await run('oras', args, { env: { HOME: folder } });
        holds(code === 0, `oras ${args[0]} ended with ${code}: ${stderr.slice(-800)}`);
        if (args[0] === 'repo') same(stdout.trim(), 'v1', 'tags');
      }
      const blobs = (at) => readdirSync(join(at, 'blobs/sha256')).sort();
      same(blobs(to), blobs(join(folder, 'layout')), 'blobs');
    });
  await proof(CLIENT, 'another registry pulls through the mirror (chained proxies, HEAD on a miss)', async () => {
    const chained = await startRegistry(folder, 'chained', `proxy: {remoteurl: "http://${mirror.host}"}`);
    await copied(`${chained}/library/tiny:v1`, 'through');
  });
  await proof(
    CLIENT,
    'behind a policy that wants signatures: what is signed is copied with its signature, what is not is refused',
    () => throughPolicy(root, folder, places.upstream, copied),
  );
  await proof(CLIENT, 'the registry is gone: what was pulled is still there', async () => {
    children[0].kill('SIGKILL');
    await copied(`${mirror.host}/acme/model:v1`, 'warm');
  });
}

async function throughPolicy(root, folder, upstream, copied) {
  const sluice = async (...args) => {
    const env = { PATH: process.env.PATH, HOME: folder, SLUICE_HOME: join(folder, 'store') };
    const { code, stderr } = await run(process.execPath, [join(root, 'dist', 'cli', 'main.js'), ...args], { env });
    holds(code === 0, `sluice ${args[0]} ended with ${code}: ${stderr.slice(-800)}`);
  };
  await sluice('keys', 'make', 'ours');
  await sluice('sign', `oci:${upstream}/acme/other:v1`, '--key', 'ours', '--format', 'cosign-tag');
  const accept = '[[rule.accept]]\nmethod = "cosign-key"\nkeys = ["store/keys/ours.pub"]\n';
  writeFileSync(
    join(folder, 'trust.toml'),
    `version = 1\n[[rule]]\nname = "r"\nscopes = ["oci:docker.io/*"]\n${accept}`,
  );
  const lax = ['below', 'review', 'not-scanned', 'error'].map((name) => `${name} = "admit"\n`).join('');
  const policy = `name = "signed"\n[scan]\nrefuse = "never"\n${lax}[signature]\nrequired = true\npolicy = "trust.toml"\n`;
  writeFileSync(join(folder, 'policy.toml'), policy);
  const { host } = await startMirror(root, folder, upstream, 'guarded', '--policy', join(folder, 'policy.toml'));
  await copied(`${host}/acme/other:v1`, 'signed');
  const manifest = await skopeo('inspect', '--raw', '--tls-verify=false', `docker://${host}/acme/other:v1`);
  const tag = `sha256-${createHash('sha256').update(manifest).digest('hex')}.sig`;
  const signature = await skopeo('inspect', '--raw', '--tls-verify=false', `docker://${host}/acme/other:${tag}`);
  holds(signature.includes('simplesigning'), 'no signature came through');
  const args = ['--insecure-policy', 'copy', '--src-tls-verify=false', `docker://${host}/acme/model:v1`];
  const { code, stderr } = await run('skopeo', [...args, `oci:${join(folder, 'unsigned')}:v1`]);
  holds(code !== 0 && /denied/i.test(stderr), `an unsigned image: ${code} ${stderr.slice(-400)}`);
}

async function skopeo(...args) {
  const { code, stdout, stderr } = await run('skopeo', ['--insecure-policy', ...args]);
  holds(code === 0, `skopeo ${args.join(' ')} ended with ${code}: ${stderr.slice(-800)}`);
  return stdout;
}

/** Gives `host:port` once it answers. */
async function startRegistry(folder, name, more = '') {
  const address = `127.0.0.1:${await freePort()}`;
  const config = join(folder, `${name}.yml`);
  const rootDirectory = join(folder, name);
  writeFileSync(
    config,
    `version: 0.1\nstorage: {filesystem: {rootdirectory: "${rootDirectory}"}}\nhttp: {addr: "${address}"}\n${more}\n`,
  );
  const child = spawn('docker-registry', ['serve', config], { stdio: 'ignore', timeout: 300_000 });
  children.push(child);
  await new Promise((resolve, reject) => child.once('spawn', resolve).once('error', reject));
  await answers(`http://${address}/v2/`);
  return address;
}

async function startMirror(root, folder, upstream, store = 'store', ...more) {
  const program = join(root, 'dist', 'cli', 'main.js');
  const args = [program, 'serve', '--port', '0', '--json', '--registry', `docker.io=http://${upstream}`, ...more];
  const env = { PATH: process.env.PATH, HOME: folder, SLUICE_HOME: join(folder, store) };
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'inherit'], timeout: 300_000 });
  children.push(child);
  const url = await new Promise((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`sluice serve ended with ${code}`)));
    child.stdout.on('data', (chunk) => {
      const line = String(chunk)
        .split('\n')
        .find((each) => each.includes('server.listening'));
      if (line !== undefined) resolve(JSON.parse(line).url);
    });
  });
  return { host: new URL(url).host };
}

async function answers(url) {
  for (let tries = 0; tries < 100; tries += 1) {
    const { ok } = await fetch(url).catch(() => ({ ok: false }));
    if (ok) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`${url} does not answer`);
}

function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** An OCI layout with a model in the manner of ModelPack: raw weights as a layer. */
function makeLayout(folder) {
  mkdirSync(join(folder, 'blobs/sha256'), { recursive: true });
  const put = (bytes) => {
    const hex = createHash('sha256').update(bytes).digest('hex');
    writeFileSync(join(folder, 'blobs/sha256', hex), bytes);
    return { digest: `sha256:${hex}`, size: bytes.length };
  };
  const json = (value) => Buffer.from(JSON.stringify(value));
  const config = put(json({ architecture: 'amd64', os: 'linux', rootfs: { type: 'layers', diff_ids: [] } }));
  const weight = put(randomBytes(LAYER_BYTES));
  const mediaType = 'application/vnd.oci.image.manifest.v1+json';
  const manifest = put(
    json({
      schemaVersion: 2,
      mediaType,
      config: { mediaType: 'application/vnd.oci.image.config.v1+json', ...config },
      layers: [{ mediaType: 'application/vnd.cncf.model.weight.v1.raw', ...weight }],
    }),
  );
  const annotations = { 'org.opencontainers.image.ref.name': 'v1' };
  writeFileSync(
    join(folder, 'index.json'),
    json({ schemaVersion: 2, manifests: [{ mediaType, ...manifest, annotations }] }),
  );
  writeFileSync(join(folder, 'oci-layout'), json({ imageLayoutVersion: '1.0.0' }));
}
