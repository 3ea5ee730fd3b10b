import { judgeImports } from './pickle/judge/judge-imports.js';
import type { Finding, Inventory } from './port.js';

/** What decides by an inventory alone: used while a file is read, and again when rules change. Places ([] and no offset) are the caller's to add. */
export type Judge = (inventory: Inventory) => readonly Finding[];

export const JUDGES: readonly Judge[] = [judgeImports];
