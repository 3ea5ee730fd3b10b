import { HookBook } from '../hooks.js';
import { MOST_TREE_BYTES } from '../limits.js';
import { NO_INVENTORY } from '../inventory.js';
import type { Format } from '../port.js';
import { finding } from '../rules.js';
import { isTextStart } from '../text/is-text.js';

/** Read by patterns, not by a parser: what stands in a comment counts too. */
const DECLARATION = /<!(?:DOCTYPE|ENTITY)\b[^>]{0,200}/g;
/** A layer of OpenVINO, and the set of operations that it is of. */
const LAYER = /<layer\b[^>]{0,4000}?\bversion\s*=\s*["']([^"']{0,200})["']/g;
const LOADED = /\b(?:extension|library|plugin)\s*=\s*["']([^"']{0,200}\.(?:so|dll|dylib)\b[^"']{0,40})["']/gi;

/** XML by its name, as OpenVINO and PMML keep models. What makes a reader fetch files or load libraries is told. */
export const XML: Format = {
  format: 'xml',
  claims: (start, name) => /\.(?:xml|pmml)$/i.test(name) && isTextStart(start),
  scan: async (bytes, { members }) => {
    if (bytes.sizeBytes > MOST_TREE_BYTES) {
      const findings = [finding('LIMIT-HIT', `XML of ${bytes.sizeBytes} bytes`, members)];
      return { format: 'xml', verdict: 'NOT_SCANNED', findings, attributions: [], inventory: NO_INVENTORY };
    }
    const text = (await bytes.read(0, bytes.sizeBytes)).toString();
    const book = new HookBook(members);
    for (const [declaration] of text.matchAll(DECLARATION)) book.add('xml.entity', declaration);
    if (/<net\b/.test(text)) for (const [, set = ''] of text.matchAll(LAYER)) book.add('openvino.opset', set);
    for (const [, library = ''] of text.matchAll(LOADED)) book.add('xml.library', library);
    const inventory = { ...NO_INVENTORY, hooks: book.hooks };
    return { format: 'xml', verdict: 'CLEAN', findings: book.findings, attributions: [], inventory };
  },
};
