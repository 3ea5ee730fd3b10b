import { asArray, asObject, asString } from '../../fields.js';

/** What a client of git-lfs asks for at once. */
export interface LfsBatch {
  readonly operation: 'download' | 'upload';
  readonly objects: readonly LfsObject[];
  /** The full name of a ref where the client says on whose behalf it asks, e.g. `refs/heads/main`. */
  readonly ref: string | undefined;
  /** Whether ids are SHA-256: there is nothing else here. */
  readonly isSha256: boolean;
}

export interface LfsObject {
  /** As it was asked for, of at most `MAX_OID` characters: what it is may be anything. */
  readonly oid: string;
  readonly size: number;
}

/** Clients ask for 100 at a time. */
export const MAX_OBJECTS = 1000;
const MAX_OID = 200;

/** The body of a batch request (git-lfs, "Batch API"). Undefined when it is none. */
export function parseBatch(text: string): LfsBatch | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const body = asObject(value);
  const operation = body?.operation;
  const objects = asArray(body?.objects)?.map(parseObject);
  if (operation !== 'download' && operation !== 'upload') return undefined;
  if (!objects?.every((each) => each !== undefined)) return undefined;
  // The JavaScript client of Hugging Face writes it with a line.
  const isSha256 = ['sha256', 'sha_256'].includes(asString(body?.hash_algo) ?? 'sha256');
  return { operation, objects, ref: asString(asObject(body?.ref)?.name), isSha256 };
}

function parseObject(value: unknown): LfsObject | undefined {
  const object = asObject(value);
  const oid = asString(object?.oid);
  const size = object?.size;
  if (oid === undefined || oid.length > MAX_OID) return undefined;
  return typeof size === 'number' && Number.isSafeInteger(size) && size >= 0 ? { oid, size } : undefined;
}
