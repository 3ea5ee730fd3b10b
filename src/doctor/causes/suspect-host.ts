import type { AddressFacts, GoodputFacts, HostFacts, KernelFacts } from '../facts.js';
import type { Evidence } from '../report.js';
import { lossBegins } from './loss-begins.js';
import { suspectCuts } from './suspect-cuts.js';
import type { Suspicion } from './suspicion.js';
import { THRESHOLDS } from './thresholds.js';
import { kernelCommand } from './commands.js';

/** What is wrong on the way to one host. */
export function suspectHost(facts: HostFacts, kernel: KernelFacts): readonly Suspicion[] {
  const stopped = blockade(facts);
  if (stopped !== undefined) return [stopped];
  return [
    ...slowNames(facts),
    ...deadAddresses(facts),
    ...distance(facts),
    ...answer(facts),
    ...suspectCuts(facts),
    ...flow(facts, kernel),
    ...trust(facts),
  ];
}

function blockade({ host, proxy, names, addresses, tls, answer, failure }: HostFacts): Suspicion | undefined {
  const because = { host, reason: failure?.message ?? '', code: failure?.code ?? '' };
  const isUnreached = addresses.length > 0 && addresses.every(({ connectMs }) => connectMs.length === 0);
  // Names and addresses are the proxy's then.
  if (proxy !== undefined && (names?.failure !== undefined || isUnreached || failure?.code === 'PROXY'))
    return { cause: 'PROXY_FAILS', about: proxy, evidence: { ...because, proxy } };
  if (names?.failure !== undefined) return { cause: 'NAME_UNKNOWN', about: host, evidence: because };
  if (isUnreached) return { cause: 'UNREACHABLE', about: host, evidence: because };
  if (tls?.distrust !== undefined)
    return { cause: 'UNTRUSTED', about: host, evidence: { host, issuer: tls.authority, reason: tls.distrust } };
  if (failure !== undefined) return { cause: 'BROKEN', about: host, evidence: because };
  if (answer !== undefined && [401, 403].includes(answer.status))
    return { cause: 'NOT_ALLOWED', about: host, evidence: { host, status: answer.status } };
  return undefined;
}

function slowNames({ host, names, resolvers }: HostFacts): readonly Suspicion[] {
  const { namesMs, usualNamesMs } = THRESHOLDS;
  if (names === undefined || names.ms < namesMs) return [];
  const delay = { ms: names.ms, usualMs: usualNamesMs };
  const [first, ...others] = resolvers;
  const isOneDead = first?.failure !== undefined && others.some(({ failure }) => failure === undefined);
  if (isOneDead) {
    const evidence = { host, server: first.server, reason: first.failure.code, tookMs: names.ms };
    return [{ cause: 'DEAD_RESOLVER', about: first.server, evidence, delay }];
  }
  return [{ cause: 'SLOW_NAMES', about: host, evidence: { host, tookMs: names.ms }, delay }];
}

function deadAddresses({ host, addresses }: HostFacts): readonly Suspicion[] {
  const dead = addresses.filter(({ connectMs, failure }) => connectMs.length === 0 && !isNoWay(failure?.code));
  const [first] = dead;
  if (first === undefined) return [];
  const evidence = { host, address: first.address, count: dead.length, family: `IPv${first.family}` };
  return [
    { cause: 'DEAD_ADDRESSES', about: host, evidence, delay: { ms: THRESHOLDS.attemptMs * dead.length, usualMs: 0 } },
  ];
}

/** This machine has no way for the family at all: it says so at once, and nobody waits. */
function isNoWay(code: string | undefined): boolean {
  return code === 'ENETUNREACH' || code === 'EADDRNOTAVAIL' || code === 'EAFNOSUPPORT';
}

function distance({ host, addresses }: HostFacts): readonly Suspicion[] {
  const roundTripMs = nearest(addresses);
  const { roundTripMs: most, usualRoundTripMs: usualMs } = THRESHOLDS;
  if (roundTripMs === undefined || roundTripMs < most) return [];
  // Connection, two flights of TLS, the request itself.
  const delay = { ms: roundTripMs * 4, usualMs: usualMs * 4 };
  return [{ cause: 'FAR_AWAY', about: host, evidence: { host, roundTripMs }, delay }];
}

function trust({ host, tls }: HostFacts): readonly Suspicion[] {
  if (tls === undefined || tls.isPublic) return [];
  return [{ cause: 'INTERCEPTED', about: host, evidence: { host, authority: tls.authority } }];
}

