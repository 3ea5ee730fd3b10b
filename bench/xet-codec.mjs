// How fast one core decodes and hashes chunks as Xet stores them: bf16 weights in byte groups. Needs a build; prints MB of raw bytes per second.
import { chunkOf, weights } from './lib/xet-records.mjs';

const { decodeChunk, readChunkHeader } = await import('../dist/hubs/xet/codec/chunk.js');
const { DATA_KEY } = await import('../dist/hubs/xet/codec/keys.js');
const { compileCodec, createCodec } = await import('../dist/hubs/xet/wasm/codec.js');

const CHUNK_BYTES = 65_536;
const ROUNDS = 7;
const ROUND_BYTES = 400e6;

const startedMs = performance.now();
const codec = createCodec(compileCodec());
process.stdout.write(`kernels made in ${(performance.now() - startedMs).toFixed(0)} ms\n`);

const raw = weights(CHUNK_BYTES);
const { memory, inputAt, outputAt } = codec;
const shapes = { stored: chunkOf(raw, 0), 'LZ4 of byte groups': chunkOf(raw, 2), 'LZ4 of text': chunkOf(text(), 1) };

for (const [name, record] of Object.entries(shapes)) {
  const header = readChunkHeader(record, 0);
  memory.set(record, inputAt);
  const share = (record.length / header.rawBytes).toFixed(3);
  report(`decode, ${name} (${share})`, header.rawBytes, () => {
    const fault = decodeChunk(codec, header, inputAt + 8, outputAt);
    if (fault !== undefined) throw new Error(fault);
  });
}
memory.set(raw, outputAt);
report('BLAKE3, keyed', CHUNK_BYTES, () => codec.keyedHash(DATA_KEY, outputAt, CHUNK_BYTES));
const record = shapes['LZ4 of byte groups'];
memory.set(record, inputAt);
const header = readChunkHeader(record, 0);
report('decode and hash, LZ4 of byte groups', CHUNK_BYTES, () => {
  decodeChunk(codec, header, inputAt + 8, outputAt);
  codec.keyedHash(DATA_KEY, outputAt, CHUNK_BYTES);
});

/** Median of CPU time, so that other work on the machine counts little. */
function report(name, bytes, work) {
  const rates = Array.from({ length: ROUNDS }, () => {
    const before = process.cpuUsage();
    let done = 0;
    for (; done < ROUND_BYTES; done += bytes) work();
    const { user, system } = process.cpuUsage(before);
    return done / (user + system);
  }).sort((a, b) => a - b);
  process.stdout.write(`${name}: ${rates[ROUNDS >> 1].toFixed(0)} MB/s\n`);
}

function text() {
  const words =
    'weights tensor layer attention head query key value norm bias scale embed token rope gate up down'.split(' ');
  let state = 1;
  let out = '';
  while (out.length < CHUNK_BYTES) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    out += `"${words[state % words.length]}.${state >>> 24}", `;
  }
  return Buffer.from(out.slice(0, CHUNK_BYTES));
}
