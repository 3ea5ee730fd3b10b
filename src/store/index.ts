export type {
  LandOptions,
  LandView,
  LinkMethod,
  ViewEntry,
  ViewFile,
  ViewKind,
  ViewRequest,
  ViewResult,
} from './views/port.js';
export { landView } from './views/land-view.js';
export { listViews, type ViewRecord } from './views/view-record.js';
export type { BlobProof, BlobState, DocumentRead, Documents, Partial, PartialIdentity, Store } from './port.js';
export { openStore, type OpenStoreOptions } from './open-store.js';
export { takeLease } from './lease/take-lease.js';
export { LEASE_TIMING, type LeaseTiming } from './lease/lease-timing.js';
export { joinLimits, type Roll } from './roll/roll.js';
export { removeView, type RemovedView } from './views/remove-view.js';
export { chunkListsIn, type ChunkLists } from './chunk-lists/chunk-lists.js';
export { pieceManifestsIn, type PieceManifestFiles } from './piece-manifests/piece-manifests.js';
export { collect, type Collected } from './collection/collect.js';
export { planCollection, type CollectionOptions, type CollectionPlan } from './collection/plan-collection.js';
export { openBlobMaker, type BlobMaker } from './blobs/blob-maker.js';
export { listBlobs, type ListedBlob } from './blobs/list-blobs.js';
export { foreignFinder, type FindForeignPartials } from './foreign/foreign-finder.js';
export type { ByteRange, ForeignPartial, ForeignPlaces, ForeignSearch } from './foreign/foreign-partial.js';
export { forgetUse, listUses, namesOfUse, noteUse, type Use } from './uses/uses.js';
export { openHands, type Hands, type Putting } from './hands/hands.js';
export type { Looked, Wanted } from './blobs/look.js';
