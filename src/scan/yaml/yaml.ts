import { readTemplate } from '../jinja/read-template.js';
import { HookBook } from '../hooks.js';
import { MOST_TREE_BYTES } from '../limits.js';
import type { Format } from '../port.js';
import { finding } from '../rules.js';
import { NO_INVENTORY } from '../inventory.js';
import { isTextStart } from '../text/is-text.js';

/** Where a tag can begin. Read by lines, not by a parser: a tag inside of quoted text counts too. */
const TAG = /(?:^[ \t]*|[:?-][ \t]*|[[{,]\s*)(?:&\S{1,100}[ \t]+)?(!(?:<[^>\n]{0,200}>|[^\s,[\]{}"']{0,300}))/gm;
/** Tags of YAML itself, of SpeechBrain's references, and `!` alone. */
const HARMLESS =
  /^!(?:$|!(?:str|int|float|bool|null|map|seq|set|omap|pairs|binary|timestamp|merge|value)$|(?:ref|copy|tuple|PLACEHOLDER)$)/;
const ENTRY =
  /(?:^|[\s{,[-])["']?(_target_|auto_map|trust_remote_code|loader_module|custom_pipeline|model_file)["']?\s*:\s*["']?([^\s"',}#][^"',}#\n]*)/gm;

/** A key under which a program keeps a template. */
const TEMPLATE = /^[ \t]*["']?\w*(?:template|jinja)\w*["']?[ \t]*:/im;

/** YAML by its name: tags that build objects, and the keys by which frameworks import and call. */
export const YAML: Format = {
  format: 'yaml',
  claims: (start, name) => /\.ya?ml$|(?:^|\/)MLmodel$/i.test(name) && isTextStart(start),
  scan: async (bytes, { members }) => {
    if (bytes.sizeBytes > MOST_TREE_BYTES) {
      const findings = [finding('LIMIT-HIT', `YAML of ${bytes.sizeBytes} bytes`, members)];
      return { format: 'yaml', verdict: 'NOT_SCANNED', findings, attributions: [], inventory: NO_INVENTORY };
    }
    const text = (await bytes.read(0, bytes.sizeBytes)).toString();
    const book = new HookBook(members);
    for (const hook of yamlHooks(text)) book.add(...hook);
    // What is no tag of Jinja says nothing to it: the file is a template with words around it.
    const templates = TEMPLATE.test(text) && /\{[{%]/.test(text) ? [text] : [];
    const findings = [...book.findings, ...templates.flatMap((each) => readTemplate(each, members))];
    const verdict = findings.some(({ rule }) => rule === 'LIMIT-HIT') ? 'NOT_SCANNED' : 'CLEAN';
    const inventory = { imports: [], calls: [], templates, hooks: book.hooks };
    return { format: 'yaml', verdict, findings, attributions: [], inventory };
  },
};

/** What a loader of YAML is made to build, import or call. */
export function yamlHooks(text: string): (readonly [kind: string, value: string])[] {
  const hooks: (readonly [string, string])[] = [];
  const code = text.replaceAll(/^[ \t]*#.*$/gm, '');
  if (/^%TAG\b/m.test(code)) hooks.push(['yaml.tag', '%TAG']);
  for (const [, tag = ''] of code.matchAll(TAG)) {
    const decoded = tag.replaceAll(/%([\dA-Fa-f]{2})/g, (_all, hex: string) => String.fromCharCode(parseInt(hex, 16)));
    if (!HARMLESS.test(decoded)) hooks.push(['yaml.tag', decoded.replace(/^!<(.*)>$/, '$1')]);
  }
  for (const [, key = '', value = ''] of code.matchAll(ENTRY)) {
    if (key === 'trust_remote_code' && !/^(?:true|yes|on)\b/i.test(value)) continue;
    hooks.push([key === 'loader_module' ? 'mlflow' : key, value.trim()]);
  }
  return hooks;
}
