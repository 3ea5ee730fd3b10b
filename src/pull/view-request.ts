import { SluiceError } from '../base/index.js';
import type { Manifest, ManifestFile, Ref } from '../hubs/index.js';
import type { ViewFile, ViewRequest } from '../store/index.js';
import type { HeldFile } from './holdings.js';

/** The proven files of a commit as a view wants to hear of them. */
export function viewRequest(
  { ref, manifest, endpoint }: { readonly ref: Ref; readonly manifest: Manifest; readonly endpoint: string },
  held: readonly HeldFile[],
): ViewRequest {
  const { pinned } = manifest;
  const listed = new Map(manifest.files.map((file) => [file.path, file]));
  return {
    origin: ref.origin,
    kind: ref.origin === 'https' ? 'model' : ref.kind,
    id: ref.origin === 'https' ? idOfUrl(ref.url) : ref.id,
    revision: pinned.revision,
    commit: pinned.commit,
    ...(pinned.createdAtS === undefined ? {} : { createdAtS: pinned.createdAtS }),
    endpoint,
    files: held.map((file) => shown(file, listed.get(file.path))),
    allFiles: manifest.files.flatMap((file) =>
      file.sizeBytes === undefined
        ? []
        : [{ ...traits(file), ...sha256Of(file), path: file.path, sizeBytes: file.sizeBytes }],
    ),
  };
}

function shown(held: HeldFile, listed: ManifestFile | undefined): ViewFile {
  const isKnown = listed !== undefined || held.openedFrom !== undefined;
  if (held.sha256 === undefined || held.sizeBytes === null || !isKnown) {
    throw new SluiceError('INTERNAL', { reason: `${held.path} was to be shown before it was proven` });
  }
  return {
    ...(listed === undefined ? { lfs: true } : traits(listed)),
    path: held.path,
    sha256: held.sha256,
    sizeBytes: held.sizeBytes,
  };
}

function sha256Of({ digests }: ManifestFile): { readonly sha256?: string } {
  return digests.sha256 === undefined ? {} : { sha256: digests.sha256 };
}

function traits(file: ManifestFile): Pick<ViewFile, 'gitOid' | 'lfs' | 'xetHash' | 'fileRevision'> {
  const { gitOid, xetHash, fileRevision } = file;
  return {
    lfs: file.digests.sha256 !== undefined,
    ...(gitOid === undefined ? {} : { gitOid }),
    ...(xetHash === undefined ? {} : { xetHash }),
    ...(fileRevision === undefined ? {} : { fileRevision }),
  };
}

/** `https://host/a/b/c.bin` as `host/a/b`: where a plain file came from, as a repository would be named. */
function idOfUrl(url: string): string {
  const { host, pathname } = new URL(url);
  return `${host}${pathname.slice(0, pathname.lastIndexOf('/'))}`.replace(/:/g, '_');
}
