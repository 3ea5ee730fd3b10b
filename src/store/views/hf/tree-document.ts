import type { ViewRequest } from '../port.js';
import { pointerOid } from './etag.js';

interface TreeFile {
  readonly size: number;
  readonly blob_id: string;
  readonly lfs_sha256?: string;
  readonly lfs_size?: number;
  readonly xet_hash?: string;
}

/**
 * `trees/<commit>.json` of huggingface_hub ≥ 1.22: the whole listing, so that its client knows what a filtered pull left out.
 * Undefined when the listing does not tell every git id: half a tree would say that the rest does not exist.
 */
export function treeDocument(request: ViewRequest): string | undefined {
  const shown = new Map(request.files.map((file) => [file.path, file]));
  const files: Record<string, TreeFile> = {};
  for (const listed of request.allFiles) {
    const file = { ...listed, ...shown.get(listed.path) };
    const sha256 = file.lfs ? file.sha256 : undefined;
    if (file.lfs && sha256 === undefined) return undefined;
    const oid = file.gitOid ?? (sha256 === undefined ? undefined : pointerOid(sha256, file.sizeBytes));
    if (oid === undefined) return undefined;
    const xet = file.xetHash !== undefined && /^[0-9a-f]{64}$/.test(file.xetHash) ? { xet_hash: file.xetHash } : {};
    const lfs = sha256 === undefined ? {} : { lfs_sha256: sha256, lfs_size: file.sizeBytes };
    Object.defineProperty(files, file.path, {
      value: { size: file.sizeBytes, blob_id: oid, ...lfs, ...xet },
      enumerable: true,
    });
  }
  return JSON.stringify({ format_version: 1, files }, undefined, 1);
}
