/** What the quota of a user leaves on a device, in bytes, by `quota -wp` of quota-tools (blocks of 1 KiB); undefined where none is set. */
export function parseQuota(output: string, device: string): number | undefined {
  for (const line of output.split('\n')) {
    const [name, used = '', soft = '', hard = ''] = line.trim().split(/\s+/);
    // An asterisk behind the count says that it is beyond the quota.
    const [usedKib, softKib, hardKib] = [used.replace('*', ''), soft, hard].map(count);
    if (name !== device || usedKib === undefined || softKib === undefined || hardKib === undefined) continue;
    // Zero is no limit. Beyond the soft one writing goes on for days of grace.
    const limitKib = hardKib > 0 ? hardKib : softKib;
    return limitKib > 0 ? Math.max(0, limitKib - usedKib) * 1024 : undefined;
  }
  return undefined;
}

function count(text: string): number | undefined {
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}
