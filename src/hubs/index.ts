export { compilePattern, literalPattern, matchFiles, type PathMatcher } from './filters.js';
export { parseChecksums, type ChecksumEntry } from './http/checksums.js';
export { createHttpOrigin, type HttpOriginOptions } from './http/client.js';
export { createHuggingFaceOrigin } from './huggingface/client.js';
export * as hubLimits from './limits.js';
export { createModelScopeOrigin } from './modelscope/client.js';
export type { HubOptions, OriginOptions } from './options.js';
export type { Manifest, ManifestFile, Origin, Pinned, Source } from './port.js';
export {
  formatRef,
  parseRef,
  repositoryPath,
  type Ref,
  type RepositoryKind,
  type RepositoryRef,
  type UrlRef,
} from './ref.js';