function answer({ host, answer, addresses, goodput }: HostFacts): readonly Suspicion[] {
  if (answer === undefined) return [];
  const found: Suspicion[] = [];
  const ownMs = answer.firstByteMs - (nearest(addresses) ?? 0);
  const { answerMs, usualAnswerMs: usualMs, clockMs } = THRESHOLDS;
  const refusing = goodput.find(isLimited);
  if (answer.status === 429 || refusing !== undefined) {
    const resetMs = (refusing ?? answer).rateLimit?.resetMs;
    const delay = { ms: resetMs ?? THRESHOLDS.rateLimitMs, usualMs: 0 };
    const at = refusing === undefined ? {} : { streams: refusing.streams };
    const evidence = { host, ...at, ...(resetMs === undefined ? {} : { resetMs }) };
    found.push({ cause: 'RATE_LIMITED', about: host, evidence, delay });
  } else if (ownMs >= answerMs) {
    const delay = { ms: ownMs, usualMs };
    found.push({ cause: 'SLOW_ANSWER', about: host, evidence: { host, firstByteMs: answer.firstByteMs }, delay });
  }
  if (answer.servesRanges === false && goodput.length > 0)
    found.push({ cause: 'SERVES_NO_RANGES', about: host, evidence: { host } });
  const aheadMs = answer.clockAheadMs ?? 0;
  if (Math.abs(aheadMs) >= clockMs)
    found.push({ cause: 'CLOCK_WRONG', about: host, evidence: { host, differenceMs: Math.abs(aheadMs) } });
  return found;
}

/** One stream against several: what one cannot bring, and what all together cannot. */
function flow(facts: HostFacts, kernel: KernelFacts): readonly Suspicion[] {
  const { host } = facts;
  // Streams that are refused say nothing of the way.
  const goodput = facts.goodput.filter((stage) => !isLimited(stage));
  const one = goodput.find(({ streams }) => streams === 1)?.bytesPerSecond;
  if (one === undefined) return [];
  const best = goodput.reduce((most, each) => (each.bytesPerSecond > most.bytesPerSecond ? each : most));
  const rates = { host, onePerSecond: one, bestPerSecond: best.bytesPerSecond, streams: best.streams };
  const isHeld = one < THRESHOLDS.capBytesPerSecond && best.bytesPerSecond >= one * THRESHOLDS.capGain;
  const isSlow = best.bytesPerSecond < THRESHOLDS.lineBytesPerSecond;
  const loss = lossOf(facts);
  // Loss explains both: what one stream lacks, and what all of them do.
  if (loss !== undefined && (isHeld || isSlow)) {
    const mendedBytesPerSecond = Math.max(best.bytesPerSecond, THRESHOLDS.lineBytesPerSecond);
    const passage = { bytesPerSecond: one, mendedBytesPerSecond };
    return [{ cause: 'LOSS', about: host, evidence: { ...rates, ...loss, ...lossBegins(facts.route) }, passage }];
  }
  const found: Suspicion[] = [];
  if (isHeld) {
    const passage = { bytesPerSecond: one, mendedBytesPerSecond: best.bytesPerSecond };
    const window = windowOf(facts, one, kernel);
    found.push(
      window === undefined
        ? { cause: 'CONNECTION_CAP', about: host, evidence: rates, passage }
        : {
            ...{ cause: 'SMALL_WINDOW', about: host, evidence: { ...rates, ...window }, passage },
            command: kernelCommand(best.bytesPerSecond, Number(window.roundTripMs)),
          },
    );
  }
  if (isSlow) {
    const passage = { bytesPerSecond: best.bytesPerSecond, mendedBytesPerSecond: THRESHOLDS.lineBytesPerSecond };
    found.push({ cause: 'SLOW_LINE', about: host, evidence: rates, passage });
  }
  return found;
}

function isLimited({ failures }: GoodputFacts): boolean {
  return failures.some(({ code }) => code === 'RATE_LIMITED');
}

/** Set where one stream is as fast as the window of this machine lets it be. */
function windowOf(facts: HostFacts, rate: number, { windowBytes }: KernelFacts): Evidence | undefined {
  const roundTripMs = facts.ping?.leastMs ?? nearest(facts.addresses);
  if (windowBytes === undefined || roundTripMs === undefined) return undefined;
  const [least, most] = THRESHOLDS.windowShare;
  const share = rate / ((windowBytes / roundTripMs) * 1000);
  return share >= least && share <= most ? { windowBytes, roundTripMs } : undefined;
}

/** By ping, or by what TCP got out of order at every number of streams: what many alone meet is that they crowd each other out. */
export function lossOf({ ping, goodput }: HostFacts): Evidence | undefined {
  const lost = ping === undefined ? 0 : ping.lost / ping.sent;
  if (lost >= THRESHOLDS.lossShare) return { lostPercent: Math.round(lost * 100), way: 'ping' };
  const shares = goodput.flatMap(({ outOfOrderShare }) => (outOfOrderShare === undefined ? [] : [outOfOrderShare]));
  const least = Math.min(...shares);
  if (shares.length === 0 || least < THRESHOLDS.outOfOrderShare) return undefined;
  return { lostPercent: Math.round(least * 100), way: 'TCP' };
}

/** The least of all tries: what is above it is queueing. */
function nearest(addresses: readonly AddressFacts[]): number | undefined {
  const all = addresses.flatMap(({ connectMs }) => connectMs);
  return all.length === 0 ? undefined : Math.min(...all);
}
