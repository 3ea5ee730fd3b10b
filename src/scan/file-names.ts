/** Names by which loaders choose a reader, and the formats that may stand behind each; the first is the one such a loader would try. Names of anything else say nothing. */
export const EXPECTED: readonly (readonly [pattern: RegExp, formats: readonly string[]])[] = [
  [/\.safetensors$/, ['safetensors']],
  [/\.(?:gguf|gguf-split)$/, ['gguf']],
  [/\.onnx$/, ['onnx']],
  [/\.(?:h5|hdf5|keras\.weights\.h5)$/, ['hdf5']],
  [/\.(?:keras|npz|pt2|mar|skops|zip|whl)$/, ['zip', 'torch-zip', 'keras-zip', 'npz']],
  [/\.(?:pkl|pickle)$/, ['pickle', 'joblib', 'gzip']],
  [/\.npy$/, ['npy']],
  [/\.(?:tar|nemo)$/, ['tar', 'gzip']],
  [/\.(?:tgz|tar\.gz|gz)$/, ['gzip']],
  [/(?:^|\/)saved_model\.pb$/, ['tensorflow']],
  [/\.(?:tflite|lite)$/, ['tflite']],
  [/\.mlmodel$/, ['coreml']],
  [/\.json$/, ['json']],
  [/\.(?:png|jpe?g|gif|webp)$/, ['png', 'jpeg', 'gif', 'riff']],
];

/** [] where the name promises nothing. Case does not matter: loaders on many systems do not see it either. */
export function expectedFormats(name: string): readonly string[] {
  const lower = name.toLowerCase().replaceAll('\\', '/');
  return EXPECTED.find(([pattern]) => pattern.test(lower))?.[1] ?? [];
}
