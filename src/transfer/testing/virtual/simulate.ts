import type { SluiceEvent } from '../../../base/index.js';
import { SCHEDULE, TICK_MS, type Schedule } from '../../limits.js';
import { createFileSource, type FileSource } from '../../request/file-source.js';
import type { Flight } from '../../schedule/flight.js';
import { Scheduler } from '../../schedule/scheduler.js';
import { SourceState } from '../../schedule/source-state.js';
import type { VirtualScenario } from './profile.js';
import { mulberry } from './random.js';
import { VirtualFile } from './virtual-file.js';
import { VirtualSource, type VirtualRequest } from './virtual-source.js';

export interface VirtualOutcome {
  /** Undefined when it did not end in time. */
  readonly ms: number | undefined;
  /** Ideal time by real one. */
  readonly share: number;
  readonly requests: number;
  readonly connections: number;
  readonly mostAtOnce: number;
  readonly furthestBytes: number;
  /** Given from one request to another while it was under way: as much may be sent twice. */
  readonly sharedBytes: number;
  /** Each with the time it came at. */
  readonly events: readonly (SluiceEvent & { readonly atMs: number })[];
  /** When a source changed as its profile's `late` says. */
  readonly lateSinceMs: number | undefined;
}

interface Flown {
  readonly flight: Flight<VirtualFile>;
  readonly server: VirtualSource;
  readonly request: VirtualRequest;
}

const STEP_MS = 5;
/** What one core hashes in a second beside everything else. */
const HASH_RATE = 1e9;

/** A pull of one file in virtual time. Everything that chance decides follows from `seed`. Throws where the scheduler breaks a promise. */
export function simulate(
  scenario: VirtualScenario,
  {
    schedule = SCHEDULE,
    seed = 1,
    limitMs = scenario.idealMs * 20 + 60_000,
    pieceBytes,
    isBusyHere = () => false,
  }: {
    schedule?: Schedule;
    seed?: number;
    limitMs?: number;
    pieceBytes?: number | undefined;
    /** Whether this machine has no time left. */
    isBusyHere?: () => boolean;
  } = {},
): VirtualOutcome {
  const random = mulberry(seed);
  const servers = scenario.sources.map((profile, index) => new VirtualSource(`s${index}`, profile, random));
  const most = scenario.mostConnections ?? schedule.mostConnections;
  const states = new Map(
    servers.map(({ id }) => [id, new SourceState(id, Math.min(most, schedule.mostPerHost), schedule, random)]),
  );
  const events: (SluiceEvent & { readonly atMs: number })[] = [];
  const serverOf = new Map(servers.map((server) => [sourceFor(server, states), server]));
  const file = new VirtualFile('model', scenario.sizeBytes, [...serverOf.keys()], pieceBytes);
  let nowMs = 0;
  const scheduler = new Scheduler<VirtualFile>({
    states,
    mostConnections: most,
    emit: (event) => events.push(Object.assign({}, event, { atMs: nowMs })),
    // What hosts ask for, the scheduler is to keep to by itself.
    isHeldBack: () => false,
    isBusyHere,
    schedule,
  });
  const flown = new Set<Flown>();
  let mostAtOnce = 0;
  const settle = (): void => {
    for (const each of flown) settleOne(each, scheduler, file, flown, nowMs);
  };
  const pump = (): void => {
    for (let flight; (flight = scheduler.next([file], nowMs)) !== undefined;) {
      const server = serverOf.get(flight.from);
      if (server === undefined) throw new Error('an unknown source');
      if (nowMs < server.closedUntilMs) throw new Error(`${server.id} is asked although it asked for a pause`);
      flown.add({ flight, server, request: server.ask(file.runOf(flight.work), nowMs) });
      mostAtOnce = Math.max(mostAtOnce, flown.size);
      if (flown.size > most) throw new Error('more connections than allowed');
    }
  };
  while (!file.isProven && nowMs < limitMs) {
    pump();
    nowMs += STEP_MS;
    for (const server of servers) server.answer(nowMs);
    flow(servers, flown, states, scenario.lineRate, nowMs);
    settle();
    if (nowMs % TICK_MS === 0) scheduler.tick(nowMs, file.freeBytes);
    settle();
    file.prove(((scenario.hashRate ?? HASH_RATE) * STEP_MS) / 1000);
  }
  const isDone = file.isProven;
  return {
    ms: isDone ? nowMs : undefined,
    share: isDone ? scenario.idealMs / nowMs : 0,
    requests: servers.reduce((sum, { asked }) => sum + asked, 0),
    connections: servers.reduce((sum, { connections }) => sum + connections, 0),
    mostAtOnce,
    furthestBytes: file.furthestBytes,
    sharedBytes: file.sharedBytes,
    events,
    lateSinceMs: servers.find((server) => server.lateSinceMs !== undefined)?.lateSinceMs,
  };
}

function settleOne(
  each: Flown,
  scheduler: Scheduler<VirtualFile>,
  file: VirtualFile,
  flown: Set<Flown>,
  nowMs: number,
): void {
  const { flight, server, request } = each;
  const { ended, run } = request;
  if (ended === undefined && !run.isAborted) return;
  flown.delete(each);
  server.over(request);
  const isWell = ended !== undefined && ended.error === undefined;
  if (!isWell) file.leave(run);
  if (isWell) scheduler.ended(flight, nowMs);
  else if (ended?.error !== undefined && !run.isAborted) scheduler.failed(flight, ended.error, nowMs);
  scheduler.gone(flight, nowMs);
}

/** Everybody gets what it can take, and where that is more than there is, a fair share: per source, and of the line. */
function flow(
  servers: readonly VirtualSource[],
  flown: ReadonlySet<Flown>,
  states: ReadonlyMap<string, SourceState>,
  lineRate: number | undefined,
  nowMs: number,
): void {
  const grants: { readonly each: Flown; bytes: number }[] = [];
  for (const server of servers) {
    const own = [...flown].filter(
      (each) => each.server === server && each.request.isFlowing && each.request.ended === undefined,
    );
    const demands = own.map(({ request }) => server.demand(request, STEP_MS));
    const shares = fair(demands, server.supply(STEP_MS));
    own.forEach((each, index) => grants.push({ each, bytes: shares[index] ?? 0 }));
  }
  const line = fair(
    grants.map(({ bytes }) => bytes),
    lineRate === undefined ? Infinity : (lineRate * STEP_MS) / 1000,
  );
  grants.forEach(({ each: { server, request } }, index) => {
    if (server.isStalled || server.isDead) return;
    const before = server.sentBytes;
    server.deliver(request, line[index] ?? 0, nowMs);
    states.get(server.id)?.received(server.sentBytes - before);
  });
}

/** Max-min shares of `supply`. */
function fair(demands: readonly number[], supply: number): number[] {
  const order = demands.map((demand, index) => ({ demand, index })).sort((left, right) => left.demand - right.demand);
  const shares = demands.map(() => 0);
  let left = supply;
  order.forEach(({ demand, index }, at) => {
    const share = Math.min(demand, left / (order.length - at));
    shares[index] = share;
    left -= share;
  });
  return shares;
}

function sourceFor(server: VirtualSource, states: ReadonlyMap<string, SourceState>): FileSource {
  const state = states.get(server.id);
  if (state === undefined) throw new Error('a source without a state');
  const failure = (): never => {
    throw new Error('not asked in virtual time');
  };
  return createFileSource({ id: server.id, url: `http://${server.id}.invalid/model`, failure }, state);
}
