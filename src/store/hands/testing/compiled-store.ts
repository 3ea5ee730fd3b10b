import { join } from 'node:path';
import { rmSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { compileRooms } from '../../../proof/testing/compile-rooms.js';
import type * as door from '../../index.js';

export interface CompiledStore {
  readonly folder: string;
  readonly door: typeof door;
  remove(): void;
}

/** The store as JavaScript, whose hands work in threads. */
export async function compileStore(name: string): Promise<CompiledStore> {
  const folder = join(import.meta.dirname, '../../../../node_modules/.cache', `${name}-${process.pid}`);
  compileRooms(folder, ['base', 'proof', 'store']);
  return {
    folder,
    door: (await import(pathToFileURL(join(folder, 'store', 'index.js')).href)) as typeof door,
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
