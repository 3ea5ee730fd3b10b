import { SluiceError } from '../../base/index.js';
import { fetchSmall, type SmallContext } from '../../net/index.js';
import { MOST_OCSP_BYTES, RevocationAnswers, SignatureFault } from '../../proof/index.js';
import type { PullContext } from '../port.js';
import { withWires } from '../wires.js';

/** For one answer, tries and pauses included: whoever verifies waits for it. */
const MOST_WAIT_MS = 20_000;
const PATIENCE_MS = 8000;

/**
 * Certificates come from anywhere, so that what they name may lead no further inside than a host out in the world may: this is the address of none (RFC 5737).
 * Responders inside are named by the policy.
 */
const SOMEBODY = 'http://192.0.2.1/';

type Wires = Pick<SmallContext, 'transport' | 'gate' | 'emit'>;

/**
 * Asks the responders of certificates by HTTP (RFC 6960, A.1), where a rule says that they are asked.
 * @param wires those that are open; without any each question opens its own
 */
export function responderAnswers(context: PullContext, wires?: Wires): RevocationAnswers {
  return new RevocationAnswers(async (url, request, isNamed) => {
    if (context.settings.offline) throw unanswered('nobody is asked while offline');
    const send = (open: Wires): Promise<Buffer> => ask(url, request, isNamed, open, context.signal);
    try {
      return await (wires === undefined ? withWires(context, send) : send(wires));
    } catch (thrown) {
      context.signal.throwIfAborted();
      if (!(thrown instanceof SluiceError)) throw thrown;
      const { host } = new URL(url);
      if (thrown.code === 'REDIRECTS' && !isNamed)
        throw unanswered(`its responder ${host} is inside or leads elsewhere: name it as ocsp-responder`);
      throw unanswered(
        thrown.code === 'INTERRUPTED'
          ? `its responder ${host} takes too long`
          : `its responder does not answer: ${thrown.message}`,
      );
    }
  });
}

async function ask(url: string, request: Buffer, isNamed: boolean, wires: Wires, signal: AbortSignal): Promise<Buffer> {
  const { body } = await fetchSmall(
    { ...wires, patienceMs: PATIENCE_MS, maxPausesMs: 0 },
    {
      url,
      ...(isNamed ? {} : { givenBy: SOMEBODY }),
      headers: { 'content-type': 'application/ocsp-request', accept: 'application/ocsp-response' },
      send: { method: 'POST', body: request },
      limitBytes: MOST_OCSP_BYTES,
      signal: AbortSignal.any([signal, AbortSignal.timeout(MOST_WAIT_MS)]),
      failure: ({ status }) => new SluiceError('BAD_RESPONSE', { host: new URL(url).host, reason: `status ${status}` }),
    },
  );
  return body;
}

function unanswered(reason: string): SignatureFault {
  return new SignatureFault('trust', reason);
}
