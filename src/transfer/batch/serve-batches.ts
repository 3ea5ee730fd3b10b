import { plainFailure } from '../carry/plain-failure.js';
import type { FromCourier, ToCourier } from './messages.js';
import { runOrder, type CourierMeans, type OrderTell } from './run-order.js';

/** Waking another thread costs more than telling it of a file: reports wait for one another so long. */
const TELL_MS = 8;

/** A courier as a function of messages, so that it runs in a thread or, for want of one, in place. */
export function serveBatches(
  means: CourierMeans,
  reply: (messages: readonly FromCourier[]) => void,
): (message: ToCourier) => void {
  const endings = new Map<number, AbortController>();
  let waiting: FromCourier[] = [];
  let timer: NodeJS.Timeout | undefined;
  const flush = (): void => {
    clearTimeout(timer);
    timer = undefined;
    const messages = waiting;
    waiting = [];
    if (messages.length > 0) reply(messages);
  };
  const tellSoon = (message: FromCourier): void => {
    waiting.push(message);
    timer ??= setTimeout(flush, TELL_MS);
  };
  const tellNow = (message: FromCourier): void => {
    waiting.push(message);
    flush();
  };
  const begin = async (message: Extract<ToCourier, { type: 'order' }>): Promise<void> => {
    const { id, order } = message;
    const ending = new AbortController();
    endings.set(id, ending);
    const tell: OrderTell = {
      report: (report) => tellSoon({ type: 'file', id, report }),
      redirect: (at, target, head) => tellSoon({ type: 'redirect', id, at, target, head }),
      pause: (head) => tellNow({ type: 'pause', id, head }),
    };
    const end = await runOrder(means, order, tell, ending.signal);
    endings.delete(id);
    tellNow({ type: 'ended', id, end });
  };
  return (message) => {
    if (message.type === 'trim') {
      means.transport.trim?.(message.url, message.most);
      return;
    }
    const { id } = message;
    if (message.type === 'order') void begin(message);
    else if (message.type === 'stop') endings.get(id)?.abort();
    else
      means.maker.sync(message.sha256s).then(
        () => tellNow({ type: 'synced', id }),
        (thrown: unknown) => tellNow({ type: 'synced', id, failure: plainFailure(thrown) }),
      );
  };
}
