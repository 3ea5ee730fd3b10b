import type { FaceReply, FaceRequest } from '../../face.js';
import { asArray, asObject } from '../../fields.js';
import type { RepositoryKind } from '../../ref.js';
import type { FaceContext } from './context.js';
import { errorReply } from './errors.js';
import { ageHeaders, json } from './replies.js';

const MAX_QUERY = 2000;

/** `GET /api/whoami-v2`: as the hub knows the caller's own token; who has a token of this server is told here what it is. */
export async function answerWhoAmI(request: FaceRequest, { catalogue, clean }: FaceContext): Promise<FaceReply> {
  const { caller, signal, publicUrl, who } = request;
  if (who !== undefined) return json(ownUser(who), { 'cache-control': 'no-store' });
  if (caller.token === undefined) return errorReply(401, undefined, 'Invalid username or password.');
  const told = await catalogue.ask('hf', { what: 'caller' }, caller, signal);
  return json(clean(told.value, publicUrl), ageHeaders(told));
}

/** `GET /api/models?search=…`: as the hub answers this caller; the next page is asked for here. */
export async function answerSearch(
  request: FaceRequest,
  { catalogue, clean, xet }: FaceContext,
  kind: RepositoryKind,
): Promise<FaceReply> {
  const { caller, signal, publicUrl } = request;
  const query = request.query.toString();
  if (query.length > MAX_QUERY) return errorReply(400, undefined, `a query of more than ${MAX_QUERY} characters`);
  const told = await catalogue.ask('hf', { what: 'search', kind, query }, caller, signal);
  const found = (asArray(clean(told.value, publicUrl)) ?? []).map((each) => {
    const info = asObject(each);
    if (info === undefined || !('xetEnabled' in info)) return each;
    return { ...info, xetEnabled: xet !== undefined };
  });
  const link = told.nextQuery === undefined ? {} : { link: nextLink(publicUrl, kind, told.nextQuery) };
  return json(found, { ...ageHeaders(told), ...link });
}

/** The upstream's query holds only what it needs to go on; its characters are made fit for a header. */
function nextLink(publicUrl: string, kind: RepositoryKind, query: string): string {
  return `<${publicUrl}/api/${kind}s?${new URLSearchParams(query).toString()}>; rel="next"`;
}

/** The fields that clients read of a user. Reading is all that a token of a mirror is good for. */
function ownUser(name: string): object {
  return {
    type: 'user',
    id: `sluice-${name}`,
    name,
    fullname: name,
    email: null,
    emailVerified: false,
    canPay: false,
    isPro: false,
    periodEnd: null,
    avatarUrl: '',
    orgs: [],
    auth: { type: 'access_token', accessToken: { displayName: name, role: 'read' } },
  };
}
