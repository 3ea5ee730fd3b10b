import { closeSync, openSync } from 'node:fs';
import { SluiceError, WriteTurn } from '../../base/index.js';
import type { ResponseHead } from '../../net/index.js';
import type { Slabs } from '../../proof/index.js';
import { hostOf } from '../request/check-answer.js';
import { perform, type WireEnd, type WireMeans } from '../request/perform.js';
import type { CarryEnd, CarryOrder, FromCarrier, Grant, LeftPart, ToCarrier } from './messages.js';
import { holdBack } from './hold-back.js';
import { PieceWriter } from './piece-writer.js';
import { plainFailure } from './plain-failure.js';
import { RunTarget } from './run-target.js';
import { Slot } from './slot.js';

export interface CarryMeans extends WireMeans {
  readonly slabs: Slabs;
}

/** What a carrier knows of a run that it has under way. */
interface Load {
  readonly ending: AbortController;
  isKilled: boolean;
  /** Answers the question for the next piece of a whole file. */
  grant: (grant: Grant) => void;
}

/** `mayWait`: nobody waits for this one but to count it. */
type Reply = (message: FromCarrier, mayWait?: boolean) => void;

/** The carrier as a function of messages, so that it runs in a thread or, for want of one, in place. */
export function serveOrders(means: CarryMeans, reply: Reply): (message: ToCarrier) => void {
  const loads = new Map<number, Load>();
  const begin = async (id: number, order: CarryOrder): Promise<void> => {
    const load: Load = { ending: new AbortController(), isKilled: false, grant: () => undefined };
    loads.set(id, load);
    const end = await carry(means, order, load, (message, mayWait) => reply({ ...message, id }, mayWait));
    loads.delete(id);
    reply({ type: 'ended', id, end });
  };
  return (message) => {
    if (message.type === 'carry') {
      void begin(message.id, message.order);
      return;
    }
    if (message.type === 'warm') {
      means.transport.warm?.(message.url, message.connections);
      return;
    }
    if (message.type === 'trim') {
      means.transport.trim?.(message.url, message.most);
      return;
    }
    const load = loads.get(message.id);
    if (load === undefined) return;
    if (message.type === 'grant') load.grant(message.grant);
    else {
      load.isKilled ||= message.kill;
      load.ending.abort();
      load.grant('stop');
    }
  };
}

type Told<T> = T extends FromCarrier ? Omit<T, 'id'> : never;

/** Never rejects. */
async function carry(
  means: CarryMeans,
  order: CarryOrder,
  load: Load,
  tell: (message: Told<FromCarrier>, mayWait?: boolean) => void,
): Promise<CarryEnd> {
  let requests = 0;
  let target: RunTarget | undefined;
  let writer: PieceWriter | undefined;
  let descriptor: number | undefined;
  let outcome: CarryEnd['outcome'];
  let left: LeftPart | undefined;
  try {
    descriptor = openSync(order.dataPath, 'r+');
    writer = new PieceWriter({
      descriptor,
      turn: new WriteTurn(order.turn),
      slabs: means.slabs,
      residents: order.residents,
      algorithm: order.algorithm,
      sizeBytes: order.asked.sizeBytes,
      onLanded: (index, digest, isLast) => tell({ type: 'landed', index, digest, isLast }, !order.isShown),
    });
    const slot = new Slot(order.slot);
    target = new RunTarget(order, writer, slot, {
      pause: holdBack(order, means.slabs, slot, load.ending.signal),
      reached: (index) =>
        new Promise((resolve) => {
          load.grant = resolve;
          tell({ type: 'reached', index });
        }),
      written: (index, endByte) => tell({ type: 'written', index, endByte }),
    });
    const hooks = {
      onWire: () => {
        requests += 1;
        slot.asked();
      },
      onRedirect: (location: string, head: ResponseHead) => {
        tell({ type: 'redirect', target: location, head });
      },
      onHead: (head: ResponseHead) => {
        tell({ type: 'head', head });
      },
    };
    const end: WireEnd = await perform(means, order.wire, target, hooks, load.ending.signal);
    if (end === undefined && !target.isAtEnd)
      throw new SluiceError('RESET', { host: hostOf(order.wire.url), reason: 'the answer ended early' });
    outcome = { end };
  } catch (thrown) {
    outcome = { failure: plainFailure(thrown) };
  }
  try {
    if (!load.isKilled) left = target?.leave();
  } catch (thrown) {
    outcome = { failure: plainFailure(thrown) };
  } finally {
    writer?.close();
    if (descriptor !== undefined) closeSync(descriptor);
  }
  return { outcome, left, ignoredRange: target?.ignoredRange ?? false, requests };
}
