// One simulator in a process of its own, told what to be by its parent; ends with it.
import { startSim } from '../../dist/sim/index.js';
import { contentOf } from './data.mjs';

process.once('message', async ({ path, sizeBytes, style, ...options }) => {
  const files = { [path]: contentOf(path, sizeBytes, style) };
  const sim = await startSim({ folders: { one: files }, repositories: [{ id: 'bench/one', files }], ...options });
  // The digest is computed when it is first asked for: before the clock starts.
  const sums = await (await fetch(`${sim.url}/files/one/SHA256SUMS`)).text();
  process.on('message', () => {
    const { requests, connections, sentBytes } = sim;
    const [statuses, kinds] = [tally(requests, 'status'), tally(requests, 'kind')];
    process.send({ requests: requests.length, connections, statuses, kinds, sentBytes });
  });
  process.send({ url: sim.url, sha256: sums.split(' ')[0] });
});
process.once('disconnect', () => process.exit());

function tally(requests, key) {
  const counts = {};
  for (const request of requests) counts[request[key]] = (counts[request[key]] ?? 0) + 1;
  return counts;
}
