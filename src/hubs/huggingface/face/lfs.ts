import { toSluiceError } from '../../../base/index.js';
import { encodePath } from '../../endpoint.js';
import type { FaceReply, FaceRequest } from '../../face.js';
import { isBy, READING, type Route } from '../../routes.js';
import type { Addressed, FaceContext } from './context.js';
import { replyFor } from './errors.js';
import { fileReply } from './files.js';
import { MAX_OBJECTS, parseBatch, type LfsBatch, type LfsObject } from './lfs-batch.js';
import { findLfsFiles, type LfsFile } from './lfs-files.js';
import { kindOfPlural, parseRepositoryPath } from './repository-path.js';

const MAX_BODY_BYTES = 1024 * 1024;
const TYPE = 'application/vnd.git-lfs+json';
const OID = /^[0-9a-f]{64}$/;
const WORDS = new Set(['info']);

/** `/[datasets/]{repo}[.git]/info/lfs/…`: the reading half of git-lfs (Batch API, basic transfers). Undefined for other paths. */
export function findLfsAnswer(request: FaceRequest, context: FaceContext): (() => Promise<FaceReply>) | undefined {
  const segments = request.path.split('/').slice(1);
  const kind = segments[0] === 'models' ? undefined : kindOfPlural(segments[0]);
  const bare = (kind === undefined ? segments : segments.slice(1)).map((segment, index, all) =>
    all[index + 1] === 'info' ? segment.replace(/\.git$/, '') : segment,
  );
  const named = parseRepositoryPath(bare, kind ?? 'model', WORDS);
  if (named?.rest[0] !== 'lfs') return undefined;
  const at = { request, context, named };
  return async () => {
    try {
      return await answer(at, named.rest.slice(1));
    } catch (thrown) {
      const { status, headers, body } = replyFor(toSluiceError(thrown), request.caller.token !== undefined);
      const { error } = JSON.parse(String(body)) as { error: string };
      return failure(status, error, headers);
    }
  };
}

interface LfsRoute extends Route {
  readonly answer: (at: Addressed, which: string) => Promise<FaceReply> | FaceReply;
  readonly refuse: () => FaceReply;
}

const OBJECTS = '/{repository}.git/info/lfs/objects';
const BATCH: LfsRoute = {
  path: `${OBJECTS}/batch`,
  methods: ['POST'],
  answer: answerBatch,
  refuse: () => failure(405, 'A batch is asked for by POST.'),
};
const OBJECT: LfsRoute = {
  path: `${OBJECTS}/{oid}`,
  methods: READING,
  answer: (at, which) => (OID.test(which) ? answerObject(at, which) : failure(404, 'Not Found')),
  refuse: () => failure(403, READ_ONLY),
};
/** All that is known below `…/info/lfs`. */
export const LFS_ROUTES: readonly Route[] = [BATCH, OBJECT];

function answer(at: Addressed, [what, which, ...more]: readonly string[]): Promise<FaceReply> | FaceReply {
  if (what !== 'objects' || which === undefined || more.length > 0) return failure(404, 'Not Found');
  const route = which === 'batch' ? BATCH : OBJECT;
  return isBy(route, at.request) ? route.answer(at, which) : route.refuse();
}

const READ_ONLY = 'This is a mirror for reading: nothing can be written here.';

async function answerBatch(at: Addressed): Promise<FaceReply> {
  const batch = parseBatch((await at.request.body(MAX_BODY_BYTES)).toString());
  if (batch === undefined) return failure(422, 'The batch is not understood.');
  if (batch.operation === 'upload') return failure(403, READ_ONLY);
  if (!batch.isSha256) return failure(409, 'Objects are known by their SHA-256 only.');
  if (batch.objects.length > MAX_OBJECTS) return failure(413, `Ask for at most ${MAX_OBJECTS} objects at once.`);
  const oids = new Set(batch.objects.flatMap(({ oid }) => (OID.test(oid) ? [oid] : [])));
  const found = await findLfsFiles(at, oids, revisionOf(batch));
  const objects = batch.objects.map((object) => told(at, object, found.get(object.oid)));
  const body = JSON.stringify({ transfer: 'basic', objects, hash_algo: 'sha256' });
  return { status: 200, headers: { 'content-type': TYPE }, body };
}

/** What a client is told of one object. No credentials stand in it: the client shows its own again, and is asked for them where it did not. */
function told({ request, named }: Addressed, { oid, size }: LfsObject, found: LfsFile | undefined): object {
  const refused = (code: number, message: string): object => ({ oid, size, error: { code, message } });
  if (!OID.test(oid)) return refused(422, 'The id is no SHA-256.');
  if (found === undefined) return refused(404, 'No branch, tag or late commit of the repository has this object.');
  const { snapshot, file } = found;
  if (file.sizeBytes !== size) return refused(422, 'The object has another size.');
  const { kind, id } = named.repository;
  const place = `${kind === 'model' ? '' : `${kind}s/`}${encodePath(id)}.git/info/lfs/objects/${oid}`;
  const href = `${request.publicUrl}/${place}?commit=${snapshot.pinned.commit}`;
  return { oid, size, actions: { download: { href } } };
}

/** The bytes of an object, in the commit where it was found. */
async function answerObject(at: Addressed, oid: string): Promise<FaceReply> {
  const commit = at.request.query.get('commit') ?? undefined;
  const found = (await findLfsFiles(at, new Set([oid]), commit)).get(oid);
  if (found === undefined) return failure(404, 'No branch, tag or late commit of the repository has this object.');
  return fileReply(at, found.snapshot, found.file);
}

/** A ref's full name as a revision of the hub. */
function revisionOf({ ref }: LfsBatch): string | undefined {
  const name = ref?.replace(/^refs\/(?:heads|tags)\//, '');
  return name !== undefined && /^\w[\w./+#@-]{0,254}$/.test(name) && !/\.\.|\/\/|\/$|\.lock$/.test(name)
    ? name
    : undefined;
}

/** An error as git-lfs reads it. It asks its user for a name and a password when it is told how. */
function failure(status: number, message: string, headers: Readonly<Record<string, string>> = {}): FaceReply {
  const authenticate = 'Basic realm="Git LFS"';
  return {
    status,
    headers: {
      ...headers,
      'content-type': TYPE,
      ...(status === 401 ? { 'lfs-authenticate': authenticate, 'www-authenticate': authenticate } : {}),
    },
    body: JSON.stringify({ message }),
  };
}
