import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Source } from '../../hubs/index.js';
import { BatchStock, type BatchItem } from './batch-stock.js';

function itemOf(path: string, sizeBytes: number, sources: readonly string[]): BatchItem {
  const known = sources.map((id): Source => ({
    id,
    url: `http://${id}/${path}`,
    failure: () => {
      throw new Error('nobody asks');
    },
  }));
  const task = { path, sizeBytes, digests: { sha256: path }, sources: known };
  return { group: [task], task, sizeBytes, sources: known, begun: { isAnnounced: false, retries: 0, fetchedBytes: 0 } };
}

const pathsOf = (items: readonly BatchItem[]): string[] => items.map(({ task }) => task.path);

it('gives the first files that a source has, within a number and a weight, and at least one', () => {
  const stock = new BatchStock([
    itemOf('a', 50, ['x']),
    itemOf('b', 10, ['y']),
    itemOf('c', 60, ['x', 'y']),
    itemOf('d', 70, ['x']),
  ]);
  expect(pathsOf(stock.take('x', 2, 10))).toEqual(['a']);
  expect(pathsOf(stock.take('x', 9, 100))).toEqual(['c']);
  expect(pathsOf(stock.take('z', 9, 100))).toEqual([]);
  expect([stock.count, stock.bytes]).toEqual([2, 80]);
});

it('what is given back comes next, in its order; what is removed does not come', () => {
  const stock = new BatchStock(['a', 'b', 'c', 'd'].map((path) => itemOf(path, 1, ['x'])));
  stock.giveBack(stock.take('x', 2, 10));
  expect(pathsOf(stock.remove(({ task }) => task.path === 'c'))).toEqual(['c']);
  expect(pathsOf(stock.take('x', 9, 10))).toEqual(['a', 'b', 'd']);
  expect([stock.count, stock.bytes]).toEqual([0, 0]);
});

it('loses nothing and gives nothing twice, whatever is asked of it', () => {
  const step = fc.oneof(
    fc.record({ take: fc.constantFrom('x', 'y'), files: fc.integer({ min: 1, max: 5 }), bytes: fc.nat(40) }),
    fc.record({ back: fc.nat(3) }),
    fc.record({ remove: fc.constantFrom('x', 'y') }),
  );
  fc.assert(
    fc.property(
      fc.array(fc.record({ bytes: fc.nat(20), sources: fc.subarray(['x', 'y'], { minLength: 1 }) }), { maxLength: 20 }),
      fc.array(step, { maxLength: 20 }),
      (files, steps) => {
        const items = files.map(({ bytes, sources }, index) => itemOf(String(index), bytes, sources));
        const stock = new BatchStock(items);
        const out: BatchItem[] = [];
        for (const each of steps) {
          if ('take' in each) out.push(...stock.take(each.take, each.files, each.bytes));
          else if ('back' in each) stock.giveBack(out.splice(0, each.back));
          else out.push(...stock.remove(({ sources }) => sources.every(({ id }) => id === each.remove)));
          expect(stock.count + out.length).toBe(items.length);
          const bytes = out.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
          expect(stock.bytes + bytes).toBe(items.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0));
        }
        const rest = [...stock.take('x', 99, 1e9), ...stock.take('y', 99, 1e9)];
        expect(pathsOf([...out, ...rest]).sort()).toEqual(pathsOf(items).sort());
      },
    ),
  );
});
