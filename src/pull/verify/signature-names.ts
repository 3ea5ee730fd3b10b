export const SIGNATURE_NAME = 'model.sig';
/** What signatures of one file or list are called beside it: OpenSSL's by custom, a Sigstore bundle by its specification. */
export const SUFFIXES = ['.sig', '.sigstore.json'];
const CHECKSUM_LIST = /^(?:(?:sha256|sha512)sums?(?:\.txt)?|checksums?\.(?:sha256|sha512|txt))$/i;

/** The name without what makes it that of a signature. */
export function signedName(name: string): string {
  const suffix = SUFFIXES.find((one) => name.endsWith(one));
  return suffix === undefined ? name : name.slice(0, -suffix.length);
}

/** Whether a file of this name lists checksums of those beside it. */
export function isChecksumList(name: string): boolean {
  return CHECKSUM_LIST.test(name);
}

/** Whether a file of a model may say who signed it: a signature, a list of checksums, the signature of one. */
export function isProofName(name: string): boolean {
  return name === SIGNATURE_NAME || isChecksumList(signedName(name));
}
