import { SluiceError, toSluiceError } from '../../base/index.js';
import { dockerAccount } from '../../hubs/index.js';
import type { PullContext } from '../port.js';

type Account = Awaited<ReturnType<typeof dockerAccount>>;

export interface AccountAt {
  /** Of the registry. */
  readonly host: string;
  /** Says where accounts for registries are kept. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

/**
 * Does something with the account that is kept for a registry. Where the program that keeps it is not there, the registry is asked as anybody, and that is told: most images are public.
 * @throws SluiceError BAD_SETTING that names the program, where the registry lets nobody in then
 */
export async function withAccount<T>(
  { host, env }: AccountAt,
  { emit }: Pick<PullContext, 'emit'>,
  work: (account: Account) => Promise<T>,
): Promise<T> {
  const missing: string[] = [];
  const account = await dockerAccount(host, env, (program) => missing.push(program));
  const [program] = missing;
  if (program === undefined) return work(account);
  const fault = (rest: string): SluiceError =>
    new SluiceError('BAD_SETTING', {
      ...{ key: 'registry account', value: program },
      reason: `this program, which keeps the account for ${host}, cannot be started; ${rest}`,
    });
  const { code, message } = fault('the registry is asked without an account');
  emit({ type: 'notice', code, message });
  try {
    return await work(undefined);
  } catch (thrown) {
    if (toSluiceError(thrown).exitCode !== 4) throw thrown;
    throw fault('the registry wants one');
  }
}
