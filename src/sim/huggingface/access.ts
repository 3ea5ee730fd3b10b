import type { Answer, RouteKind, SimRequest } from '../answer.js';
import type { Repository } from '../repository.js';
import type { HubState, SimUser } from '../state.js';
import { badToken, gated, repositoryNotFound } from './errors.js';

export interface Caller {
  readonly token: string | undefined;
  readonly user: SimUser | undefined;
}

/** Who is calling: a bearer token, or the password of basic authentication. An unknown token is an error of its own. */
export function identify(request: SimRequest, state: HubState, kind: RouteKind): Caller | Answer {
  const token = tokenOf(request.headers.authorization);
  if (token === undefined) return { token, user: undefined };
  const user = state.users.get(token);
  return user === undefined ? badToken(kind) : { token, user };
}

export function isAnswer(value: object): value is Answer {
  return 'status' in value;
}

/** Why the caller may not, or undefined. Descriptions of gated repositories are public, their files are not. */
export function refusal(
  repository: Repository | undefined,
  caller: Caller,
  kind: RouteKind,
  wants: 'description' | 'files',
): Answer | undefined {
  const authenticated = caller.user !== undefined;
  if (repository === undefined) return repositoryNotFound(kind, authenticated);
  const granted = caller.token !== undefined && (repository.spec.tokens ?? []).includes(caller.token);
  if (repository.spec.private === true && !granted) return repositoryNotFound(kind, authenticated);
  if (repository.spec.gated === true && wants === 'files' && !granted) return gated(kind, repository.id, authenticated);
  return undefined;
}

function tokenOf(header: string | undefined): string | undefined {
  const bearer = /^Bearer\s+(\S+)$/i.exec(header ?? '')?.[1];
  if (bearer !== undefined) return bearer;
  const basic = /^Basic\s+(\S+)$/i.exec(header ?? '')?.[1];
  if (basic === undefined) return undefined;
  return Buffer.from(basic, 'base64').toString().split(':').slice(1).join(':');
}
