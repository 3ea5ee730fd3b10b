// Many clients in one process: reads one URL so often at once and tells the digests; one more goes away after so many bytes.
import { createHash } from 'node:crypto';
import { get } from 'node:http';

process.once('message', async ({ url, clients, leaverBytes }) => {
  const leaver = leaverBytes === undefined ? undefined : read(url, leaverBytes);
  const digests = await Promise.all(Array.from({ length: clients }, () => read(url)));
  await leaver;
  process.send(digests, () => process.exit());
});

function read(url, mostBytes = Infinity) {
  return new Promise((resolve) => {
    const hash = createHash('sha256');
    let bytes = 0;
    const failed = (error) => resolve(`failed: ${error.message}`);
    get(url, { agent: false }, (answer) => {
      answer.on('data', (chunk) => {
        bytes += chunk.length;
        if (bytes >= mostBytes) answer.destroy();
        hash.update(chunk);
      });
      answer
        .on('error', failed)
        .on('end', () => resolve(hash.digest('hex')))
        .on('close', () => resolve('left'));
    }).on('error', failed);
  });
}
