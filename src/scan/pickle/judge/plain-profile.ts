import type { PickleProfile } from './profile.js';
import { bytes, dict, float, list, oneOf, resultOf, signature, str, text, type ArgumentRule } from './shapes.js';

/** Other names of codecs look for a module of that name. */
const LATIN1 = text('latin1', 'latin-1');
const encoded = resultOf(new Set(['_codecs.encode']));

/** What every Python has, and what protocols below 3 need for sets and bytes. */
export const PLAIN_CALLABLE: ReadonlyMap<string, ArgumentRule> = new Map([
  ['collections.OrderedDict', oneOf(signature([]), signature([list]))],
  ['collections.Counter', oneOf(signature([]), signature([dict]))],
  ['builtins.set', oneOf(signature([]), signature([list]))],
  ['builtins.frozenset', oneOf(signature([]), signature([list]))],
  // A number would be a length: memory, by the byte.
  ['builtins.bytearray', oneOf(signature([]), signature([bytes]), signature([str, LATIN1]), signature([encoded]))],
  ['builtins.bytes', signature([])],
  ['builtins.complex', signature([float, float])],
  ['_codecs.encode', signature([str, LATIN1])],
]);

export const PLAIN_FILLABLE: ReadonlySet<string> = new Set(['collections.OrderedDict', 'collections.Counter']);

/** Attributes of a dictionary: `_metadata` of a state dict, and the like. */
const attributes: ArgumentRule = ([state]) =>
  state?.kind === 'dict' && state.entries.every(([key]) => key.kind === 'str' && key.text?.startsWith('__') === false)
    ? undefined
    : 'attributes that are no names and values';

export const PLAIN_BUILDABLE: ReadonlyMap<string, ArgumentRule> = new Map([['collections.OrderedDict', attributes]]);

/** Data alone, in any protocol. */
export const PLAIN: PickleProfile = {
  name: 'plain',
  callable: PLAIN_CALLABLE,
  values: new Set(),
  buildable: PLAIN_BUILDABLE,
  fillable: PLAIN_FILLABLE,
};
