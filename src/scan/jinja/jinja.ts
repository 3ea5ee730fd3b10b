import { MOST_TEMPLATE_BYTES } from '../limits.js';
import { NO_INVENTORY } from '../inventory.js';
import type { Format } from '../port.js';
import { finding } from '../rules.js';
import { readTemplate } from './read-template.js';

/** Chat templates in files of their own, and those that other readers hand in under such a name. */
export const JINJA: Format = {
  format: 'jinja',
  claims: (_start, name) => /\.(?:jinja|jinja2|j2)$/i.test(name),
  scan: async (bytes, { members }) => {
    if (bytes.sizeBytes > MOST_TEMPLATE_BYTES) {
      const findings = [finding('LIMIT-HIT', `a template of ${bytes.sizeBytes} bytes`, members)];
      return { format: 'jinja', verdict: 'NOT_SCANNED', findings, attributions: [], inventory: NO_INVENTORY };
    }
    const text = (await bytes.read(0, bytes.sizeBytes)).toString();
    const inventory = { ...NO_INVENTORY, templates: [text] };
    return { format: 'jinja', verdict: 'CLEAN', findings: readTemplate(text, members), attributions: [], inventory };
  },
};
