import { readDer } from '../certificates/der.js';
import type { Certificate } from '../certificates/certificate.js';
import { nameText } from '../certificates/names.js';
import { OID } from '../certificates/object-ids.js';
import { validatePath, type PathRequest, type ValidPath } from '../certificates/path.js';
import { PROFILES } from '../certificates/profile.js';
import { trustedTime } from '../certificates/timestamp.js';
import { broken, otherForm, SignatureFault, untrusted } from '../signature-fault.js';
import type { Signer } from '../signatures/bundle.js';
import { keyFingerprint, keyHints, keyName } from '../signatures/keys.js';
import { verifyLogEntry } from '../signatures/logs/log-entry.js';
import { checkCertificateLogged } from '../signatures/logs/signed-certificate-timestamp.js';
import type { SignedThing } from '../signatures/signed-thing.js';
import type { Acceptance, Level } from './policy.js';
import { askedAbout, type RevocationAnswers } from './revocation-answers.js';

/** Who signed, as far as it was proven. */
export interface ProvenSigner {
  readonly kind: 'key' | 'certificate';
  /** `email:…`, `uri:…`, `subject:…`, or the fingerprint of a key: different signers differ in it. */
  readonly identity: string;
  readonly fingerprint: string;
  /** `p256`, `ed25519`, `rsa3072`. */
  readonly algorithm: string;
  /** When it was signed, in milliseconds since 1970, and who says so; without either it is taken as signed now. */
  readonly signedAtMs?: number;
  readonly timeFrom?: 'time stamp' | 'log';
  readonly warnings: readonly string[];
}

export interface Conditions {
  readonly nowMs: number;
  readonly level: Level;
  readonly answers: RevocationAnswers | undefined;
}

/**
 * Proves who made a signature, and that this acceptance means them.
 * @throws SignatureFault proof when the signature is not of these bytes, trust when it is and nobody believes the signer
 */
export async function proveSigner(
  thing: SignedThing,
  acceptance: Acceptance,
  conditions: Conditions,
): Promise<ProvenSigner> {
  const isForKeys = acceptance.keys.length > 0;
  if (thing.signer.kind === 'key') {
    if (!isForKeys) throw otherForm('signed by a bare key');
    return byKey(thing, thing.signer.hint, acceptance);
  }
  if (isForKeys) throw otherForm('signed by a certificate, where a key is wanted');
  return byCertificate(thing, thing.signer, acceptance, conditions);
}

/** The hint only says which of the trusted keys to try. */
function byKey(thing: SignedThing, hint: string | undefined, { keys }: Acceptance): ProvenSigner {
  const hinted = hint === undefined ? keys : keys.filter((key) => keyHints(key).includes(hint));
  if (hinted.length === 0) throw untrusted('signed by a key that the policy does not name');
  const key = hinted.find((one) => thing.isSignedWith(one));
  if (key === undefined) {
    if (hint !== undefined) throw broken('the signature is wrong');
    throw untrusted('signed by no key that the policy names, or changed');
  }
  const fingerprint = keyFingerprint(key);
  return { kind: 'key', identity: fingerprint, fingerprint, algorithm: keyName(key), warnings: [] };
}

