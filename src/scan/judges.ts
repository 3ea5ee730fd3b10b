import { judgeHooks } from './hooks.js';
import { readTemplate } from './jinja/read-template.js';
import { judgeImports } from './pickle/judge/judge-imports.js';
import type { Finding, Inventory } from './port.js';

/** What decides by an inventory alone: used while a file is read, and again when rules change. Findings name the file itself, without a place. */
export type Judge = (inventory: Inventory) => readonly Finding[];

export const JUDGES: readonly Judge[] = [
  judgeImports,
  judgeHooks,
  ({ templates }) => templates.flatMap((text) => readTemplate(text, [])),
];
