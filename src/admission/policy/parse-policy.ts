import { isAbsolute, resolve } from 'node:path';
import { SluiceError } from '../../base/index.js';
import { isLicenceFamily, parseExpression } from '../licence/index.js';
import { Fields, type Table } from './fields.js';
import { STRICT_POLICY, type Hook, type InventoryRule, type Policy, type Response, type Waiver } from './policy.js';

const RESPONSES: readonly Response[] = ['admit', 'warn', 'refuse'];
const SEVERITIES = ['critical', 'high', 'medium', 'low', 'info', 'never'] as const;
const LONGEST_WAIVER_MS = 366 * 86_400_000;

/** Where a policy stands, and when it is read: waivers may not last for ever. */
export interface PolicyPlace {
  readonly path: string;
  /** Modules are named relative to it. */
  readonly folder: string;
  readonly nowMs: number;
}

/** A policy as its file says. What it does not mention is as strict as `STRICT_POLICY`. @throws SluiceError BAD_SETTING that names the field */
export async function parsePolicy(content: string, place: PolicyPlace): Promise<Policy> {
  const { parse } = await import('smol-toml');
  let root: Table;
  try {
    root = parse(content);
  } catch (thrown) {
    const reason = thrown instanceof Error ? (thrown.message.split('\n')[0] ?? '') : String(thrown);
    throw new SluiceError('BAD_SETTING', { key: 'admission.policy', where: place.path, reason });
  }
  const fields = new Fields(root, '', place.path, [
    'name',
    'refs',
    'formats',
    'scan',
    'rule',
    'signature',
    'licence',
    'size',
    'age',
    'waiver',
    'hook',
  ]);
  return {
    name: fields.text('name') ?? STRICT_POLICY.name,
    refs: fields.texts('refs'),
    formats: formatsOf(fields.table('formats', ['allow', 'deny'])),
    scan: scanOf(fields.table('scan', ['refuse', 'below', 'review', 'not-scanned', 'error', 'ignore'])),
    rules: fields
      .tables('rule', ['id', 'severity', 'imports', 'calls', 'hooks', 'templates', 'why'])
      .map((each) => ruleOf(each)),
    signature: signatureOf(fields.table('signature', ['required', 'policy', 'from']), place.folder),
    licence: licenceOf(fields.table('licence', ['allow', 'deny', 'unknown', 'contradiction', 'commercial'])),
    size: sizeOf(fields.table('size', ['file', 'revision'])),
    age: { leastMs: fields.table('age', ['least']).duration('least', 0) },
    waivers: fields
      .tables('waiver', ['rule', 'digest', 'ref', 'owner', 'reason', 'until'])
      .map((each) => waiverOf(each, place.nowMs)),
    hooks: hooksOf(fields.tables('hook', ['name', 'module', 'sha256', 'time', 'memory-pages', 'read']), place.folder),
  };
}

function formatsOf(fields: Fields): Policy['formats'] {
  return { allow: fields.texts('allow'), deny: fields.texts('deny') ?? [] };
}

function scanOf(fields: Fields): Policy['scan'] {
  const usual = STRICT_POLICY.scan;
  const refuse = fields.oneOf('refuse', SEVERITIES, usual.refuse ?? 'never');
  return {
    refuse: refuse === 'never' ? undefined : refuse,
    below: fields.oneOf('below', RESPONSES, usual.below),
    review: fields.oneOf('review', RESPONSES, usual.review),
    notScanned: fields.oneOf('not-scanned', RESPONSES, usual.notScanned),
    error: fields.oneOf('error', RESPONSES, usual.error),
    ignore: fields.texts('ignore') ?? [],
  };
}

function ruleOf(fields: Fields): InventoryRule {
  const lists = ['imports', 'calls', 'hooks', 'templates'] as const;
  const [imports = [], calls = [], hooks = [], templates = []] = lists.map((key) => fields.texts(key) ?? []);
  if (lists.every((key) => (fields.texts(key) ?? []).length === 0))
    throw fields.wrong('imports', `say what it is about: ${lists.join(', ')}`);
  const id = ruleName(fields, 'id');
  const severity = fields.oneOf('severity', ['critical', 'high', 'medium', 'low', 'info'], 'high');
  return { id, severity, imports, calls, hooks, templates, why: fields.required('why') };
}

