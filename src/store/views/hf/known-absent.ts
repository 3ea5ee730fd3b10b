import type { ViewRequest } from '../port.js';

/**
 * Files that loaders ask for although most models have none. The cache can say "known absent" (`.no_exist`), which saves
 * each loader a request per start.
 */
const OFTEN_ASKED_FOR = [
  'adapter_config.json',
  'added_tokens.json',
  'chat_template.jinja',
  'chat_template.json',
  'custom_generate/generate.py',
  'generation_config.json',
  'model.safetensors.index.json',
  'preprocessor_config.json',
  'processor_config.json',
  'special_tokens_map.json',
  'video_preprocessor_config.json',
] as const;

/** Those of them that the complete listing of a model does not have. */
export function knownAbsent(request: ViewRequest): readonly string[] {
  if (request.kind !== 'model' || request.allFiles.length === 0) return [];
  const listed = new Set(request.allFiles.map((file) => file.path));
  return OFTEN_ASKED_FOR.filter((path) => !listed.has(path));
}
