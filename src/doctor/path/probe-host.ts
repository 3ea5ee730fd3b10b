import { readFileSync } from 'node:fs';
import type { Transport } from '../../net/index.js';
import type { HostFacts, HostRole } from '../facts.js';
import { failureOf, socketFailure } from '../failure.js';
import { PROBES } from '../limits.js';
import { findNames, probeAddresses } from './probe-addresses.js';
import { probeAnswer, type Answered } from './probe-answer.js';
import { probeGoodput, type Stretch } from './probe-goodput.js';
import { ping } from './ping.js';
import { probeResolvers } from './probe-resolvers.js';
import { probeTls } from './probe-tls.js';

export interface HostProbe {
  /** What is asked of it. */
  readonly stretch: Stretch;
  readonly role: HostRole;
  /** Bytes of its answer are counted in stages; without, it is only asked. */
  readonly isCarrier: boolean;
}

export interface PathContext {
  readonly transport: Transport;
  /** `host:port` of the proxy that a URL is reached through. */
  readonly proxyOf: (url: URL) => string | undefined;
  readonly caFiles: readonly string[];
  readonly signal: AbortSignal;
  /** Told of each step that begins. */
  readonly tell: (step: string, host: string) => void;
}

/** What one host does, from its name to its bytes. It goes as far as it gets, and says what ended it. */
export async function probeHost(
  { stretch, role, isCarrier }: HostProbe,
  context: PathContext,
): Promise<{ readonly facts: HostFacts; readonly answered?: Answered }> {
  const { transport, signal, tell } = context;
  const url = new URL(stretch.request.url);
  const proxy = context.proxyOf(url);
  let facts: HostFacts = {
    origin: url.origin,
    host: url.host,
    role,
    resolvers: [],
    addresses: [],
    goodput: [],
    ...(proxy === undefined ? {} : { proxy }),
  };
  tell('names', url.host);
  const near = proxy === undefined ? nearOf(url) : nearOf(new URL(`http://${proxy}`));
  const [{ names, found }, resolvers] = await Promise.all([findNames(near.hostname), probeResolvers(near.hostname)]);
  facts = { ...facts, names, resolvers };
  if (names.failure !== undefined) return { facts: { ...facts, failure: names.failure } };
  tell('connections', url.host);
  const addresses = await probeAddresses(found, near.port, signal);
  facts = { ...facts, addresses };
  const reached = addresses.find(({ connectMs }) => connectMs.length > 0);
  if (reached === undefined) return { facts: { ...facts, ...maybeFailure(addresses[0]?.failure) } };
  const echoed = await ping(reached.address, signal);
  facts = { ...facts, ...(echoed === undefined ? {} : { ping: echoed }) };
  if (url.protocol === 'https:' && proxy === undefined) {
    tell('tls', url.host);
    try {
      const ca = context.caFiles.map((file) => readFileSync(file, 'latin1'));
      facts = { ...facts, tls: await probeTls({ ...near, address: reached.address }, ca, signal) };
    } catch (thrown) {
      signal.throwIfAborted();
      return { facts: { ...facts, failure: socketFailure(thrown) } };
    }
  }
  tell('answer', url.host);
  let answered: Answered;
  try {
    answered = await probeAnswer(transport, stretch.request, signal);
  } catch (thrown) {
    signal.throwIfAborted();
    return { facts: { ...facts, failure: failureOf(thrown) } };
  }
  facts = { ...facts, answer: answered.facts };
  const { status } = answered.facts;
  if (!isCarrier || new URL(answered.head.url).origin !== url.origin || (status !== 200 && status !== 206))
    return { facts, answered };
  for (const streams of PROBES.streams) {
    tell(`streams-${streams}`, url.host);
    const stage = await probeGoodput(transport, stretch, streams, signal);
    facts = { ...facts, goodput: [...facts.goodput, stage] };
  }
  return { facts, answered };
}

function nearOf(url: URL): { readonly hostname: string; readonly port: number } {
  const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port);
  return { hostname: url.hostname.replace(/^\[|\]$/g, ''), port };
}

function maybeFailure(failure: HostFacts['failure']): Pick<HostFacts, 'failure'> {
  return failure === undefined ? {} : { failure };
}
