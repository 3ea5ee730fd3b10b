import type { Transport } from '../../net/index.js';
import type { GoodputFacts } from '../facts.js';
import { PROBES } from '../limits.js';
import type { Stretch } from './probe-goodput.js';
import { singleStream } from './single-stream.js';

interface RepeatContext {
  readonly newTransport: () => Transport;
  readonly isLong: boolean;
  readonly signal: AbortSignal;
}

/** Room beyond the time after which a stream broke, as it is never quite the same. */
const SLACK = 1.5;

/** One stream for long where it is asked for. Where streams broke, single ones again: whether they always break at the same byte or the same moment. */
export async function repeatStreams(
  stages: readonly GoodputFacts[],
  stretch: Stretch,
  { newTransport, isLong, signal }: RepeatContext,
  tell: () => void,
): Promise<readonly GoodputFacts[]> {
  const repeats: GoodputFacts[] = [];
  const broken = () => [...stages, ...repeats].flatMap(({ failures }) => failures).filter(({ bytes }) => bytes > 0);
  if (isLong) {
    tell();
    const limits = { ms: PROBES.longMs, bytes: PROBES.longBytes, silentMs: PROBES.longSilentMs };
    repeats.push(await singleStream(newTransport, stretch, signal, limits));
  }
  const silentMs = PROBES.repeatSilentMs;
  const ms = Math.max(PROBES.stageMs, ...broken().map((each) => each.ms * SLACK + silentMs));
  for (let count = 0; count < PROBES.repeats && broken().length > 0; count += 1) {
    tell();
    repeats.push(await singleStream(newTransport, stretch, signal, { ms, bytes: PROBES.longBytes, silentMs }));
  }
  return repeats;
}
