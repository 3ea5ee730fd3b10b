// OpenSSF Model Signing: what `sluice sign` writes the reference implementation verifies, and the other way round, by keys and by certificates.
import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run, sluice } from './processes.mjs';
import { holds, proof } from './report.mjs';

const METHODS = [
  { name: 'key', curve: 'P-256' },
  { name: 'key', curve: 'P-384' },
  { name: 'certificate', curve: 'P-384' },
];

export async function modelSigning({ root, client, scratch }) {
  const certificates = makeSigners(scratch);
  let made = 0;
  const newModel = () => {
    const model = join(scratch, `model-${(made += 1)}`);
    mkdirSync(join(model, 'inner'), { recursive: true });
    writeFileSync(join(model, 'weights.safetensors'), Buffer.alloc(300_000, made));
    // Python sorts by parts of paths, the specification by code points.
    writeFileSync(join(model, 'inner.json'), '{}');
    writeFileSync(join(model, 'inner', '名前.json'), '{"a":1}');
    writeFileSync(join(model, '.gitattributes'), '*.bin filter=lfs\n');
    return model;
  };
  for (const { name, curve } of METHODS) {
    const { key, pub } = certificates[curve];
    const isByKey = name === 'key';
    const theirs = async (action, model, ...args) => {
      const all = ['-m', 'model_signing', action, name, model, '--signature', join(model, 'model.sig'), ...args];
      return run(client.python, all, { cut: true, env: { HOME: scratch } });
    };
    const theyVerify = (model) =>
      isByKey
        ? theirs('verify', model, '--public_key', pub)
        : theirs('verify', model, '--certificate_chain', certificates.ca);
    const theySign = (model) =>
      isByKey
        ? theirs('sign', model, '--private_key', key)
        : theirs(
            'sign',
            model,
            ...['--private_key', key, '--signing_certificate', certificates.leaf],
            ...['--certificate_chain', certificates.ca],
          );
    const env = { SLUICE_HOME: join(scratch, 'store') };
    const policy = join(scratch, `trust-${name}-${curve}.toml`);
    writeFileSync(policy, trustPolicy(isByKey ? { keys: [pub] } : { roots: [certificates.ca] }));
    const weVerify = (model, exit) => sluice(root, ['verify', '--policy', policy, model], { env, exit });
    const change = (model) => appendFileSync(join(model, 'inner.json'), ' ');

    await proof(
      client.name,
      `${name}, ${curve}: it verifies what we sign, and not what was changed since`,
      async () => {
        const model = newModel();
        const certificate = isByKey ? [] : ['--certificate', certificates.leaf];
        await sluice(root, ['sign', model, '--key', key, ...certificate], { env });
        await weVerify(model, 0);
        const right = await theyVerify(model);
        holds(right.code === 0, `${right.stdout}${right.stderr}`.slice(-800));
        change(model);
        holds((await theyVerify(model)).code !== 0, 'it takes a changed file');
      },
    );
    await proof(client.name, `${name}, ${curve}: a model of one file, both ways, and not changed`, async () => {
      const file = join(newModel(), 'weights.safetensors');
      const signature = `${file}.sig`;
      const their = async (action, ...args) =>
        run(client.python, ['-m', 'model_signing', action, name, file, '--signature', signature, ...args], { cut: true, env: { HOME: scratch } }); // prettier-ignore
      const trust = isByKey ? ['--public_key', pub] : ['--certificate_chain', certificates.ca];
      const certificate = isByKey ? [] : ['--certificate', certificates.leaf];
      await sluice(root, ['sign', file, '--unnamed', '--key', key, ...certificate, '--output', signature], { env });
      await weVerify(file, 0);
      const right = await their('verify', ...trust);
      holds(right.code === 0, `${right.stdout}${right.stderr}`.slice(-800));
      const signing = isByKey
        ? []
        : ['--signing_certificate', certificates.leaf, '--certificate_chain', certificates.ca];
      const signed = await their('sign', '--private_key', key, ...signing);
      holds(signed.code === 0, `${signed.stdout}${signed.stderr}`.slice(-800));
      await weVerify(file, 0);
      appendFileSync(file, ' ');
      await weVerify(file, 5);
      holds((await their('verify', ...trust)).code !== 0, 'it takes a changed file');
    });
    await proof(client.name, `${name}, ${curve}: we verify what it signs, and not what was changed since`, async () => {
      const model = newModel();
      const signed = await theySign(model);
      holds(signed.code === 0, `${signed.stdout}${signed.stderr}`.slice(-800));
      holds(readFileSync(join(model, 'model.sig'), 'utf8').startsWith('{'), 'no bundle');
      await weVerify(model, 0);
      change(model);
      await weVerify(model, 5);
    });
  }
}

function trustPolicy({ keys, roots }) {
  const accept =
    keys === undefined
      ? `method = "oms-certificate"\nroots = ${JSON.stringify(roots)}\nidentities = ["email:release@acme.example"]`
      : `method = "oms-key"\nkeys = ${JSON.stringify(keys)}`;
  return `version = 1\n[[rule]]\nname = "ours"\nscopes = ["*"]\nunverified-files = "warn"\n[[rule.accept]]\n${accept}\n`;
}

/** Keys on two curves, and a certificate for the second. Needs openssl. */
function makeSigners(folder) {
  const at = (name) => join(folder, name);
  const openssl = (...args) => execFileSync('openssl', args, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
  const signers = {};
  for (const curve of ['P-256', 'P-384']) {
    openssl('genpkey', '-algorithm', 'EC', '-pkeyopt', `ec_paramgen_curve:${curve}`, '-out', `${curve}.key`);
    openssl('pkey', '-in', `${curve}.key`, '-pubout', '-out', `${curve}.pub`);
    signers[curve] = { key: at(`${curve}.key`), pub: at(`${curve}.pub`) };
  }
  openssl('req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', 'ca.key', '-out', 'ca.pem', '-days', '2',
    '-subj', '/CN=Test CA', '-addext', 'keyUsage=critical,keyCertSign,cRLSign'); // prettier-ignore
  openssl('req', '-new', '-key', 'P-384.key', '-out', 'leaf.csr', '-subj', '/CN=Release');
  writeFileSync(
    at('leaf.ext'),
    [
      'basicConstraints=critical,CA:FALSE',
      'keyUsage=critical,digitalSignature',
      'extendedKeyUsage=codeSigning',
      'subjectAltName=email:release@acme.example',
      'authorityKeyIdentifier=keyid',
      'subjectKeyIdentifier=hash',
    ].join('\n'),
  );
  openssl('x509', '-req', '-in', 'leaf.csr', '-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2',
    '-extfile', 'leaf.ext', '-out', 'leaf.pem'); // prettier-ignore
  return { ...signers, ca: at('ca.pem'), leaf: at('leaf.pem') };
}
