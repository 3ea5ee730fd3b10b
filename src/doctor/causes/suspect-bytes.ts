import type { Facts } from '../facts.js';
import type { Suspicion } from './suspicion.js';

/** Hosts of the hubs that mirrors are mirrors of. */
const OFFICIAL = [/(^|\.)(huggingface\.co|hf\.co)$/, /(^|\.)modelscope\.(cn|ai)$/];

/** What is wrong with the bytes themselves, and with whose they are. */
export function suspectBytes(facts: Facts): readonly Suspicion[] {
  const wrong = (facts.specimens ?? []).flatMap(({ host, path, isRight }): Suspicion[] =>
    isRight === false ? [{ cause: 'WRONG_BYTES', about: host, evidence: { host, path } }] : [],
  );
  return [...wrong, ...leaks(facts)];
}

/** A mirror that sends its clients to the hub that it stands for, or to another of the endpoints, saves nobody the way there. */
function leaks({ hosts, specimens = [], endpoints = [] }: Facts): readonly Suspicion[] {
  const led = new Map<string, string>();
  for (const { host, role, answer } of hosts)
    if (role === 'hub' && answer?.sendsTo !== undefined) led.set(host, answer.sendsTo);
  for (const { host, sendsTo } of specimens) if (sendsTo !== undefined && !led.has(host)) led.set(host, sendsTo);
  return [...led].flatMap(([host, target]): Suspicion[] => {
    const family = OFFICIAL.find((each) => each.test(nameOf(target)));
    const isLeak = family === undefined ? endpoints.includes(target) : !family.test(nameOf(host));
    return isLeak ? [{ cause: 'LEAKS', about: host, evidence: { host, target } }] : [];
  });
}

function nameOf(host: string): string {
  return host.replace(/:\d+$/, '');
}
