// What stands at the other end of a line: a simulated hub and name servers, in a process of their own, told what to be by its parent; ends with it.
import { seededContent, startSim } from '../../../dist/sim/index.js';
import { startNameServer } from './name-server.mjs';

process.once('message', async ({ sim, sizeBytes, isOneHost, nameServers }) => {
  const files = { 'config.json': '{}\n', 'model.safetensors': seededContent({ seed: 'far', sizeBytes }) };
  const hub = await startSim({
    ...sim,
    repositories: [{ id: 'acme/tiny', files, ...(isOneHost ? { lfs: () => false } : {}) }],
  });
  for (const each of nameServers) await startNameServer(each);
  process.send({ port: Number(new URL(hub.url).port) });
});
process.once('disconnect', () => process.exit());
