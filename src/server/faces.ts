import { createHmac } from 'node:crypto';
import {
  createContentService,
  createHuggingFaceFace,
  createModelScopeFace,
  createOciFace,
  createSitesFace,
  parseSite,
  type Face,
  type Route,
} from '../hubs/index.js';
import type { Mirror } from '../mirror/index.js';
import { OWN_ROUTES } from './own-routes.js';
import { createPiecesFace } from './pieces-face.js';
import type { ServeSettings } from './serve-settings.js';
import { signingKey } from './signing-key.js';
import { xetKey } from './xet-key.js';

type FaceSettings = Pick<
  ServeSettings,
  | 'home'
  | 'hfEndpoints'
  | 'serveFaces'
  | 'serveRegistries'
  | 'serveSites'
  | 'serveUpstreams'
  | 'serveXet'
  | 'serveXetKey'
  | 'serveXetNodes'
>;

/** All that a server with these faces has an answer for. A test asks each of them, by each method, on behalf of everybody. */
export function routesOf(faces: readonly Face[]): readonly Route[] {
  return [...OWN_ROUTES, ...faces.flatMap(({ routes }) => routes)];
}

/** In the order in which they are asked: those with the most special paths first. `settings` stay the same object when they are read again. */
export async function facesOf(settings: FaceSettings, mirror: Mirror): Promise<readonly Face[]> {
  const { home, serveFaces, serveRegistries, serveSites, serveXetKey } = settings;
  const isKnown = (name: string): boolean => Object.hasOwn(serveRegistries, name);
  const faces: Readonly<Record<ServeSettings['serveFaces'][number], () => Promise<readonly Face[]> | readonly Face[]>> =
    {
      registry: () => [createOciFace(mirror.images, { isKnown })],
      sites: async () => {
        const linkKey = createHmac('sha256', await xetKey(home, serveXetKey))
          .update('links of sites')
          .digest();
        return [
          createSitesFace(
            mirror.sites,
            serveSites.map(parseSite).map((site) => ({ ...site, linkKey })),
          ),
        ];
      },
      modelscope: () => [createModelScopeFace(mirror)],
      huggingface: () => huggingFaceFaces(settings, mirror),
    };
  const wanted = (['registry', 'sites', 'modelscope', 'huggingface'] as const).filter((name) =>
    serveFaces.includes(name),
  );
  const pieces = createPiecesFace(mirror, await signingKey(home));
  return [pieces, ...(await Promise.all(wanted.map(async (name) => faces[name]()))).flat()];
}

/** The hub, and the content service of its clients that speak Xet. */
async function huggingFaceFaces(settings: FaceSettings, mirror: Mirror): Promise<readonly Face[]> {
  const { home, serveXet, serveXetKey, serveXetNodes } = settings;
  const upstreams = (): readonly string[] => [
    ...settings.hfEndpoints,
    ...settings.serveUpstreams.map(({ url }) => url),
  ];
  if (serveXet === 'strip') return [createHuggingFaceFace(mirror, { upstreams })];
  const xet = createContentService(mirror, { key: await xetKey(home, serveXetKey), nodes: serveXetNodes });
  return [xet.face, createHuggingFaceFace(mirror, { upstreams, xet })];
}
