import { untrusted } from '../signature-fault.js';
import type { Certificate } from './certificate.js';
import { OID } from './object-ids.js';
import { parseSpiffeId } from './spiffe-id.js';

/** What a signer's certificate must be for. */
export type ProfileName = 'code-signing' | 'compatible' | 'notation' | 'spiffe' | 'time-stamping';

export interface Profile {
  readonly name: ProfileName;
  /** The purpose that authorities which name purposes must name too. */
  readonly purpose: string | undefined;
}

export const PROFILES: Readonly<Record<ProfileName, Profile>> = {
  'code-signing': { name: 'code-signing', purpose: OID.codeSigning },
  compatible: { name: 'compatible', purpose: undefined },
  notation: { name: 'notation', purpose: OID.codeSigning },
  spiffe: { name: 'spiffe', purpose: undefined },
  'time-stamping': { name: 'time-stamping', purpose: OID.timeStamping },
};

/** @throws SignatureFault trust when the certificate is not for this */
export function checkProfile(leaf: Certificate, { name }: Profile): void {
  const { keyUsage, extendedKeyUsage, basicConstraints } = leaf.extensions;
  const purposes = extendedKeyUsage?.purposes ?? [];
  const maySign = keyUsage?.bits.has('digitalSignature') === true;
  // Some who follow the reference implementation sign with what says CA:TRUE and may certify nobody: its own test vectors among them.
  const mayCertify = basicConstraints?.isCa === true && keyUsage?.bits.has('keyCertSign') !== false;
  if (name === 'compatible' ? mayCertify : basicConstraints?.isCa === true)
    throw untrusted('an authority signs certificates, not models');
  switch (name) {
    case 'code-signing':
      if (!maySign || !purposes.includes(OID.codeSigning)) throw untrusted('the certificate is not for code signing');
      return;
    case 'compatible':
      // What the reference implementation of OMS asks for: either of the two.
      if (!maySign && !purposes.includes(OID.codeSigning)) throw untrusted('the certificate is not for signing');
      return;
    case 'notation':
      if (!maySign || (extendedKeyUsage !== undefined && purposes.some((one) => one !== OID.codeSigning)))
        throw untrusted('the certificate is not for code signing');
      return;
    case 'spiffe':
      checkSvid(leaf);
      return;
    case 'time-stamping':
      // RFC 3161, 2.3: this purpose, critical, and no other.
      if (purposes.length !== 1 || purposes[0] !== OID.timeStamping || !extendedKeyUsage?.isCritical)
        throw untrusted('the certificate is not for time stamps');
  }
}

/**
 * What an authority on the path to a signer must not be.
 * @throws SignatureFault trust when it is
 */
export function checkAuthority({ extensions, subjectText }: Certificate, { name }: Profile): void {
  if (name !== 'spiffe') return;
  // X.509-SVID, 3.2: with a path the identity is that of a workload, and none of these certifies others.
  if (extensions.subjectNames.some(({ kind, text }) => kind === 'uri' && (parseSpiffeId(text)?.path ?? '') !== ''))
    throw untrusted(`${subjectText || 'what issued it'} has the SPIFFE ID of a workload and is no authority`);
}

const SVID_PURPOSES = [OID.serverAuth, OID.clientAuth];

/** X.509-SVID, 4: one URI, which is the identity; signs, and certifies nobody. */
function checkSvid({ extensions }: Certificate): void {
  const { keyUsage, extendedKeyUsage, subjectNames } = extensions;
  const uris = subjectNames.filter(({ kind }) => kind === 'uri');
  const id = parseSpiffeId(uris[0]?.text ?? '');
  if (uris.length !== 1 || id === undefined || id.path === '') throw untrusted('the certificate is not an X.509-SVID');
  if (keyUsage?.isCritical !== true || !keyUsage.bits.has('digitalSignature'))
    throw untrusted('the SVID is not for signing');
  if (keyUsage.bits.has('keyCertSign') || keyUsage.bits.has('cRLSign')) throw untrusted('the SVID is an authority');
  // No purpose of signing code exists for SVIDs: those that name purposes name these two.
  if (extendedKeyUsage !== undefined && !SVID_PURPOSES.every((one) => extendedKeyUsage.purposes.includes(one)))
    throw untrusted('the SVID is not for servers and clients');
}
