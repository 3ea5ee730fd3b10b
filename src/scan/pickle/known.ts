import { isTextStart } from '../text/is-text.js';
import { labelOf } from './judge/label-of.js';
import { previewPickle } from './machine.js';
import { HANDLERS } from './opcodes.js';

const PROTO = 0x80;
const NEWEST_PROTOCOL = 5;
/** Asks the unpickler for something by a line of text: without PyTorch’s own none has it, and the stream ends. Zip archives begin with this letter. */
const PERSID = 0x50;
const EXTENSIONS = 'copyreg';
const NAME = /^[A-Za-z_][\w.]*$/;

/**
 * Whether the first bytes of a file of `sizeBytes` are a pickle; `isPromised` says that its name promises one. By what they do, since `80 02` may also be the length of a header, and text may
 * begin with opcodes. No text is a pickle for 64 KiB by chance.
 */
export function isPickle(start: Buffer, sizeBytes: number, isPromised = false): boolean {
  const [first] = start;
  if (first === PERSID && !isPromised) return false;
  // As JSON begins: known at once for thousands of small files, without a break and its stack.
  if (first !== undefined && HANDLERS[first] === undefined) return false;
  const { imports, calls, ends } = previewPickle(start, sizeBytes);
  if (isPromised && ends !== 'break') return true;
  const named = imports.filter(({ module, name }) => NAME.test(module) && NAME.test(name));
  if (first === PROTO && (start[1] ?? 255) <= NEWEST_PROTOCOL) return ends !== 'break' || imports.length > 0;
  if (ends === 'later') return true;
  // Two lines of words after a `c` are an import. Of text that goes on as none, only one that somebody meant is taken for it.
  const isMeant = ends === 'stop' || calls > 0 || named.some(({ module, name }) => labelOf(module, name) !== undefined);
  // No program has an extension of every number, and an opcode of two bytes is nobody's intention.
  const isWritten = named.some(({ module }) => module !== EXTENSIONS);
  return named.length > 0 && (isMeant || (isWritten && !isTextStart(start)));
}
