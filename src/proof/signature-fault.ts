/**
 * Why a signature does not count. `proof`: bytes, form or arithmetic are wrong, whoever signed. `trust`: all of that is right, but nobody whom the policy names
 * stands behind it.
 */
export class SignatureFault extends Error {
  override readonly name = 'SignatureFault';

  constructor(
    readonly kind: 'proof' | 'trust',
    reason: string,
    /** It was held against a way of signing that it is not made by: another way may say more about it. */
    readonly isOtherForm = false,
  ) {
    super(reason);
  }
}

/** A fault of the bytes. */
export function broken(reason: string): SignatureFault {
  return new SignatureFault('proof', reason);
}

/** A fault of whom it comes from. */
export function untrusted(reason: string): SignatureFault {
  return new SignatureFault('trust', reason);
}

/** It is signed in another way than this one. */
export function otherForm(reason: string): SignatureFault {
  return new SignatureFault('trust', reason, true);
}
