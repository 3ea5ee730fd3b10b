import type { DecodePool } from './xet/index.js';

export { compilePattern, literalPattern, matchFiles, type PathMatcher } from './filters.js';
export { parseChecksums, type ChecksumEntry } from './http/checksums.js';
export { createHttpOrigin, type HttpOriginOptions } from './http/client.js';
export type {
  CacheStatus,
  Caller,
  Catalogue,
  Content,
  Guard,
  Description,
  Face,
  FaceReply,
  FaceRequest,
  Question,
  Snapshot,
  Span,
} from './face.js';
export { ANY_METHOD, isBy, READING, type Route } from './routes.js';
export { hostlessWords } from './hostless.js';
export { createHuggingFaceFace, type HuggingFaceFaceOptions } from './huggingface/face/face.js';
export { createContentService, type ContentService } from './xet/face/content-service.js';
export { createHuggingFaceOrigin } from './huggingface/client.js';
export { createSitesFace } from './indexes/face.js';
export { parseSite } from './indexes/parse-site.js';
export type { Site, SiteCatalogue, SiteFile, SiteKind, SitePage } from './indexes/port.js';
export { makesSense } from './indexes/sense.js';
export { siteRefusal } from './indexes/refusal.js';
export { createOciFace } from './oci/face/face.js';
export type { ImageCatalogue, ImageName, KeptManifest, KeptTags } from './oci/port.js';
export { findAttachments, parseImageReference, type Attachment } from './oci/attachments.js';
export { attachReferrer, attachTagged, type AttachTo } from './oci/attach.js';
export { dockerAccount } from './oci/docker-accounts.js';
export { RegistryWriter } from './oci/registry-writer.js';
export { isImageManifest } from './oci/sense.js';
export { Registry, type RawManifest } from './oci/registry.js';
export * as hubLimits from './limits.js';
export { createModelScopeOrigin } from './modelscope/client.js';
export { createModelScopeFace } from './modelscope/face/face.js';
export type { HubOptions, OriginOptions } from './options.js';
export type { Manifest, ManifestFile, Origin, Pinned, Source, Spans } from './port.js';
export { isPublicHub } from './public-hubs.js';
export {
  formatRef,
  parseRef,
  repositoryPath,
  type Ref,
  type RepositoryKind,
  type RepositoryRef,
  type UrlRef,
} from './ref.js';
export type { ChunkListFiles, DecodePool, WrittenSum } from './xet/index.js';

/** Threads for what comes in Xet's chunks, loaded when wanted. */
export const openDecoders = async (threads: number): Promise<DecodePool> =>
  (await import('./xet/index.js')).createDecodePool({ threads });
