import { expect, test } from 'vitest';
import { SluiceError, type SluiceEvent } from '../../base/index.js';
import type { PullContext } from '../port.js';
import type { Prepared } from '../prepare.js';
import type { OpenWires } from '../wires.js';
import { LateGate, type OpenGate } from './late-gate.js';

const LARGE = 100_000_000;
const WIRES = {} as OpenWires;
const LANDED = { type: 'piece.landed' } as SluiceEvent;
const PROVEN = { type: 'file.proven', file: 'model.gguf' } as SluiceEvent;

function preparedFor(path: string): Prepared {
  return { surveyed: [{ file: { path, sizeBytes: LARGE, digests: {} } }] } as unknown as Prepared;
}

function rig(open?: OpenGate) {
  const seen: string[] = [];
  const stop = new AbortController();
  let refusal: SluiceError | undefined;
  const inner = {
    stop: stop.signal,
    get refusal() {
      return refusal;
    },
    preflight: () => Promise.resolve(void seen.push('preflight')),
    came: () => void seen.push('came'),
    judge: () => Promise.resolve(void seen.push('judge')),
  };
  const gate = new LateGate(
    open ??
      (() => {
        seen.push('open');
        return Promise.resolve(inner);
      }),
  );
  const context = {
    settings: { offline: false },
    emit: ({ type }: SluiceEvent) => void seen.push(type),
    signal: new AbortController().signal,
  } as unknown as PullContext;
  const refuse = (): void => {
    refusal = new SluiceError('REFUSED', { ref: 'hf:acme/tiny' });
    stop.abort(refusal);
  };
  return { seen, gate, context, refuse };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

test('it is opened once, with the first piece that lands, not before', async () => {
  const { seen, gate, context } = rig();
  await gate.preflight(preparedFor('model.gguf'), context, WIRES);
  const emit = gate.watch(preparedFor('model.gguf'), context);
  emit({ type: 'file.started' } as SluiceEvent);
  await settled();
  expect(seen).toEqual(['file.started']);
  emit(LANDED);
  emit(LANDED);
  await settled();
  expect(seen).toEqual(['file.started', 'piece.landed', 'open', 'piece.landed']);
});

test('what may be a program is looked into before anything moves; not where there is no network', async () => {
  const { seen, gate, context } = rig();
  const prepared = preparedFor('pytorch_model.bin');
  await gate.preflight(prepared, { ...context, settings: { ...context.settings, offline: true } }, WIRES);
  expect(seen).toEqual([]);
  await gate.preflight(prepared, context, WIRES);
  expect(seen).toEqual(['open', 'preflight']);
});

test('it is told of every file that came, before it judges all of them', async () => {
  const { seen, gate, context } = rig();
  const prepared = preparedFor('model.gguf');
  const emit = gate.watch(prepared, context);
  emit(PROVEN);
  emit(PROVEN);
  await gate.judge(prepared, [], context, WIRES);
  expect(seen.filter((what) => what !== 'file.proven')).toEqual(['open', 'came', 'came', 'judge']);
});

test('judging opens it where nothing had to be fetched', async () => {
  const { seen, gate, context } = rig();
  await gate.judge(preparedFor('model.gguf'), [], context, WIRES);
  expect(seen).toEqual(['open', 'judge']);
});

test('what it refuses ends the rest', async () => {
  const { gate, context, refuse } = rig();
  gate.watch(preparedFor('model.gguf'), context)(LANDED);
  await settled();
  expect([gate.stop.aborted, gate.refusal]).toEqual([false, undefined]);
  refuse();
  expect([gate.stop.aborted, gate.stop.reason]).toEqual([true, gate.refusal]);
  expect(gate.refusal).toMatchObject({ code: 'REFUSED' });
});

test('a gate that cannot be opened lets nothing through', async () => {
  const { gate, context } = rig(() => Promise.reject(new Error('no such module')));
  const emit = gate.watch(preparedFor('model.gguf'), context);
  emit(LANDED);
  emit(PROVEN);
  await settled();
  await expect(gate.judge(preparedFor('model.gguf'), [], context, WIRES)).rejects.toThrow('no such module');
});

test('a scan that cannot begin is no end of the process: what came is judged all the same', async () => {
  const judged: string[] = [];
  const { gate, context } = rig(() =>
    Promise.resolve({
      stop: new AbortController().signal,
      refusal: undefined,
      preflight: () => Promise.resolve(),
      came: () => {
        throw new Error('no scanner');
      },
      judge: () => Promise.resolve(void judged.push('judge')),
    }),
  );
  const unhandled: unknown[] = [];
  const note = (thrown: unknown): void => void unhandled.push(thrown);
  process.on('unhandledRejection', note);
  gate.watch(preparedFor('model.gguf'), context)(PROVEN);
  await settled();
  await gate.judge(preparedFor('model.gguf'), [], context, WIRES);
  await settled();
  process.off('unhandledRejection', note);
  expect([judged, unhandled]).toEqual([['judge'], []]);
});

test('a gate that could not be opened stays shut, however often it is asked', async () => {
  let opened = 0;
  const { gate, context } = rig(() => {
    opened += 1;
    return opened === 1 ? Promise.reject(new Error('no such module')) : Promise.resolve(undefined);
  });
  const prepared = preparedFor('model.gguf');
  gate.watch(prepared, context)(LANDED);
  for (let round = 0; round < 3; round += 1)
    await expect(gate.judge(prepared, [], context, WIRES)).rejects.toThrow('no such module');
});
