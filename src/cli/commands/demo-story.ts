import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fill, formatBytes, formatDuration, type Lang } from '../../base/index.js';
import { pull, type PullContext, type PullOutcome } from '../../pull/index.js';
import { makeModel, sha256Of, startSim, toContent, type Sim, type SimFiles } from '../../sim/index.js';
import type { DemoContext, DemoOptions, DemoReport } from '../api.js';
import { demoTexts } from './demo-texts.js';

const MB = 1_000_000;
const DEFAULT_BYTES = 320 * MB;
const REPOSITORY = 'acme/tiny-chat';

/**
 * The whole thing on one machine: a made-up model on two simulated mirrors. The first is fast and dies half-way, the second breaks connections and once
 * hands out a wrong byte. What arrives is compared with what was published by a reading of its own, which shares nothing with the engine.
 */
export async function demoStory(options: DemoOptions, context: DemoContext): Promise<DemoReport> {
  const text = demoTexts[context.settings.lang];
  const sizeBytes = options.sizeBytes ?? DEFAULT_BYTES;
  const files = makeModel({ seed: 'demo', sizeBytes, shards: 3, name: 'Tiny-Chat' });
  const folder = await mkdtemp(join(tmpdir(), 'sluice-demo-'));
  const mirrors = await startMirrors(files, sizeBytes);
  try {
    context.tell(fill(text.opening, { size: formatBytes(totalBytes(files)), files: Object.keys(files).length }));
    context.tell(fill(text.mirrors, { one: hostOf(mirrors[0]), two: hostOf(mirrors[1]) }));
    const cold = await pullFrom(mirrors, folder, context);
    context.tell(text.proving);
    const same = await countSame(files, cold.path);
    const leaks = mirrors.flatMap((mirror) => mirror.leaks).length;
    const warm = await pullFrom(mirrors, folder, { ...context, emit: () => undefined });
    const values = {
      same,
      files: Object.keys(files).length,
      ms: formatDuration(cold.ms),
      rate: formatBytes((cold.fetchedBytes * 1000) / Math.max(1, cold.ms)),
      leaks,
      requests: warm.requests,
    };
    return { lines: closing(context.settings.lang, values) };
  } finally {
    await Promise.all(mirrors.map((mirror) => mirror.stop()));
    await rm(folder, { recursive: true, force: true });
  }
}

type Mirrors = readonly [Sim, Sim];

async function startMirrors(files: SimFiles, sizeBytes: number): Promise<Mirrors> {
  const repositories = [{ id: REPOSITORY, files }];
  const first = await startSim({
    repositories,
    seed: 1,
    network: { latencyMs: 30, connectionBytesPerSecond: 8 * MB, totalBytesPerSecond: 60 * MB },
    dieAfterBytes: Math.round(sizeBytes * 0.45),
  });
  const second = await startSim({
    repositories,
    seed: 2,
    network: { latencyMs: 80, connectionBytesPerSecond: 5 * MB, totalBytesPerSecond: 45 * MB, resetShare: 0.05 },
    faults: [
      {
        on: { kind: 'cdn', skip: 3, times: 1 },
        fault: { type: 'status', status: 503, headers: { 'retry-after': '1' } },
      },
      { on: { kind: 'cdn', skip: 8, times: 1 }, fault: { type: 'end-early', afterBytes: 400_000 } },
    ],
  });
  return [first, second];
}

/** A pull into a store and a cache of its own, so that nothing of the user's is touched. */
async function pullFrom([first, second]: Mirrors, folder: string, context: DemoContext): Promise<PullOutcome> {
  const settings: PullContext['settings'] = {
    ...context.settings,
    home: join(folder, 'store'),
    hfCache: join(folder, 'huggingface', 'hub'),
    hfEndpoints: [first.url, second.url],
    hfTokenEndpoints: [],
    hfToken: undefined,
    alsoHubs: 'off',
    offline: false,
    proxy: undefined,
    httpProxy: undefined,
  };
  const request = { ref: `hf:${REPOSITORY}`, include: [], exclude: [], sources: [] };
  return pull(request, { settings, emit: context.emit, signal: context.signal });
}

/** How many landed files are, byte for byte, what was published. */
async function countSame(files: SimFiles, path: string): Promise<number> {
  let same = 0;
  for (const [name, content] of Object.entries(files)) {
    const hash = createHash('sha256');
    await pipeline(createReadStream(join(path, name)), hash);
    if (hash.digest('hex') === sha256Of(toContent(content))) same += 1;
  }
  return same;
}

function closing(lang: Lang, values: Readonly<Record<string, string | number>>): readonly string[] {
  return demoTexts[lang].closing.map((line) => fill(line, values));
}

function totalBytes(files: SimFiles): number {
  return Object.values(files).reduce((sum, content) => sum + toContent(content).sizeBytes, 0);
}

function hostOf(sim: Sim): string {
  return new URL(sim.url).host;
}
