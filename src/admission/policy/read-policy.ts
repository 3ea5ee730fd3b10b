import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { SluiceError, toSluiceError } from '../../base/index.js';
import { parsePolicy } from './parse-policy.js';
import { DEFAULT_POLICY, type Policy } from './policy.js';

/** A policy and the SHA-256 of all that it says, which decisions name. */
export interface NamedPolicy {
  readonly policy: Policy;
  readonly digest: string;
}

/** The policy that a setting names: `default`, or the file at a path. @throws SluiceError BAD_SETTING */
export async function readPolicy(setting: string): Promise<NamedPolicy> {
  if (setting === 'default') return named(DEFAULT_POLICY);
  let content: string;
  try {
    content = await readFile(setting, 'utf8');
  } catch (thrown) {
    const reason = toSluiceError(thrown).message;
    throw new SluiceError('BAD_SETTING', { key: 'admission.policy', value: setting, reason });
  }
  return named(await parsePolicy(content, { path: setting, folder: dirname(setting), nowMs: Date.now() }));
}

export function named(policy: Policy): NamedPolicy {
  return { policy, digest: createHash('sha256').update(JSON.stringify(policy)).digest('hex') };
}