async function byCertificate(
  thing: SignedThing,
  { leaf, others }: Signer & { kind: 'certificate' },
  acceptance: Acceptance,
  { nowMs, level, answers }: Conditions,
): Promise<ProvenSigner> {
  if (!thing.isSignedWith(leaf.publicKey)) throw broken('the signature is wrong');
  const isKeyless = acceptance.method.endsWith('-keyless');
  const time = timeOfSigning(thing, leaf, acceptance, nowMs, isKeyless);
  const revocation = level === 'strict' ? acceptance.revocation : logged(acceptance.revocation);
  const { lists, responses, roots } = acceptance;
  const wanted: PathRequest = {
    ...{ leaf, others: [...others, ...acceptance.intermediates], roots, lists, responses, revocation, nowMs },
    atMs: time?.atMs ?? nowMs,
    profile: PROFILES[acceptance.profile],
    expiry: level === 'strict' ? 'enforce' : 'log',
  };
  const isAsking = acceptance.ocsp === 'ask' && revocation !== 'skip';
  let path = validatePath(isAsking ? { ...wanted, revocation: 'skip' } : wanted);
  if (isKeyless) checkKeyless(path, acceptance);
  const identities = identitiesOf(leaf);
  const identity = acceptance.identities.find((one) => identities.includes(one));
  if (identity === undefined) throw untrusted(`signed by ${identities.join(', ') || 'nobody in particular'}`);
  // Asked last: addresses are taken from nobody's certificate but that of a signer the rule means.
  if (isAsking) path = validatePath({ ...wanted, ...(await askedAbout(path, wanted, acceptance, answers)) });
  return {
    ...{ kind: 'certificate', identity, fingerprint: `sha256:${leaf.fingerprint}` },
    algorithm: keyName(leaf.publicKey),
    ...(time === undefined ? {} : { signedAtMs: time.atMs, timeFrom: time.from }),
    warnings: path.warnings,
  };
}

function logged(strictness: Acceptance['revocation']): Acceptance['revocation'] {
  return strictness === 'enforce' ? 'log' : strictness;
}

/** A time somebody trusted vouches for. Without one nothing is known of when a signature was made: the signer's clock says what it likes. */
function timeOfSigning(
  thing: SignedThing,
  leaf: Certificate,
  acceptance: Acceptance,
  nowMs: number,
  isKeyless: boolean,
): { readonly atMs: number; readonly from: 'time stamp' | 'log' } | undefined {
  const content = {
    signedSha256: thing.loggedSha256,
    signature: thing.signature,
    verifier: leaf.der,
  };
  const logTimes: number[] = [];
  let isLogged = false;
  let fault: SignatureFault | undefined;
  if (acceptance.logKeys.length > 0) {
    for (const entry of thing.logEntries) {
      try {
        const { atMs } = verifyLogEntry(entry, content, acceptance.logKeys);
        isLogged = true;
        if (atMs !== undefined) logTimes.push(atMs);
      } catch (thrown) {
        if (!(thrown instanceof SignatureFault) || thrown.kind === 'proof') throw thrown;
        fault = thrown;
      }
    }
  }
  if (isKeyless && !isLogged) throw fault ?? untrusted('the signature is in no known log');
  if (acceptance.timestampRoots.length > 0 && thing.timestamps.length > 0) {
    const times = thing.timestamps.map((token) =>
      trustedTime(token, thing.signature, acceptance.timestampRoots, nowMs),
    );
    return { atMs: Math.min(...times), from: 'time stamp' };
  }
  const [atMs] = logTimes;
  if (atMs !== undefined) return { atMs, from: 'log' };
  if (isKeyless) throw untrusted('nobody known says when it was signed');
  return undefined;
}

/** The identity was vouched for by the issuer, and the certificate shown to a log. */
function checkKeyless({ certificates }: ValidPath, acceptance: Acceptance): void {
  const [leaf, issuer] = certificates;
  if (leaf === undefined || issuer === undefined) throw untrusted('a signer without an authority');
  checkCertificateLogged(leaf, issuer, acceptance.certificateLogKeys);
  const all = leaf.extensions.all;
  const current = all.get(OID.fulcioIssuer);
  const earlier = all.get(OID.fulcioIssuerV1);
  const by = current === undefined ? earlier?.value.toString('utf8') : readDer(current.value).content.toString('utf8');
  if (by !== acceptance.issuer) throw untrusted(`the identity was vouched for by ${by ?? 'nobody'}`);
}

/** Every name of a certificate as policies write them. */
export function identitiesOf({ extensions, subject }: Certificate): readonly string[] {
  const names = extensions.subjectNames
    .filter(({ kind }) => kind === 'email' || kind === 'uri' || kind === 'dns')
    .map(({ kind, text }) => `${kind}:${text}`);
  const text = nameText(subject);
  return text === '' ? names : [...names, `subject:${text}`];
}
