import type { Transport } from '../../net/index.js';
import type { GoodputFacts } from '../facts.js';
import { PROBES } from '../limits.js';
import { probeGoodput, type Stretch } from './probe-goodput.js';

interface RepeatContext {
  readonly transport: Transport;
  readonly isLong: boolean;
  readonly signal: AbortSignal;
}

/** Room beyond the time after which a stream broke, as it is never quite the same. */
const SLACK = 1.5;

/** One stream for long where it is asked for. Where streams broke, single ones again: whether they always break at the same byte or the same moment. */
export async function repeatStreams(
  stages: readonly GoodputFacts[],
  stretch: Stretch,
  { transport, isLong, signal }: RepeatContext,
  tell: () => void,
): Promise<readonly GoodputFacts[]> {
  const repeats: GoodputFacts[] = [];
  const broken = () => [...stages, ...repeats].flatMap(({ failures }) => failures).filter(({ bytes }) => bytes > 0);
  if (isLong) {
    tell();
    repeats.push(await probeGoodput(transport, stretch, 1, signal, { ms: PROBES.longMs, bytes: PROBES.longBytes }));
  }
  const ms = Math.max(PROBES.stageMs, ...broken().map((each) => each.ms * SLACK));
  for (let count = 0; count < PROBES.repeats && broken().length > 0; count += 1) {
    tell();
    repeats.push(await probeGoodput(transport, stretch, 1, signal, { ms, bytes: PROBES.longBytes }));
  }
  return repeats;
}
