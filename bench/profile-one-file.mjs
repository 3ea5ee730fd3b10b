// Where the time of `sluice pull` goes with one large file: self time of each thread's functions, as text in results/.
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { SourceMap } from 'node:module';
import { join } from 'node:path';
import { main } from './lib/closing.mjs';
import { MODEL, startHub } from './lib/hub.mjs';
import { measure } from './lib/measure.mjs';
import { readOptions } from './lib/options.mjs';
import { resultsFolder } from './lib/results.mjs';
import { settle } from './lib/settle.mjs';
import { sluice } from './lib/sluice.mjs';
import { formatTimeline, timelineOf } from './lib/timeline.mjs';

const SHOWN = 22;
/** The program is bundled: its maps tell which file of src a function is of. */
const maps = new Map();

await main(async () => {
  const options = readOptions({ rounds: 1 });
  const { sizeBytes } = options;
  const hub = await startHub({
    dir: options.dir,
    name: `one-${sizeBytes / 2 ** 20}`,
    sizes: { 'model.gguf': sizeBytes },
  });
  const target = join(options.target, `profile-${process.pid}`);
  const profiles = join(target, 'profiles');
  mkdirSync(profiles, { recursive: true });
  settle(options.dir, sizeBytes);
  const { command, args, env } = sluice(target, ['pull', `hf:${MODEL}`, '--to', join(target, 'out')], {
    HF_ENDPOINT: hub.url,
  });
  const run = await measure({ command, args: ['--cpu-prof', `--cpu-prof-dir=${profiles}`, ...args], env, cwd: target });
  const head = `One ${(sizeBytes / 2 ** 30).toFixed(2)} GiB file over http, profiled: ${run.wallS.toFixed(2)} s, ${run.cpuS.toFixed(2)} s of CPU, exit ${run.code}`;
  const threads = readdirSync(profiles).map((name) =>
    summarize(JSON.parse(readFileSync(join(profiles, name), 'utf8'))),
  );
  rmSync(target, { recursive: true, force: true });
  mkdirSync(target);
  settle(options.dir, sizeBytes);
  const timeline = await timelineOf({ command, args, env, cwd: target });
  const text = [head, ...threads.sort((a, b) => b.busyMs - a.busyMs).map(format), formatTimeline(timeline)].join(
    '\n\n',
  );
  rmSync(target, { recursive: true, force: true });
  console.log(text);
  if (options.save) writeFileSync(join(resultsFolder, 'profile-one-file-http.txt'), `${text}\n`);
});

/** Self time by function, of one thread. */
function summarize({ nodes, samples, timeDeltas }) {
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, labelOf(callFrame)]));
  const self = new Map();
  samples.forEach((id, index) => {
    const label = frames.get(id);
    self.set(label, (self.get(label) ?? 0) + timeDeltas[index] / 1000);
  });
  const idleMs = self.get('(idle)') ?? 0;
  const wholeMs = [...self.values()].reduce((sum, each) => sum + each, 0);
  self.delete('(idle)');
  const rows = [...self].sort((a, b) => b[1] - a[1]).slice(0, SHOWN);
  return { wholeMs, idleMs, busyMs: wholeMs - idleMs, rows };
}

function mapOf(path) {
  if (!maps.has(path))
    maps.set(
      path,
      existsSync(`${path}.map`) ? new SourceMap(JSON.parse(readFileSync(`${path}.map`, 'utf8'))) : undefined,
    );
  return maps.get(path);
}

function labelOf({ functionName, url, lineNumber, columnNumber }) {
  if (url === '') return functionName;
  const entry = mapOf(url.replace(/^file:\/\//, ''))?.findEntry(lineNumber, columnNumber);
  if (entry?.originalSource !== undefined)
    return `${functionName || '(anonymous)'}  ${entry.originalSource.replace(/^.*\/(?=src\/|node_modules\/)/, '')}:${entry.originalLine + 1}`;
  const file = url.replace(/^.*\/(?=dist\/|node_modules\/)/, '').replace(/^file:\/\/.*\//, '');
  return `${functionName || '(anonymous)'}  ${file}:${lineNumber + 1}`;
}

function format({ wholeMs, idleMs, busyMs, rows }) {
  const head = `Thread: ${(wholeMs / 1000).toFixed(2)} s, of which idle ${(idleMs / 1000).toFixed(2)} s`;
  const lines = rows.map(
    ([label, ms]) => `${ms.toFixed(0).padStart(8)} ms ${((ms / busyMs) * 100).toFixed(1).padStart(5)} %  ${label}`,
  );
  return [head, ...lines].join('\n');
}
