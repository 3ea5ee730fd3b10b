// cosign and notation against `sluice verify`, over Debian's docker-registry: what they sign is accepted as it was signed, and what we sign they accept. Nothing of it is online.
//   Takes minutes to build both, so it runs only when it is named: `go install github.com/sigstore/cosign/v3/cmd/cosign@v3.1.3 github.com/notaryproject/notation/cmd/notation@v1.3.2`
import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { appendFileSync, copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { run, sluice } from './processes.mjs';
import { holds, proof } from './report.mjs';

const ACCEPTED = 0;
const BROKEN = 5;
const UNTRUSTED = 6;
const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
const IDENTITY = 'email:release@acme.example';

export async function imageSigners({ root, scratch }) {
  const folder = join(scratch, 'signers');
  mkdirSync(folder);
  const registry = await startRegistry(folder);
  try {
    const world = { root, folder, ...registry, ...makeKeys(folder), env: signersEnv(folder) };
    await cosignImages(world);
    await cosignBlobs(world);
    await notationImages(world);
    await cosignTakesOurs(world);
    await notationTakesOurs(world);
  } finally {
    registry.child.kill('SIGKILL');
  }
}

async function cosignImages(world) {
  const { own, leaf, ca } = world;
  const forms = [
    { form: 'the tag of cosign 1 and 2', args: ['--new-bundle-format=false'] },
    { form: 'a bundle that refers to the image', args: [] },
  ];
  const signers = [
    { by: 'its own key', args: ['--key', own.key], accept: { method: 'cosign-key', keys: [own.pub] } },
    { by: 'a key on P-384 of OpenSSL', ...(await imported(world, 'p384')) },
    {
      by: 'a certificate of an authority of ours',
      ...(await imported(world, 'leaf')),
      args: ['--key', (await imported(world, 'leaf')).key, '--certificate', leaf.pem, '--certificate-chain', ca.pem],
      accept: { method: 'cosign-certificate', roots: [ca.pem], identities: [IDENTITY] },
    },
  ];
  for (const { form, args } of forms)
    for (const signer of signers)
      await proof(
        'cosign',
        `an image, ${form}, by ${signer.by}: accepted; of another image or signer, refused`,
        async () => {
          const image = await push(world, 'weights');
          const options = ['--tlog-upload=false', '--use-signing-config=false', '--allow-http-registry', '--yes'];
          await tool(world, 'cosign', 'sign', ...args, ...options, ...signer.args, image.pinned);
          await verifies(world, signer.accept, image.ref, ACCEPTED);
          await verifies(world, strangersOf(world, signer.accept), image.ref, UNTRUSTED);
          if (signer.accept.identities !== undefined)
            await verifies(world, { ...signer.accept, identities: ['email:other@acme.example'] }, image.ref, UNTRUSTED);
          await moveSignature(world, image);
          await verifies(world, signer.accept, image.ref, BROKEN);
          await verifies(world, signer.accept, (await push(world, 'never signed')).ref, UNTRUSTED);
        },
      );
}

async function cosignBlobs(world) {
  const { own, folder } = world;
  const flags = ['--tlog-upload=false', '--use-signing-config=false', '--yes'];
  const accept = { method: 'cosign-key', keys: [own.pub] };
  const file = (name) => {
    writeFileSync(join(folder, name), 'weights');
    return join(folder, name);
  };
  await proof(
    'cosign',
    'sign-blob, a bundle: accepted beside the file; a changed file or another key, refused',
    async () => {
      const path = file('blob.bin');
      await tool(world, 'cosign', 'sign-blob', ...flags, '--key', own.key, '--bundle', `${path}.sigstore.json`, path);
      await verifies(world, accept, path, ACCEPTED);
      await verifies(world, strangersOf(world, accept), path, UNTRUSTED);
      appendFileSync(path, '!');
      await verifies(world, accept, path, BROKEN);
    },
  );
  await proof(
    'cosign',
    'sign-blob, a bundle over SHA256SUMS: the model is accepted, and not with a file changed',
    async () => {
      const model = join(folder, 'summed');
      mkdirSync(model);
      writeFileSync(join(model, 'w.bin'), 'weights');
      writeFileSync(join(model, 'SHA256SUMS'), `${sha256('weights')}  w.bin\n`);
      const list = join(model, 'SHA256SUMS');
      await tool(world, 'cosign', 'sign-blob', ...flags, '--key', own.key, '--bundle', `${list}.sigstore.json`, list);
      await verifies(world, accept, model, ACCEPTED);
      writeFileSync(join(model, 'w.bin'), 'others');
      await verifies(world, accept, model, BROKEN);
    },
  );
  await proof('cosign', 'sign-blob, a signature alone: accepted beside the file', async () => {
    const path = file('plain.bin');
    const old = ['--new-bundle-format=false', '--output-signature', `${path}.sig`];
    await tool(world, 'cosign', 'sign-blob', ...flags, ...old, '--key', own.key, path);
    await verifies(world, { method: 'detached', keys: [own.pub] }, path, ACCEPTED);
  });
  for (const kind of ['p256', 'ed25519'])
    await proof(
      'cosign',
      `verify-blob accepts what \`sluice sign --detached\` signs (${kind}), and not a changed file`,
      async () => {
        const path = file(`ours-${kind}.bin`);
        const { key, pub } = world[kind];
        await sluice(world.root, ['sign', path, '--detached', '--key', key], { env: world.env });
        const args = [
          'verify-blob',
          '--key',
          pub,
          '--signature',
          `${path}.sig`,
          '--insecure-ignore-tlog',
          '--new-bundle-format=false',
        ];
        await tool(world, 'cosign', ...args, path);
        appendFileSync(path, '!');
        holds((await attempt(world, 'cosign', ...args, path)).code !== 0, 'cosign takes a changed file');
      },
    );
}

async function notationImages(world) {
  const { leaf, rsa, ca } = world;
  const accept = { method: 'notation', roots: [ca.pem], identities: [IDENTITY] };
  for (const [name, { key, chain }] of Object.entries({ 'P-256': leaf, 'RSA 3072': rsa }))
    for (const format of ['jws', 'cose'])
      await proof(
        'notation',
        `an image, ${format}, ${name}: accepted; of another image or signer, refused`,
        async () => {
          const config = { default: 'k', keys: [{ name: 'k', keyPath: key, certPath: chain }] };
          writeFileSync(join(world.env.NOTATION_CONFIG, 'signingkeys.json'), JSON.stringify(config));
          const image = await push(world, 'weights');
          await tool(world, 'notation', 'sign', '--insecure-registry', '--signature-format', format, image.pinned);
          await verifies(world, accept, image.ref, ACCEPTED);
          await verifies(world, { ...accept, identities: ['email:other@acme.example'] }, image.ref, UNTRUSTED);
          await verifies(world, { ...accept, roots: [world.stranger.pem] }, image.ref, UNTRUSTED);
          await moveSignature(world, image);
          await verifies(world, accept, image.ref, BROKEN);
        },
      );
}

/** cosign takes SHA-256 for every key unless told, its own signatures included. */
const COSIGN_HASHES = { p384: ['--signature-digest-algorithm', 'sha384'] };

async function cosignTakesOurs(world) {
  const { leaf, ca, folder } = world;
  const trustedRoot = join(folder, 'trusted-root.json');
  const made = ['trusted-root', 'create', '--fulcio', `url=https://ca.example,certificate-chain=${ca.pem}`];
  await tool(world, 'cosign', ...made, '--out', trustedRoot);
  const lax = ['--insecure-ignore-tlog', '--insecure-ignore-sct', '--allow-http-registry'];
  const identity = (name) => ['--certificate-identity', name, '--certificate-oidc-issuer-regexp', '.*', '--trusted-root', trustedRoot]; // prettier-ignore
  const signers = ['p256', 'p384', 'ed25519', 'rsa'].map((kind) => ({
    by: kind,
    args: ['--key', world[kind].key],
    right: ['--key', world[kind].pub, ...(COSIGN_HASHES[kind] ?? [])],
    wrong: ['--key', world.own.pub],
  }));
  signers.push({
    by: 'a certificate',
    args: ['--key', leaf.key, '--certificate', leaf.chain],
    right: identity('release@acme.example'),
    wrong: identity('other@acme.example'),
  });
  for (const format of ['cosign', 'cosign-tag'])
    for (const { by, args, right, wrong } of signers)
      await proof(
        'cosign',
        `it accepts an image that we sign (${format}, ${by}), and not by another signer`,
        async () => {
          const image = await push(world, 'weights');
          await sluice(world.root, ['sign', image.ref, ...args, '--format', format], { env: world.env });
          const verify = ['verify', ...lax, `--new-bundle-format=${format === 'cosign'}`];
          await tool(world, 'cosign', ...verify, ...right, image.pinned);
          holds(
            (await attempt(world, 'cosign', ...verify, ...wrong, image.pinned)).code !== 0,
            'it takes another signer',
          );
          const unsigned = (await push(world, 'never signed')).pinned;
          holds(
            (await attempt(world, 'cosign', ...verify, ...right, unsigned)).code !== 0,
            'it takes an unsigned image',
          );
        },
      );
}

async function notationTakesOurs(world) {
  const { leaf, rsa, ca, env } = world;
  const trust = async (root) => {
    const store = join(env.NOTATION_CONFIG, 'truststore', 'x509', 'ca', 'acme');
    mkdirSync(store, { recursive: true });
    copyFileSync(root, join(store, 'root.pem'));
  };
  const policy = { name: 'p', registryScopes: ['*'], signatureVerification: { level: 'strict' }, trustStores: ['ca:acme'], trustedIdentities: ['x509.subject: C=US, ST=WA, O=acme'] }; // prettier-ignore
  writeFileSync(
    join(env.NOTATION_CONFIG, 'trustpolicy.json'),
    JSON.stringify({ version: '1.0', trustPolicies: [policy] }),
  );
  for (const [name, { key, chain }] of Object.entries({ 'P-256': leaf, 'RSA 3072': rsa }))
    for (const format of ['notation', 'notation-cose'])
      await proof(
        'notation',
        `it accepts an image that we sign (${format}, ${name}), and under no other root`,
        async () => {
          const image = await push(world, 'weights');
          const args = ['sign', image.ref, '--key', key, '--certificate', chain, '--format', format];
          await sluice(world.root, args, { env });
          await trust(ca.pem);
          await tool(world, 'notation', 'verify', '--insecure-registry', image.pinned);
          await trust(world.stranger.pem);
          const other = await attempt(world, 'notation', 'verify', '--insecure-registry', image.pinned);
          holds(other.code !== 0, 'it takes another root');
        },
      );
}

/** The signatures of an image are put under another one, which takes its tag. */
async function moveSignature(world, image) {
  const other = await push(world, 'other weights', image.name);
  const tagOf = (digest, suffix) => `${digest.replace(':', '-')}${suffix}`;
  for (const suffix of ['', '.sig']) {
    const found = await fetch(`${world.base}/v2/${image.name}/manifests/${tagOf(image.digest, suffix)}`, {
      headers: { accept: `${MANIFEST}, application/vnd.oci.image.index.v1+json` },
    });
    if (!found.ok) continue;
    const type = found.headers.get('content-type');
    await putManifest(world, image.name, tagOf(other.digest, suffix), Buffer.from(await found.arrayBuffer()), type);
  }
}

function strangersOf({ p256, stranger }, accept) {
  return accept.keys === undefined ? { ...accept, roots: [stranger.pem] } : { ...accept, keys: [p256.pub] };
}

let policies = 0;
async function verifies({ root, folder, env }, accept, subject, exit) {
  const policy = join(folder, `policy-${(policies += 1)}.toml`);
  const fields = Object.entries(accept).map(([name, value]) => `${name} = ${JSON.stringify(value)}`);
  writeFileSync(
    policy,
    ['version = 1', '[[rule]]', 'name = "r"', 'scopes = ["*"]', '[[rule.accept]]', ...fields].join('\n'),
  );
  await sluice(root, ['verify', '--policy', policy, subject], { env, exit });
}

async function attempt({ env, folder }, name, ...args) {
  return run(process.env[name.toUpperCase()] ?? name, args, { env, cwd: folder }).catch((reason) => {
    throw new Error(`${name} is not here (see the head of this file): ${reason.message}`);
  });
}

async function tool(world, name, ...args) {
  const { code, stderr } = await attempt(world, name, ...args);
  holds(code === 0, `${name} ${args.join(' ')} ended with ${code}: ${stderr.slice(-800)}`);
}

/** cosign keeps keys of others in a form of its own. */
async function imported(world, kind) {
  const { key, pub } = world[kind];
  const prefix = join(world.folder, `imported-${kind}`);
  if (!imports.has(prefix)) await tool(world, 'cosign', 'import-key-pair', '--key', key, '--output-key-prefix', prefix);
  imports.add(prefix);
  const own = `${prefix}.key`;
  return { key: own, args: ['--key', own], accept: { method: 'cosign-key', keys: [pub] } };
}
const imports = new Set();

function signersEnv(folder) {
  const NOTATION_CONFIG = join(folder, 'notation');
  mkdirSync(NOTATION_CONFIG);
  return { HOME: folder, COSIGN_PASSWORD: '', NOTATION_CONFIG, SLUICE_HOME: join(folder, 'store') };
}

/** Keys on several curves, an authority, two signers below it, and a stranger. Needs openssl and cosign. */
function makeKeys(folder) {
  const at = (name) => join(folder, name);
  const openssl = (...args) => execFileSync('openssl', args, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
  const pair = (name, ...how) => {
    openssl('genpkey', ...how, '-out', `${name}.key`);
    openssl('pkey', '-in', `${name}.key`, '-pubout', '-out', `${name}.pub`);
    return { key: at(`${name}.key`), pub: at(`${name}.pub`) };
  };
  const curve = (name) => ['-algorithm', 'EC', '-pkeyopt', `ec_paramgen_curve:${name}`];
  const authority = (name) => {
    openssl('req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', `${name}.ca.key`, '-out', `${name}.pem`, '-days', '2',
      '-subj', `/C=US/ST=WA/O=${name}/CN=Root`, '-addext', 'keyUsage=critical,keyCertSign,cRLSign'); // prettier-ignore
    return { pem: at(`${name}.pem`), key: at(`${name}.ca.key`) };
  };
  writeFileSync(
    at('leaf.ext'),
    ['basicConstraints=critical,CA:FALSE', 'keyUsage=critical,digitalSignature', 'extendedKeyUsage=codeSigning', 'subjectAltName=email:release@acme.example', 'authorityKeyIdentifier=keyid'].join('\n'), // prettier-ignore
  );
  const ca = authority('acme');
  const signer = (name, ...how) => {
    const keys = pair(name, ...how);
    openssl('req', '-new', '-key', keys.key, '-out', `${name}.csr`, '-subj', '/C=US/ST=WA/O=acme/CN=Release');
    openssl('x509', '-req', '-in', `${name}.csr`, '-CA', ca.pem, '-CAkey', ca.key, '-CAcreateserial', '-days', '2',
      '-extfile', 'leaf.ext', '-out', `${name}.pem`); // prettier-ignore
    copyFileSync(at(`${name}.pem`), at(`${name}.chain`));
    appendFileSync(at(`${name}.chain`), execFileSync('cat', [ca.pem]));
    return { ...keys, pem: at(`${name}.pem`), chain: at(`${name}.chain`) };
  };
  execFileSync(process.env.COSIGN ?? 'cosign', ['generate-key-pair', '--output-key-prefix', at('cosign')], {
    env: { ...process.env, COSIGN_PASSWORD: '' },
    stdio: 'ignore',
  });
  return {
    own: { key: at('cosign.key'), pub: at('cosign.pub') },
    p256: pair('p256', ...curve('P-256')),
    p384: pair('p384', ...curve('P-384')),
    ed25519: pair('ed25519', '-algorithm', 'ed25519'),
    leaf: signer('leaf', ...curve('P-256')),
    rsa: signer('rsa', '-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:3072'),
    stranger: authority('stranger'),
    ca,
  };
}

const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');

let images = 0;
/** A new artifact, in a repository of its own unless told. */
async function push(world, text, name = `acme/model${(images += 1)}`) {
  const put = async (bytes) => {
    const started = await fetch(`${world.base}/v2/${name}/blobs/uploads/`, { method: 'POST' });
    const place = new URL(started.headers.get('location'), world.base);
    place.searchParams.set('digest', `sha256:${sha256(bytes)}`);
    const { ok, status } = await fetch(place, {
      method: 'PUT',
      body: bytes,
      headers: { 'content-type': 'application/octet-stream' },
    });
    holds(ok, `the registry answers ${status} to a blob`);
  };
  const [config, layer] = [Buffer.from('{}'), Buffer.from(text)];
  await put(config);
  await put(layer);
  const described = (mediaType, bytes) => ({ mediaType, digest: `sha256:${sha256(bytes)}`, size: bytes.length });
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: MANIFEST,
      config: described('application/vnd.oci.image.config.v1+json', config),
      layers: [described('application/vnd.oci.image.layer.v1.tar', layer)],
    }),
  );
  await putManifest(world, name, 'v1', manifest, MANIFEST);
  const digest = `sha256:${sha256(manifest)}`;
  return { name, digest, ref: `oci:${world.host}/${name}:v1`, pinned: `${world.host}/${name}@${digest}` };
}

async function putManifest({ base }, name, reference, bytes, type) {
  const { ok, status } = await fetch(`${base}/v2/${name}/manifests/${reference}`, {
    method: 'PUT',
    body: bytes,
    headers: { 'content-type': type },
  });
  holds(ok, `the registry answers ${status} to a manifest`);
}

async function startRegistry(folder) {
  const host = `127.0.0.1:${await freePort()}`;
  const config = join(folder, 'registry.yml');
  writeFileSync(
    config,
    `version: 0.1\nstorage: {filesystem: {rootdirectory: "${join(folder, 'registry')}"}}\nhttp: {addr: "${host}"}\n`,
  );
  const child = spawn('docker-registry', ['serve', config], { stdio: 'ignore', timeout: 600_000 });
  await new Promise((resolve, reject) => child.once('spawn', resolve).once('error', reject));
  const base = `http://${host}`;
  for (let tries = 0; tries < 100; tries += 1) {
    if ((await fetch(`${base}/v2/`).catch(() => ({ ok: false }))).ok) return { host, base, child };
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`${base} does not answer`);
}

function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
