// One simulator in a process of its own, told what to be by its parent; ends with it.
import { startSim } from '../../dist/sim/index.js';
import { contentOf } from './data.mjs';

const WATCH_MS = 5;

process.once('message', async ({ path, sizeBytes, stallAfterBytes, ...options }) => {
  const files = { [path]: contentOf(path, sizeBytes) };
  const sim = await startSim({ folders: { one: files }, repositories: [{ id: 'bench/one', files }], ...options });
  // The digest is computed when it is first asked for: before the clock starts.
  const sums = await (await fetch(`${sim.url}/files/one/SHA256SUMS`)).text();
  if (stallAfterBytes !== undefined) {
    // A server that falls silent keeps its connections, and takes new ones: so does a stopped process.
    setInterval(() => {
      if (sim.sentBytes >= stallAfterBytes) process.kill(process.pid, 'SIGSTOP');
    }, WATCH_MS);
  }
  process.on('message', () => process.send({ requests: sim.requests.length, connections: sim.connections, statuses: statuses(sim), sentBytes: sim.sentBytes })); // prettier-ignore
  process.send({ url: sim.url, sha256: sums.split(' ')[0] });
});
process.once('disconnect', () => process.exit());

function statuses(sim) {
  const counts = {};
  for (const { status } of sim.requests) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}
