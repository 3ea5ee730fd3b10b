import { HookBook } from '../hooks.js';
import type { Format } from '../port.js';
import { walkProtobuf } from '../protobuf/walk.js';
import { COREML_SCHEMA } from './schema.js';

/** An operation of a program that is a class of the app, under the name that the converter gives it. */
const CUSTOM_OPERATION = /^custom/i;

/** Core ML models, alone or in a package: nothing in their bytes says what they are. */
export const COREML: Format = {
  format: 'coreml',
  claims: (_start, name) => /\.mlmodel$/i.test(name),
  scan: async (bytes, { members }) => {
    const book = new HookBook(members);
    const { attributions } = await walkProtobuf(bytes, COREML_SCHEMA, 'Model', ({ type, texts, startByte }) => {
      const all = (field: number): readonly string[] => texts.get(field) ?? [];
      // One without a name is one all the same.
      if (type === 'Custom') for (const name of nonEmpty(all(10))) book.add('coreml.custom', name, startByte);
      else if (type === 'Path') for (const path of all(1)) book.add('coreml.linked', path, startByte);
      else if (type === 'Linked') book.add('coreml.linked', '', startByte);
      else if (type === 'BlobFile') for (const path of nonEmpty(all(1))) book.add('coreml.weights', path, startByte);
      else if (type === 'Operation')
        for (const op of all(1)) if (CUSTOM_OPERATION.test(op)) book.add('coreml.custom', op, startByte);
    });
    const inventory = { imports: [], calls: [], templates: [], hooks: book.hooks };
    return { format: 'coreml', verdict: 'CLEAN', findings: book.findings, attributions, inventory };
  },
};

function nonEmpty(texts: readonly string[]): readonly string[] {
  return texts.length === 0 ? [''] : texts;
}
