import { BUILDING_BLOCKS, EXECUTING_MODULES, EXECUTING_NAMES, PATH_WORDS, REACHING_MODULES } from './labels.js';
import { JOBLIB, NUMPY } from './numpy-profile.js';
import { PLAIN } from './plain-profile.js';
import { TORCH } from './torch-profile.js';

/** All names by which pickles are judged: verdicts are void when one changes. */
export const PICKLE_TABLES: unknown = {
  labels: [BUILDING_BLOCKS, EXECUTING_MODULES, EXECUTING_NAMES, PATH_WORDS, REACHING_MODULES],
  profiles: [PLAIN, NUMPY, JOBLIB, TORCH].map(
    ({ name, callable, values, valuePattern, buildable, fillable, opcodes }) => [
      name,
      [...callable.keys()],
      values,
      valuePattern,
      [...buildable.keys()],
      fillable,
      opcodes,
    ],
  ),
};
