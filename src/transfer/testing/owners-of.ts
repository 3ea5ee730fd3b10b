import type { TransferResult } from '../index.js';
import type { Rig } from './rig.js';

/**
 * The sources that brought whole pieces of a file. Where one seemed to be late, as on a busy machine any may, another one may have brought the rest of a
 * piece: the scheduler tells which piece that was, or that the source had more requests than are good for it, and it counts for neither.
 * @throws Error a piece came of several sources without a word of the scheduler
 */
export function ownersOf({ events }: Rig, { pieces }: TransferResult): Set<string> {
  const isRelieved = (id: string, index: number): boolean =>
    events.some((event) => {
      if (event.type === 'scheduler.taken-back' || event.type === 'scheduler.redialled')
        return event.source === id && event.index === index;
      return event.type === 'scheduler.connections' && event.source === id && event.to < event.from;
    });
  const owners = new Set<string>();
  for (const { index, source } of pieces) {
    const [last = '', ...before] = source.split('+').reverse();
    const from = before.find((id) => !isRelieved(id, index));
    if (from !== undefined) throw new Error(`piece ${index} came of ${source}, but ${from} was not relieved of it`);
    if (before.length === 0) owners.add(last);
  }
  return owners;
}
