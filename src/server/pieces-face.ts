import type { KeyObject } from 'node:crypto';
import { toSluiceError } from '../base/index.js';
import {
  isBy,
  parseRef,
  READING,
  type Face,
  type FaceReply,
  type FaceRequest,
  type RepositoryRef,
  type Route,
} from '../hubs/index.js';
import type { Mirror } from '../mirror/index.js';
import { canonicalJson, keyIdOf, PIECE_MANIFEST_TYPE, signEnvelope, spkiOf } from '../proof/index.js';

const ROOT = '/-/api/v1/';
const PIECES = `${ROOT}pieces/`;
const KEYS: Route = { path: `${ROOT}keys`, methods: READING };

type PieceSource = Pick<Mirror, 'snapshot' | 'admit' | 'pieces'>;

interface ManifestRoute extends Route {
  /** Whether it is this one that a name below `pieces/` asks for. */
  readonly isAt: (name: string) => boolean;
  readonly find: (mirror: PieceSource, name: string, request: FaceRequest) => Promise<Buffer | undefined>;
}

const MANIFESTS: readonly ManifestRoute[] = [
  {
    path: `${PIECES}{sha256}`,
    methods: READING,
    isAt: (name) => /^[0-9a-f]{64}$/.test(name),
    find: (mirror, name, { caller }) => mirror.pieces.ofBlob(name, caller),
  },
  { path: `${PIECES}{hub}/{repository}/{revision}`, methods: READING, isAt: () => true, find: ofRevision },
];

/**
 * What others need to take bytes of ours from anybody: `keys`, our public key; `pieces/<sha256>` and `pieces/<hub>/<repository>/<commit>`, signed piece manifests.
 * A revision's is for whoever may have its files. A blob's is for whoever may ask this server: to name it is to have its SHA-256 already. Where a policy decides, either is for whoever would be given the files.
 */
export function createPiecesFace(mirror: PieceSource, key: KeyObject): Face {
  const keys = canonicalJson({
    keys: [{ alg: 'Ed25519', keyId: keyIdOf(key), publicKey: spkiOf(key).toString('base64') }],
  });
  return {
    name: 'pieces',
    routes: [KEYS, ...MANIFESTS],
    answer: (request) => {
      const { path } = request;
      if (!path.startsWith(ROOT)) return undefined;
      const name = path.startsWith(PIECES) ? path.slice(PIECES.length) : undefined;
      const manifest = name === undefined ? undefined : MANIFESTS.find(({ isAt }) => isAt(name));
      if (!isBy(manifest ?? KEYS, request)) return Promise.resolve(refusal(405, 'only GET and HEAD'));
      if (path === KEYS.path) return Promise.resolve(json(keys));
      if (name === undefined || manifest === undefined) return Promise.resolve(refusal(404, 'nothing of that name'));
      return manifest.find(mirror, name, request).then(
        (found) =>
          found === undefined
            ? refusal(404, 'nothing is known of its pieces, or not yet')
            : json(signEnvelope(PIECE_MANIFEST_TYPE, found, key)),
        (thrown: unknown) => refused(thrown),
      );
    },
  };
}

async function ofRevision(
  mirror: PieceSource,
  name: string,
  { caller, signal }: FaceRequest,
): Promise<Buffer | undefined> {
  const ref = refOf(name);
  if (ref === undefined) return undefined;
  const snapshot = await mirror.snapshot(ref, caller, signal);
  await mirror.admit(snapshot, caller);
  return mirror.pieces.ofRevision(snapshot, caller);
}

/** `hf/org/name/<revision>`, `hf/datasets/org/name/<revision>`, `ms/…`; the revision is one segment. */
function refOf(name: string): RepositoryRef | undefined {
  const match = /^(hf|ms)\/(.+)\/([^/]+)$/.exec(name);
  if (match === null) return undefined;
  try {
    const [, hub = '', path = '', revision = ''] = match.map((part) => decodeURIComponent(part));
    const ref = parseRef(`${hub}:${path}@${revision}`);
    return ref.origin === 'https' ? undefined : ref;
  } catch {
    return undefined;
  }
}

function json(body: string): FaceReply {
  return { status: 200, headers: { 'content-type': 'application/json', 'cache-control': 'no-store' }, body };
}

function refusal(status: number, reason: string): FaceReply {
  const headers = { 'content-type': 'application/json', 'cache-control': 'no-store' };
  return { status, headers, body: canonicalJson({ error: reason }) };
}

/** What may not be seen is not there, as far as the caller learns. */
function refused(thrown: unknown): FaceReply {
  const { exitCode } = toSluiceError(thrown);
  if (exitCode === 3 || exitCode === 4 || exitCode === 2)
    return refusal(404, 'no such revision, or not for this caller');
  return refusal(503, 'nobody can tell at the moment');
}
