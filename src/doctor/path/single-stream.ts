import type { Transport } from '../../net/index.js';
import type { GoodputFacts } from '../facts.js';
import { probeGoodput, type StageLimits, type Stretch } from './probe-goodput.js';

/** One stream on a connection that was opened for it: where it is cut is then a matter of its own bytes and its own time. */
export async function singleStream(
  newTransport: () => Transport,
  stretch: Stretch,
  signal: AbortSignal,
  limits?: StageLimits,
): Promise<GoodputFacts> {
  const transport = newTransport();
  try {
    return await probeGoodput(transport, stretch, 1, signal, limits);
  } finally {
    await transport.close();
  }
}
