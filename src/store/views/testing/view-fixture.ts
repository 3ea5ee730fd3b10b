import { openStore, type Store, type ViewFile, type ViewRequest } from '../../index.js';
import { gitIdOf, proofOf, sha256Of, temporaryFolder } from '../../testing/fixtures.js';
import { pointerOid } from '../hf/etag.js';

export const COMMIT = '0123456789abcdef0123456789abcdef01234567';
export const OTHER_COMMIT = 'fedcba9876543210fedcba9876543210fedcba98';

export interface FixtureFile {
  readonly path: string;
  readonly bytes: Buffer;
  readonly lfs: boolean;
}

export const FILES: readonly FixtureFile[] = [
  { path: 'config.json', bytes: Buffer.from('{"model_type": "tiny"}\n'), lfs: false },
  { path: 'model.safetensors', bytes: Buffer.alloc(300_000, 'weights '), lfs: true },
  { path: 'onnx/fp16/model.onnx', bytes: Buffer.alloc(100_000, 'onnx '), lfs: true },
  { path: 'onnx/fp16/same-as-model.safetensors', bytes: Buffer.alloc(300_000, 'weights '), lfs: true },
  { path: 'tokenizer/vocab 词.txt', bytes: Buffer.from('a b c'), lfs: false },
];

/** A store that holds the files. */
export async function filledStore(files: readonly FixtureFile[] = FILES): Promise<Store> {
  const store = await openStore(await temporaryFolder());
  for (const { bytes } of files) await store.putBytes(bytes, proofOf(bytes));
  return store;
}

export function viewFile({ path, bytes, lfs }: FixtureFile): ViewFile {
  const sha256 = sha256Of(bytes);
  const gitOid = lfs ? pointerOid(sha256, bytes.length) : gitIdOf(bytes);
  return { path, sha256, sizeBytes: bytes.length, gitOid, lfs };
}

export function requestFor(files: readonly FixtureFile[] = FILES, changes: Partial<ViewRequest> = {}): ViewRequest {
  return {
    origin: 'hf',
    kind: 'model',
    id: 'org/tiny-1.5',
    revision: 'main',
    commit: COMMIT,
    endpoint: 'https://hub.example',
    files: files.map(viewFile),
    allFiles: FILES.map(viewFile),
    ...changes,
  };
}
