import { jsonAnswer, type Answer, type AnswerHeaders, type RouteKind } from '../answer.js';

/** An error as the hub gives it: in headers, because answers to HEAD have nothing else, and in JSON. */
export function hfError(
  kind: RouteKind,
  status: number,
  code: string,
  message: string,
  more: AnswerHeaders = {},
): Answer {
  const codeHeader = code === '' ? {} : { 'x-error-code': code };
  return jsonAnswer(kind, { error: message }, status, { ...codeHeader, 'x-error-message': message, ...more });
}

export function repositoryNotFound(kind: RouteKind, authenticated: boolean): Answer {
  return authenticated
    ? hfError(kind, 404, 'RepoNotFound', 'Repository not found')
    : hfError(kind, 401, 'RepoNotFound', 'Invalid username or password.');
}

export function revisionNotFound(kind: RouteKind, revision: string): Answer {
  return hfError(kind, 404, 'RevisionNotFound', `Invalid rev id: ${revision}`);
}

export function entryNotFound(kind: RouteKind, commit: string): Answer {
  return hfError(kind, 404, 'EntryNotFound', 'Entry not found', { 'x-repo-commit': commit });
}

export function gated(kind: RouteKind, id: string, authenticated: boolean): Answer {
  return authenticated
    ? hfError(kind, 403, 'GatedRepo', `Access to model ${id} is restricted and you are not in the authorized list.`)
    : hfError(kind, 401, 'GatedRepo', `Access to model ${id} is restricted. You must be authenticated to access it.`);
}

export function badToken(kind: RouteKind): Answer {
  return hfError(kind, 401, '', 'Invalid credentials in Authorization header');
}
