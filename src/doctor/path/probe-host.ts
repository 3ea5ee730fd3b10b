import { readFileSync } from 'node:fs';
import type { Duplex } from 'node:stream';
import { openTunnel, type ProxyChoice, type Transport } from '../../net/index.js';
import type { HostFacts, HostRole } from '../facts.js';
import { failureOf, socketFailure } from '../failure.js';
import { PROBES } from '../limits.js';
import { findNames, probeAddresses } from './probe-addresses.js';
import { probeAnswer, type Answered } from './probe-answer.js';
import { singleStream } from './single-stream.js';
import { probeGoodput, type Stretch } from './probe-goodput.js';
import { repeatStreams } from './repeat-streams.js';
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
  /** One like it that has no connections yet. */
  readonly newTransport: () => Transport;
  readonly chooseProxy: ProxyChoice;
  /** One more stream, for long: what is cut late is seen by nothing else. */
  readonly isLong: boolean;
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
  const proxy = context.chooseProxy(url);
  let facts: HostFacts = {
    origin: url.origin,
    host: url.host,
    role,
    resolvers: [],
    addresses: [],
    goodput: [],
    ...(proxy === undefined ? {} : { proxy: proxy.host }),
  };
  // What is on the way to a machine that `ssh` jumps from is for its own settings to know.
  if (proxy?.kind !== 'ssh') {
    const near = proxy ?? nearOf(url);
    const approached = await approach(facts, url, near, proxy, context);
    if ('failure' in approached) return { facts: approached };
    facts = approached;
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
    const stage =
      streams === 1
        ? await singleStream(context.newTransport, stretch, signal)
        : await probeGoodput(transport, stretch, streams, signal);
    facts = { ...facts, goodput: [...facts.goodput, stage] };
  }
  const repeats = await repeatStreams(facts.goodput, stretch, context, () => tell('long', url.host));
  return { facts: repeats.length === 0 ? facts : { ...facts, repeats }, answered };
}

/** Name, addresses, connections and TLS, of the host or of the proxy before it; with `failure` where they end it. */
async function approach(
  before: HostFacts,
  url: URL,
  near: { readonly hostname: string; readonly port: number },
  proxy: ReturnType<ProxyChoice>,
  { signal, tell, caFiles }: PathContext,
): Promise<HostFacts> {
  let facts = before;
  tell('names', url.host);
  const [{ names, found }, resolvers] = await Promise.all([findNames(near.hostname), probeResolvers(near.hostname)]);
  facts = { ...facts, names, resolvers };
  if (names.failure !== undefined) return { ...facts, failure: names.failure };
  tell('connections', url.host);
  const addresses = await probeAddresses(found, near.port, signal);
  facts = { ...facts, addresses };
  const reached = addresses.find(({ connectMs }) => connectMs.length > 0);
  if (reached === undefined) return { ...facts, failure: addresses[0]?.failure ?? UNREACHED };
  const echoed = await ping(reached.address, signal);
  facts = { ...facts, ...(echoed === undefined ? {} : { ping: echoed }) };
  // The tunnel of a proxy that is itself asked by TLS is one more layer than is looked into here.
  const isInTheWay = proxy !== undefined && (proxy.kind !== 'http' || proxy.secure);
  if (url.protocol === 'https:' && !isInTheWay) {
    tell('tls', url.host);
    const authority = `${nearOf(url).hostname}:${nearOf(url).port}`;
    const tunnel = proxy?.kind === 'http' ? (socket: Duplex) => openTunnel(socket, authority, proxy) : undefined;
    try {
      const ca = caFiles.map((file) => readFileSync(file, 'latin1'));
      facts = {
        ...facts,
        tls: await probeTls(
          { hostname: nearOf(url).hostname, port: near.port, address: reached.address, tunnel },
          ca,
          signal,
        ),
      };
    } catch (thrown) {
      signal.throwIfAborted();
      return { ...facts, failure: socketFailure(thrown) };
    }
  }
  return facts;
}

const UNREACHED = { code: 'CONNECT', message: 'no address to try' };

function nearOf(url: URL): { readonly hostname: string; readonly port: number } {
  const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port);
  return { hostname: url.hostname.replace(/^\[|\]$/g, ''), port };
}
