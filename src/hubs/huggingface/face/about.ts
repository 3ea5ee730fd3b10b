import type { FaceReply } from '../../face.js';
import { asArray, asObject } from '../../fields.js';
import type { Addressed } from './context.js';
import { errorReply } from './errors.js';
import { ageHeaders, isTrue, json, snapshotHeaders } from './replies.js';
import { refOf, snapshotOf, splitRevision } from './revision.js';

/** `GET /api/models/{repo}/refs`: the first that llama.cpp asks. */
export async function answerRefs({ request, context, named }: Addressed): Promise<FaceReply> {
  const { caller, signal, query, publicUrl } = request;
  const told = await context.catalogue.describe(refOf(named, undefined), 'refs', caller, signal);
  const refs = asObject(context.clean(told.value, publicUrl));
  const list = (name: string): readonly unknown[] => asArray(refs?.[name]) ?? [];
  const value = {
    branches: list('branches'),
    tags: list('tags'),
    converts: list('converts'),
    ...(isTrue(query.get('include_prs')) ? { pullRequests: list('pullRequests') } : {}),
  };
  return json(value, ageHeaders(told));
}

/** `GET /api/models/{repo}/commits/{rev}`, in one page as far as the history is known here. */
export async function answerCommits(at: Addressed): Promise<FaceReply> {
  const { request, context, named } = at;
  const { caller, signal, query, publicUrl } = request;
  const snapshot = await snapshotOf(at, splitRevision(named.rest).revision);
  const ref = refOf(named, snapshot.pinned.commit);
  const told = await context.catalogue.describe(ref, 'commits', caller, signal);
  const commits = asArray(context.clean(told.value, publicUrl)) ?? [];
  // Pages begin with 0; those behind the only one are empty.
  const isFirst = Number(query.get('p') ?? 0) === 0;
  const warning = told.warning ?? snapshot.warning;
  const headers = snapshotHeaders({ ...snapshot, ...(warning === undefined ? {} : { warning }) });
  return json(isFirst ? commits : [], { ...headers, 'x-total-count': String(commits.length) });
}

/** `GET /api/models/{repo}/auth-check`. */
export async function answerAuthCheck(at: Addressed): Promise<FaceReply> {
  const { context, request, named } = at;
  if (named.rest[0] === 'write') return readOnly();
  const snapshot = await snapshotOf(at, undefined);
  await context.catalogue.admit(snapshot, request.caller);
  return { status: 200, headers: ageHeaders(snapshot) };
}

/** `GET /api/models/{repo}/xet-read-token/{rev}`: in JSON, and in headers for older clients. */
export async function answerXetToken(at: Addressed): Promise<FaceReply> {
  const { context, request, named } = at;
  const { xet } = context;
  if (xet === undefined) return errorReply(404, undefined, 'Xet is switched off here.');
  const snapshot = await snapshotOf(at, splitRevision(named.rest).revision);
  await context.catalogue.admit(snapshot, request.caller);
  const { accessToken, exp } = xet.token(snapshot, request.caller);
  const casUrl = xet.casUrl(request.publicUrl);
  return json(
    { casUrl, accessToken, exp },
    {
      ...snapshotHeaders(snapshot),
      'cache-control': 'no-store',
      'x-xet-cas-url': casUrl,
      'x-xet-access-token': accessToken,
      'x-xet-token-expiration': String(exp),
    },
  );
}

export function readOnly(): FaceReply {
  return errorReply(403, undefined, 'This is a mirror for reading: nothing can be written here.');
}
