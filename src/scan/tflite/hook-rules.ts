import type { HookJudge } from '../hooks.js';

/** Custom operations that TensorFlow Lite's own resolver brings along. */
export const TFLITE_KNOWN: ReadonlySet<string> = new Set([
  'TFLite_Detection_PostProcess',
  'AudioSpectrogram',
  'Mfcc',
  'NumericVerify',
]);

export const TFLITE_HOOKS: Readonly<Record<string, HookJudge>> = {
  'tflite.custom': (value) =>
    TFLITE_KNOWN.has(value) ? undefined : { rule: 'TFLITE-CUSTOM', reason: 'needs a library of its own' },
};
