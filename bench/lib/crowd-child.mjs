// Many clients in one process: reads one URL so often at once and tells what each saw; one more goes away after so many bytes. The first `hashed` of them
// take SHA-256, all take a CRC-32, so that a hundred clients are not what the machine is busy with.
import { createHash } from 'node:crypto';
import { get } from 'node:http';
import { crc32 } from 'node:zlib';

process.once('message', async ({ url, clients, hashed, leaverBytes }) => {
  const leaver = leaverBytes === undefined ? undefined : read(url, { mostBytes: leaverBytes });
  const seen = await Promise.all(
    Array.from({ length: clients }, (_, index) => read(url, { isHashed: index < hashed })),
  );
  await leaver;
  process.send(seen, () => process.exit());
});

/** { bytes, crc, sha256? } of a whole answer, or { failed }. */
function read(url, { mostBytes = Infinity, isHashed = false }) {
  return new Promise((resolve) => {
    const hash = isHashed ? createHash('sha256') : undefined;
    let bytes = 0;
    let crc = 0;
    const failed = (error) => resolve({ failed: error.message });
    get(url, { agent: false }, (answer) => {
      answer.on('data', (chunk) => {
        bytes += chunk.length;
        if (bytes >= mostBytes) answer.destroy();
        crc = crc32(chunk, crc);
        hash?.update(chunk);
      });
      answer
        .on('error', failed)
        .on('end', () => resolve({ bytes, crc, sha256: hash?.digest('hex') }))
        .on('close', () => resolve({ failed: 'it left' }));
    }).on('error', failed);
  });
}
