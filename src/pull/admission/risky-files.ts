import type { SurveyedFile } from '../survey.js';

/** Names of what is looked into once it is here: headers and text, whose scan costs next to nothing, or data of which nobody runs anything. */
const WAITS =
  /\.(?:safetensors|gguf|json|jsonl|txt|md|rst|csv|tsv|ya?ml|toml|xml|html|py|ipynb|sh|jinja2?|model|tiktoken|vocab|merges|parquet|arrow|png|jpe?g|gif|webp|svg|pdf|mp3|mp4|wav|flac|gitattributes|gitignore)$|(?:^|\/)(?:LICEN[CS]E|NOTICE|README)$/i;

/** So much may come before it is looked at: asking for parts would take as long. */
const WORTH_BYTES = 4 * 1024 * 1024;
/** A repository of thousands of such files would be asked for longer than it is fetched. */
const MOST_FILES = 64;

/** Files of which parts are read before anything is fetched: those that may be programs, if much is to come. */
export function riskyFiles(missing: readonly SurveyedFile[]): readonly SurveyedFile[] {
  const bytes = missing.reduce((sum, { file }) => sum + (file.sizeBytes ?? WORTH_BYTES), 0);
  if (bytes < WORTH_BYTES) return [];
  const risky = missing.filter(({ file }) => !WAITS.test(file.path) && (file.sizeBytes ?? 0) > 0);
  return risky.length > MOST_FILES ? [] : risky;
}
