// The signatures that sigstore/model-transparency keeps of its own versions, verified by `sluice verify`: fetched when this runs, since they are not ours to carry.
//   MODEL_TRANSPARENCY: a clone of it, or where to clone it from. TRUSTED_ROOT: Sigstore's trusted_root.json; the `sigstore` package of a Python client has it.
import { execFileSync } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sluice } from './processes.mjs';
import { holds, proof } from './report.mjs';

const CLIENT = 'model-transparency';
const PUBLISHED = 'https://github.com/sigstore/model-transparency';
const IDENTITY = { identities: ['email:stefanb@us.ibm.com'], issuer: 'https://sigstore.verify.ibm.com/oauth2' };
/** Its envelopes were encoded in another way than DSSE says, in this version only. */
const MALFORMED = ['v0.2.0-certificate'];
/** What was left out by an option when it was verified, and is not named in the signature. */
const IGNORED = ['ignore-me'];

export async function omsVectors({ root, scratch, client }) {
  const folder = join(scratch, 'vectors');
  mkdirSync(folder);
  const from = process.env.MODEL_TRANSPARENCY ?? PUBLISHED;
  execFileSync('git', [
    'clone',
    '--quiet',
    '--depth',
    '1',
    from.includes('://') ? from : `file://${from}`,
    join(folder, 'clone'),
  ]);
  const tests = join(folder, 'clone', 'scripts', 'tests');
  const keys = join(tests, 'keys', 'certificate');
  const trustedRoot = process.env.TRUSTED_ROOT ?? trustedRootOf(client);
  const policy = join(folder, 'policy.toml');
  writeFileSync(
    policy,
    policyOf([
      { method: 'oms-key', keys: [join(keys, 'signing-key-pub.pem')] },
      { method: 'oms-certificate', profile: 'compatible', roots: [join(keys, 'ca-cert.pem')], identities: ['subject:CN=intermediate-ca'] }, // prettier-ignore
      { method: 'oms-keyless', 'trusted-root': [trustedRoot], ...IDENTITY },
    ]),
  );
  const env = { SLUICE_HOME: join(folder, 'store') };
  const names = readdirSync(tests).filter((name) => existsSync(join(tests, name, 'model.sig')));
  holds(names.length >= 13, `only ${names.length} vectors`);
  for (const name of names.sort()) {
    const model = join(tests, name);
    const isMalformed = MALFORMED.includes(name);
    const files = readdirSync(model).filter((each) => each !== 'model.sig');
    // A model of one file is that file.
    const subject = files.length === 1 ? join(model, files[0]) : model;
    const verify = (exit) =>
      sluice(root, ['verify', '--policy', policy, subject, '--signature', join(model, 'model.sig'), ...IGNORED.flatMap((each) => ['--ignore', each])], { env, exit }); // prettier-ignore
    await proof(
      CLIENT,
      isMalformed ? `${name}: refused (its encoding is not DSSE)` : `${name}: accepted, and not with a byte more`,
      async () => {
        await verify(isMalformed ? 5 : 0);
        appendFileSync(join(model, 'signme-1'), '!');
        await verify(5);
      },
    );
  }
}

function policyOf(ways) {
  const accept = ways.flatMap((way) => ['[[rule.accept]]', ...Object.entries(way).map(([name, value]) => `${name} = ${JSON.stringify(value)}`)]); // prettier-ignore
  return ['version = 1', '[[rule]]', 'name = "r"', 'scopes = ["*"]', 'unverified-files = "warn"', ...accept].join('\n');
}

function trustedRootOf({ folder }) {
  const below = (at, fits) => join(at, (existsSync(at) ? readdirSync(at) : []).find(fits) ?? 'nothing');
  const packages = join(
    below(join(folder, 'lib'), (name) => name.startsWith('python')),
    'site-packages',
  );
  const store = below(join(packages, 'sigstore', '_store'), (name) => name.endsWith('tuf-repo-cdn.sigstore.dev'));
  const path = join(store, 'trusted_root.json');
  holds(existsSync(path), 'the client has no trusted root: name one by TRUSTED_ROOT');
  return path;
}
