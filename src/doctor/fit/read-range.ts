import { SluiceError } from '../../base/index.js';
import type { ManifestFile, Origin, Pinned } from '../../hubs/index.js';
import { fetchSmall, type SmallContext } from '../../net/index.js';

/** A repository at a commit, and how it is asked. */
export interface ModelListing {
  readonly origin: Origin;
  readonly pinned: Pinned;
  readonly files: readonly ManifestFile[];
}

/** Gives so many bytes of a file from `startByte` on. @throws SluiceError */
export type ReadRange = (file: ManifestFile, startByte: number, bytes: number) => Promise<Buffer>;

/** Ranges by one request each; a server that gives more than it was asked for is left. */
export function rangeReader({ origin, pinned }: ModelListing, wires: SmallContext, signal: AbortSignal): ReadRange {
  return async (file, startByte, bytes) => {
    if (bytes <= 0) return Buffer.alloc(0);
    const source = origin.source(pinned, file);
    const isWhole = startByte === 0 && bytes >= (file.sizeBytes ?? Infinity);
    const { head, body } = await fetchSmall(wires, {
      url: source.url,
      ...(source.headers === undefined ? {} : { headers: source.headers }),
      ...(source.credentials === undefined ? {} : { credentials: source.credentials }),
      ...(isWhole ? {} : { range: { startByte, endByte: startByte + bytes } }),
      limitBytes: bytes,
      signal,
      failure: (answer, text) => source.failure(answer, text),
    });
    if (!isWhole && head.status !== 206)
      throw new SluiceError('BAD_RESPONSE', { host: new URL(head.url).host, reason: 'no range where one was wanted' });
    return body;
  };
}
