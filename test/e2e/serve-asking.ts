import { huggingFaceRoutes, modelScopeRoutes, SECRET, xetRoutes, type Route, type World } from './serve-routes.js';

let clients = 0;

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
}

/** Asks for a route, by another method where one is named; as another client each time. */
export async function ask(url: string, route: Route, token?: string, method: string = route.method): Promise<Answer> {
  const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };
  // So many wrong tokens of one client a minute, and then none of its is looked at.
  clients += 1;
  const from = { 'x-forwarded-for': `10.0.${clients >> 8}.${clients & 255}` };
  const answer = await fetch(url + route.path, {
    method,
    headers: { ...route.headers, ...authorization, ...from },
    redirect: 'manual',
    ...(route.body === undefined || method !== 'POST' ? {} : { body: route.body }),
  });
  return { status: answer.status, headers: answer.headers, body: Buffer.from(await answer.arrayBuffer()).toString('latin1') }; // prettier-ignore
}

/** Those of repositories that are not for everybody. */
export function guardedRoutes({ sim }: World): readonly Route[] {
  return [
    ...huggingFaceRoutes('acme/gated', 'model', sim.commit('acme/gated')),
    ...huggingFaceRoutes('acme/private', 'model', sim.commit('acme/private')),
    ...huggingFaceRoutes('acme/gated', 'dataset', sim.commit('acme/gated')),
    ...modelScopeRoutes('acme/private'),
  ];
}

/** The routes of Xet for a repository's weight, as somebody with this token of the hub is let in. */
export async function openXet(url: string, id: string, token?: string): Promise<readonly Route[]> {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const json = async <T>(path: string, more = headers): Promise<T> => (await (await fetch(url + path, { headers: more })).json()) as T; // prettier-ignore
  const tree = await json<{ path: string; xetHash?: string }[]>(`/api/models/${id}/tree/main`);
  const fileId = tree.find(({ path }) => path === 'model.safetensors')?.xetHash ?? '';
  const { accessToken } = await json<{ accessToken: string }>(`/api/models/${id}/xet-read-token/main`);
  const plan = await json<{ xorbs: Record<string, { url: string }[]> }>(`/-/xet/v2/reconstructions/${fileId}`, { authorization: `Bearer ${accessToken}` }); // prettier-ignore
  const [[xorb, [fetched]] = ['', []]] = Object.entries(plan.xorbs);
  return xetRoutes(fileId, { id: xorb, query: new URL(fetched?.url ?? '').search }, accessToken);
}

/** Whether an answer gives a file, or what opens one. */
export const gives = ({ status, body }: Answer): boolean =>
  status < 300 && (body.includes(SECRET) || /accessToken|"href"/.test(body) || body.length >= 400_000);
