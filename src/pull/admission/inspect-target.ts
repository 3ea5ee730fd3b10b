import { stat } from 'node:fs/promises';
import { relative, resolve, sep } from 'node:path';
import { RangeSource, type Revision } from '../../admission/index.js';
import { SluiceError, errnoOf } from '../../base/index.js';
import { formatRef, parseRef } from '../../hubs/index.js';
import { filesBelow, LocalFiles, openFile, type Opened } from '../../scan/index.js';
import { openStore, type Store } from '../../store/index.js';
import type { PullContext, PullRequest } from '../port.js';
import { prepare } from '../prepare.js';
import { withWires } from '../wires.js';
import { bareRef } from './bare-ref.js';
import { factsOf } from './facts-of.js';

/** A file that is to be looked into, wherever it stands. */
export interface TargetFile {
  readonly path: string;
  readonly sizeBytes: number | undefined;
  /** Where it is proven. */
  readonly sha256: string | undefined;
  readonly open: () => Promise<Opened>;
}

/** What a word of the command line means: a file, a folder, or a ref of which some files are here and others are asked for by ranges. */
export interface Target {
  /** As it is told to people. */
  readonly name: string;
  /** Without revision; of a folder, its path. */
  readonly ref: string;
  readonly commit: string;
  readonly place: 'folder' | 'store' | 'remote';
  readonly store: Store;
  readonly files: readonly TargetFile[];
  readonly facts: Revision['facts'];
}

/** Of one file that stays where it is. */
const MOST_ASKED_BYTES = 256 * 1024 * 1024;

/** Opens a target for one piece of work. @throws SluiceError NOT_HERE, USAGE, and those of a pull */
export async function withTarget<T>(
  request: PullRequest,
  context: PullContext,
  work: (target: Target) => Promise<T>,
): Promise<T> {
  const path = await pathOf(request.ref);
  if (path !== undefined) return work(await folderTarget(path, context));
  return withWires(context, async (wires) => {
    const prepared = await prepare(request, context, wires);
    try {
      const { store, surveyed, origins, manifest, ref } = prepared;
      const [origin] = origins;
      const here = surveyed.flatMap(({ file, sha256, sizeBytes }) =>
        sha256 === undefined ? [] : [{ path: file.path, sizeBytes: sizeBytes ?? null, sha256 }],
      );
      const files = surveyed.map(({ file, sha256, sizeBytes }): TargetFile => {
        const open = async (): Promise<Opened> => {
          if (sha256 !== undefined) return openFile(store.blobPath(sha256), sizeBytes ?? 0);
          if (context.settings.offline || origin === undefined || file.sizeBytes === undefined)
            throw new SluiceError('NOT_HERE', { ref: `${formatRef(ref)} (${file.path})` });
          const bytes = new RangeSource({
            source: origin.source(manifest.pinned, file),
            sizeBytes: file.sizeBytes,
            wires,
            mostBytes: MOST_ASKED_BYTES,
            signal: context.signal,
          });
          return { bytes, close: () => Promise.resolve() };
        };
        return { path: file.path, sizeBytes, sha256, open };
      });
      return await work({
        name: formatRef(ref),
        ref: bareRef(ref),
        commit: manifest.pinned.commit,
        place: here.length === surveyed.length ? 'store' : 'remote',
        store,
        files,
        facts: factsOf(prepared, here, wires, context.signal),
      });
    } finally {
      prepared.elsewhere.stop();
      await Promise.allSettled([prepared.kept]);
    }
  });
}

/** A path is what stands on the disk, or could be nothing else: a bare `org/name` means a ref first only where nothing has that name. */
async function pathOf(text: string): Promise<string | undefined> {
  if (/^(?:hf|ms|https?):/i.test(text)) return undefined;
  const path = resolve(text);
  try {
    await stat(path);
    return path;
  } catch (thrown) {
    if (errnoOf(thrown) === undefined) throw thrown;
  }
  try {
    parseRef(text);
    return undefined;
  } catch {
    throw new SluiceError('USAGE', { reason: `There is no ${text}.` });
  }
}

async function folderTarget(path: string, { settings }: PullContext): Promise<Target> {
  const isFile = (await stat(path)).isFile();
  const root = isFile ? resolve(path, '..') : path;
  const paths = isFile ? [path] : await filesBelow(path);
  const local = new LocalFiles();
  const files = await Promise.all(
    paths.map(async (each): Promise<TargetFile> => {
      const size = await local.sizeOf(each);
      const name = relative(root, each).split(sep).join('/');
      return { path: name, sizeBytes: size, sha256: undefined, open: () => local.open(each, size) };
    }),
  );
  return {
    name: path,
    ref: path,
    commit: '',
    place: 'folder',
    store: await openStore(settings.home),
    files,
    facts: {
      paths: files.map((file) => file.path),
      read: async (name, mostBytes) => {
        const file = files.find((each) => each.path === name);
        if (file === undefined) return undefined;
        const { bytes, close } = await file.open();
        try {
          return { bytes: await bytes.read(0, Math.min(bytes.sizeBytes, mostBytes)), sizeBytes: bytes.sizeBytes };
        } finally {
          await close();
        }
      },
    },
  };
}
