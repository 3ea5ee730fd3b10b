import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { SluiceError, toSluiceError } from '../../base/index.js';
import { readTrustPolicy, type TrustPolicy } from '../../proof/index.js';
import { parsePolicy } from './parse-policy.js';
import { DEFAULT_POLICY, type Policy } from './policy.js';

/** A policy and the SHA-256 of all that it says, be it by the files that it names; decisions name it. */
export interface NamedPolicy {
  readonly policy: Policy;
  readonly digest: string;
  /** Whose signatures are proven, where one is required. */
  readonly trust?: TrustPolicy;
}

/** The policy that a setting names: `default`, or the file at a path, with the trust policy that it names. @throws SluiceError BAD_SETTING, BAD_TRUST_POLICY */
export async function readPolicy(setting: string): Promise<NamedPolicy> {
  if (setting === 'default') return named(DEFAULT_POLICY);
  let content: string;
  try {
    content = await readFile(setting, 'utf8');
  } catch (thrown) {
    const reason = toSluiceError(thrown).message;
    throw new SluiceError('BAD_SETTING', { key: 'admission.policy', value: setting, reason });
  }
  const policy = await parsePolicy(content, { path: setting, folder: dirname(setting), nowMs: Date.now() });
  const { required, policy: trust } = policy.signature;
  return named(policy, required && trust !== undefined ? await readTrustPolicy(trust) : undefined);
}

export function named(policy: Policy, trust?: TrustPolicy): NamedPolicy {
  const said = JSON.stringify(policy) + (trust === undefined ? '' : JSON.stringify([trust.digest, trust.files]));
  const digest = createHash('sha256').update(said).digest('hex');
  return { policy, digest, ...(trust === undefined ? {} : { trust }) };
}
