import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { PlanSummary, SluiceEvent } from '../../base/index.js';
import {
  sha256Of,
  startSim,
  toContent,
  type Content,
  type Sim,
  type SimFiles,
  type SimOptions,
} from '../../sim/index.js';
import { plan, pull, type PullOutcome, type PullRequest, type PullSettings } from '../index.js';
import { contextOf } from './context-of.js';

/** A machine and its hubs, gone when the test is. */
export interface Hubs {
  readonly events: SluiceEvent[];
  readonly home: string;
  sim(files: SimFiles, options?: SimOptions): Promise<Sim>;
  pull(ref: string, settings: Partial<PullSettings>, request?: Partial<PullRequest>): Promise<PullOutcome>;
  plan(ref: string, settings: Partial<PullSettings>, request?: Partial<PullRequest>): Promise<PlanSummary>;
  eventsOf<Type extends SluiceEvent['type']>(type: Type): Extract<SluiceEvent, { type: Type }>[];
}

export async function makeHubs(): Promise<Hubs> {
  const home = await mkdtemp(join(tmpdir(), 'sluice-hubs-'));
  const sims: Sim[] = [];
  onTestFinished(async () => {
    await Promise.all(sims.map((sim) => sim.stop()));
    await rm(home, { recursive: true, force: true });
  });
  const events: SluiceEvent[] = [];
  // Few connections: one that joins gets some of them soon.
  const context = (settings: Partial<PullSettings>) =>
    contextOf(home, { noProgressMs: 20_000, connections: 6, ...settings }, (event) => events.push(event));
  const requestOf = (ref: string, request: Partial<PullRequest> = {}): PullRequest => ({
    ref,
    include: [],
    exclude: [],
    sources: [],
    ...request,
  });
  return {
    events,
    home,
    sim: async (files, options = {}) => {
      const sim = await startSim({ repositories: [{ id: 'acme/tiny', files }], ...options });
      sims.push(sim);
      return sim;
    },
    pull: (ref, settings, request) => pull(requestOf(ref, request), context(settings)),
    plan: (ref, settings, request) => plan(requestOf(ref, request), context(settings)),
    eventsOf: <Type extends SluiceEvent['type']>(type: Type) =>
      events.filter((event): event is Extract<SluiceEvent, { type: Type }> => event.type === type),
  };
}

/** Paths of landed files that are not what was published. */
export async function wrongFiles(files: SimFiles, path: string): Promise<readonly string[]> {
  const wrong: string[] = [];
  for (const [name, content] of Object.entries(files)) {
    const bytes = await readFile(join(path, name));
    if (sha256Of(toContent(bytes)) !== sha256Of(toContent(content))) wrong.push(name);
  }
  return wrong;
}

/** Body bytes of a large file that a hub sent, from behind its redirects. */
export function bytesOf(sim: Sim, content: Content): number {
  const sent = sim.requests.filter(({ host, url }) => host === 'cdn' && url.includes(sha256Of(content)));
  return sent.reduce((sum, { bytes }) => sum + bytes, 0);
}