function ruleName(fields: Fields, key: string): string {
  const rule = fields.required(key);
  if (!/^[A-Z][A-Z0-9_-]{1,60}$/.test(rule)) throw fields.wrong(key, 'write one rule, such as PKL-IMPORT-UNKNOWN');
  return rule;
}

/** As identities stand in trust policies and fingerprints of keys are told; anything else would never fit. */
const IDENTITY = /^(?:(?:email|uri|dns|subject):.|sha256:[0-9a-f]{64}$)/s;

function signatureOf(fields: Fields, folder: string): Policy['signature'] {
  const from = fields.texts('from') ?? [];
  const policy = fields.text('policy');
  const required = fields.flag('required', from.length > 0 || policy !== undefined);
  if (!required && from.length > 0) throw fields.wrong('required', 'nobody is asked for, but some are named in from');
  const strange = from.find((identity) => !IDENTITY.test(identity));
  if (strange !== undefined)
    throw fields.wrong('from', `${strange}: write email:…, uri:…, dns:…, subject:… or the sha256:… of a key`);
  if (required && policy === undefined)
    throw fields.wrong('policy', 'it is missing: the trust policy says who is believed');
  return { required, policy: policy === undefined ? undefined : resolve(folder, policy), from };
}

function licenceOf(fields: Fields): Policy['licence'] {
  const allow = fields.texts('allow');
  const deny = fields.texts('deny') ?? [];
  const check = (key: string, names: readonly string[]): void => {
    for (const name of names)
      if (!isLicenceFamily(name) && parseExpression(name)?.kind !== 'licence')
        throw fields.wrong(key, `${name} is neither a licence nor a family of them`);
  };
  check('allow', allow ?? []);
  check('deny', deny);
  return {
    allow,
    deny,
    // Who lists what is allowed does not mean what nobody knows.
    unknown: fields.oneOf('unknown', RESPONSES, allow === undefined ? 'admit' : 'refuse'),
    contradiction: fields.oneOf('contradiction', RESPONSES, allow === undefined ? 'admit' : 'warn'),
    commercial: fields.flag('commercial', false),
  };
}

function sizeOf(fields: Fields): Policy['size'] {
  return { fileBytes: fields.bytes('file'), revisionBytes: fields.bytes('revision') };
}

function waiverOf(fields: Fields, nowMs: number): Waiver {
  const digest = fields.text('digest')?.replace(/^sha256:/, '');
  const ref = fields.text('ref');
  if (digest !== undefined && !/^[0-9a-f]{64}$/.test(digest)) throw fields.wrong('digest', 'write 64 hex digits');
  if (digest === undefined && ref === undefined) throw fields.wrong('digest', 'name what it is for: digest or ref');
  const rule = ruleName(fields, 'rule');
  const untilMs = fields.moment('until');
  if (untilMs > nowMs + LONGEST_WAIVER_MS) throw fields.wrong('until', 'a waiver lasts a year at most');
  return { rule, digest, ref, owner: fields.required('owner'), reason: fields.required('reason'), untilMs };
}

function hooksOf(tables: readonly Fields[], folder: string): readonly Hook[] {
  const names = new Set<string>();
  return tables.map((fields) => {
    const module = fields.required('module');
    const sha256 = fields.required('sha256');
    if (!/^[0-9a-f]{64}$/.test(sha256)) throw fields.wrong('sha256', 'write 64 hex digits');
    const name = fields.text('name') ?? `module-${sha256.slice(0, 12)}`;
    if (names.has(name)) throw fields.wrong('name', `two are called ${name}`);
    names.add(name);
    const timeMs = fields.duration('time', 10_000);
    if (timeMs < 100 || timeMs > 600_000) throw fields.wrong('time', 'write a time from 100ms to 10m');
    return {
      name,
      module: isAbsolute(module) ? module : resolve(folder, module),
      sha256,
      timeMs,
      memoryPages: fields.count('memory-pages', 1, 4096, 256),
      readBytes: fields.bytes('read') ?? 2 ** 30,
    };
  });
}
