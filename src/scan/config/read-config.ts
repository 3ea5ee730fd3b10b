import { HookBook } from '../hooks.js';
import { isLooseList, isLooseObject, lastOf, type LooseJson, type LooseObject } from '../json/loose-json.js';
import { readTemplate } from '../jinja/read-template.js';
import { kerasHooks } from '../keras/walk.js';
import { skopsHooks } from '../skops/walk.js';
import type { Finding, Verdict } from '../port.js';
import { finding } from '../rules.js';

export interface ConfigReading {
  readonly verdict: Verdict;
  readonly findings: readonly Finding[];
  readonly hooks: readonly string[];
  readonly templates: readonly string[];
}

/** MONAI evaluates text that begins with a dollar. */
const EXPRESSION = /^\$(?:import\b|@|[\w.]+\()/;

/** Everything in a JSON configuration that makes some loader import, fetch or call. Names that are there twice are judged twice. */
export function readConfig(root: LooseJson, name: string, members: readonly string[]): ConfigReading {
  const book = new HookBook(members);
  const templates = new Set<string>();
  const baseName = name.slice(name.lastIndexOf('/') + 1).toLowerCase();
  const visit = (value: LooseJson, key: string, depth: number): void => {
    if (isLooseList(value)) {
      for (const item of value) visit(item, key, depth + 1);
      return;
    }
    if (typeof value === 'string' && EXPRESSION.test(value)) book.add('expression', value);
    if (!isLooseObject(value)) return;
    for (const [inner, entry] of value.entries) {
      hookOf(book, inner, entry, key);
      if (isTemplateKey(inner)) templatesOf(entry, templates);
      visit(entry, inner, depth + 1);
    }
    kerasHooks(value, book);
    skopsHooks(value, book);
  };
  visit(root, '', 0);
  if (baseName === 'model_index.json') pipelineHooks(root, book);
  if (baseName === 'modules.json') sentenceHooks(root, book);
  if (baseName === 'config.json' && isLooseObject(root)) modelFileHook(root, book);
  const readings = [...templates].map((text) => readTemplate(text, members));
  const findings = [...readings.flat(), ...book.findings, ...repeated(root, members)];
  const isWhole = readings.flat().every(({ rule }) => rule !== 'LIMIT-HIT');
  return { verdict: isWhole ? 'CLEAN' : 'NOT_SCANNED', findings, hooks: book.hooks, templates: [...templates].sort() };
}

function hookOf(book: HookBook, key: string, value: LooseJson, parent: string): void {
  const each = (kind: string): void => leaves(value, '', (path, text) => book.add(`${kind}${path}`, text));
  if (key === 'auto_map') each('auto_map');
  else if (key === 'custom_pipelines' || key === 'custom_pipeline') each('custom_pipeline');
  else if (key === 'trust_remote_code' && value === true) book.add('trust_remote_code', 'true');
  else if (key === '_target_') each('_target_');
  else if (key === 'parent_library') each('parent_library');
  else if (/^_?attn_implementation(?:_internal|_autoset)?$/.test(key)) each('attention');
  else if (key === '_class_name' && isLooseList(value)) each('custom_pipeline');
  else if (parent.startsWith('quantization') || key.startsWith('quantization')) pythonPaths(value, book);
}

/** Every string under a value, with its path. */
function leaves(value: LooseJson, path: string, found: (path: string, text: string) => void): void {
  if (typeof value === 'string') found(path, value);
  else if (isLooseList(value)) for (const item of value) leaves(item, path, found);
  else if (isLooseObject(value))
    for (const [name, inner] of value.entries) leaves(inner, `${path}.${name.replaceAll('=', '_')}`, found);
}

function pythonPaths(value: LooseJson, book: HookBook): void {
  leaves(value, '', (_path, text) => {
    if (/\.pyw?(?:$|:)/i.test(text) || /^[A-Za-z_][\w.]*:[A-Za-z_]\w*$/.test(text)) book.add('python_path', text);
  });
}

function pipelineHooks(root: LooseJson, book: HookBook): void {
  if (!isLooseObject(root)) return;
  for (const [key, value] of root.entries) {
    if (key.startsWith('_') || !isLooseList(value) || value.length !== 2) continue;
    const [library, type] = value;
    if (typeof library === 'string' && typeof type === 'string') book.add(`pipeline.${key}`, `${library}.${type}`);
  }
}

function sentenceHooks(root: LooseJson, book: HookBook): void {
  for (const module of isLooseList(root) ? root : [])
    if (isLooseObject(module))
      for (const [key, type] of module.entries)
        if (key === 'type' && typeof type === 'string') book.add('sentence_module', type);
}

function modelFileHook(root: LooseObject, book: HookBook): void {
  for (const [key, value] of root.entries)
    if (key === 'model_file' && typeof value === 'string') book.add('model_file', value);
}

function isTemplateKey(key: string): boolean {
  return /template|jinja/i.test(key);
}

/** A template stands as text, or as a list of {name, template}, or as an object of names. */
function templatesOf(value: LooseJson, templates: Set<string>): void {
  leaves(value, '', (_path, text) => {
    if (/\{[{%#]/.test(text)) templates.add(text);
  });
}

/** Names that are there twice, where it could matter which of them a reader takes. */
function repeated(root: LooseJson, members: readonly string[]): Finding[] {
  if (!isLooseObject(root)) return [];
  return root.entries.flatMap(([name, value], at) => {
    const isFirst = root.entries.findIndex(([other]) => other === name) === at;
    const isSame = JSON.stringify(lastOf(root, name)) === JSON.stringify(value);
    return isFirst && !isSame
      ? [finding('CFG-INVALID', `${name} stands there twice and says two things`, members)]
      : [];
  });
}
