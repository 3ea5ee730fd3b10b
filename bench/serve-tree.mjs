// The listing of a repository of a million files, in pages of a thousand, read through `sluice serve` page by page: whether every entry comes once, and what memory the
// mirror takes. The hub and the mirror are processes of their own.
//   node bench/serve-tree.mjs [--quick] [--entries N] [--out FILE]
import { fork, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { atEnd, main } from './lib/closing.mjs';
import { root } from './lib/peers.mjs';

const { values } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, entries: { type: 'string' }, out: { type: 'string' } },
});
const ENTRIES = Number(values.entries ?? (values.quick ? 100_000 : 1_000_000));

await main(async () => {
  const dir = mkdtempSync(join(tmpdir(), 'sluice-tree-'));
  atEnd(() => rmSync(dir, { recursive: true, force: true }));
  const upstream = await startHub();
  const server = await startSluice(join(dir, 'store'), upstream);
  const beganMs = performance.now();
  const seen = new Set();
  let [entries, pages, firstMs] = [0, 0, 0];
  let next = `${server.url}/api/models/bench/many/tree/main?recursive=true`;
  while (next !== undefined) {
    const answer = await patiently(next);
    firstMs ||= performance.now() - beganMs;
    for (const { type, path } of await answer.json()) {
      if (type !== 'file') continue;
      entries += 1;
      seen.add(path);
    }
    pages += 1;
    next = /<([^>]+)>; rel="next"/.exec(answer.headers.get('link') ?? '')?.[1];
  }
  const seconds = (performance.now() - beganMs) / 1000;
  const peakMb = peakOf(server.pid);
  const result = { name: 'serve-tree', measuredAt: new Date().toISOString(), asked: ENTRIES, entries, distinct: seen.size, pages, firstMs, seconds, peakMb }; // prettier-ignore
  console.log([`${entries} files of ${ENTRIES}`, `${seen.size} different`, `${pages} pages`, `first after ${(firstMs / 1000).toFixed(1)} s`, `all after ${seconds.toFixed(1)} s`, `${Math.round(peakMb)} MB at most`].join(' · ')); // prettier-ignore
  if (values.out !== undefined) writeFileSync(values.out, `${JSON.stringify(result, undefined, 1)}\n`);
  if (entries !== ENTRIES || seen.size !== ENTRIES) throw new Error('the listing is not what the hub has');
});

/** While the listing is read for the first time the mirror says 503 or 504, and goes on reading. */
async function patiently(url) {
  for (;;) {
    const answer = await fetch(url);
    if (answer.ok) return answer;
    const text = await answer.text();
    if (answer.status !== 503 && answer.status !== 504) throw new Error(`${answer.status}: ${text.slice(0, 200)}`);
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

async function startHub() {
  const child = fork(join(import.meta.dirname, 'lib', 'tree-child.mjs'), [String(ENTRIES)]);
  atEnd(() => child.kill());
  return new Promise((resolve, reject) => {
    child.once('message', resolve).once('exit', (code) => reject(new Error(`the hub ended with ${code}`)));
  });
}

async function startSluice(store, upstream) {
  const program = [join(root, 'dist', 'cli', 'main.js'), 'serve', '--port', '0', '--data', store];
  const env = { PATH: process.env.PATH, HOME: store, SLUICE_SERVE_ACCESS_LOG: 'off', SLUICE_SERVE_MIN_FREE: '1MB' };
  const child = spawn(process.execPath, [...program, '--upstream', `hf=${upstream}`], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  atEnd(() => child.kill('SIGTERM'));
  const url = await new Promise((resolve, reject) => {
    child.stdout.once('data', (text) => resolve(String(text).trim()));
    child.once('exit', (code) => reject(new Error(`sluice serve ended with ${code}`)));
  });
  return { url, pid: child.pid };
}

/** The most that was resident, in MB, as the kernel kept it. */
function peakOf(pid) {
  return Number(/^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1000;
}
