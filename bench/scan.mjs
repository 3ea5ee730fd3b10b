// How long it takes to judge large files of weights, beside picklescan and modelscan where .venvs/scanners has them
// (`python -m venv .venvs/scanners && .venvs/scanners/bin/pip install picklescan modelscan`). Needs a build. Prints seconds, the best of three.
// What these two say of safetensors and npz is that there is nothing in it for them (modelscan ends with 3, picklescan with 0).
// Files are sparse but for their headers and one archive: whoever reads numbers reads zeros from the page cache, which costs nobody a disk.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { crc32 } from 'node:zlib';

const { scanFile, sourceOfFile } = await import('../dist/scan/index.js');

const ROUNDS = 3;
const STORAGES = 4;
const STORAGE_BYTES = 960 * 2 ** 20;
const STORED_BYTES = 1024 * 2 ** 20;
const venv = join(dirname(import.meta.dirname), '.venvs', 'scanners', 'bin');
const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-scan-'));
try {
  await contest('safetensors, 4 GiB', 'model.safetensors', safetensors);
  await contest(`torch zip, ${STORAGES} x ${STORAGE_BYTES / 2 ** 20} MiB`, 'model.pt', torchZip);
  await contest('npz, 1 GiB stored, read whole for its checksum', 'arrays.npz', npz);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function contest(title, name, write) {
  const path = join(folder, name);
  const file = await open(path, 'w');
  await write(file);
  const { size } = await file.stat();
  await file.close();
  await report(title, 'sluice', size, async () => {
    const bytes = await open(path);
    try {
      const { verdict } = await scanFile(sourceOfFile(bytes, size), name);
      return verdict;
    } finally {
      await bytes.close();
    }
  });
  for (const peer of ['picklescan', 'modelscan']) {
    const program = join(venv, peer);
    if (existsSync(program)) await report(title, `${peer} (with its start)`, size, () => ended(program, ['-p', path]));
  }
  rmSync(path);
}

function ended(program, args) {
  const { status } = spawnSync(program, args, { stdio: 'ignore', timeout: 120_000 });
  return `exit ${status}`;
}

/** The best of three: what else the machine does only adds. */
async function report(title, who, sizeBytes, work) {
  let best = Infinity;
  let answer;
  for (let round = 0; round < ROUNDS; round += 1) {
    const startedMs = performance.now();
    answer = await work();
    best = Math.min(best, (performance.now() - startedMs) / 1000);
  }
  const rate = (sizeBytes / best / 1e9).toFixed(1);
  process.stdout.write(`${title}: ${who}: ${answer} in ${best.toFixed(4)} s (${rate} GB of file per second)\n`);
}

async function safetensors(file) {
  const tensors = 400;
  const each = 2 ** 32 / tensors - ((2 ** 32 / tensors) % 4);
  const header = Object.fromEntries(
    Array.from({ length: tensors }, (_, index) => [
      `model.layers.${index}.weight`,
      { dtype: 'F32', shape: [each / 4], data_offsets: [index * each, (index + 1) * each] },
    ]),
  );
  const json = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  await file.write(Buffer.concat([length, json]), 0, null, 0);
  await file.truncate(8 + json.length + tensors * each);
}

async function torchZip(file) {
  const text = (value) => Buffer.concat([Buffer.from('X'), u32(value.length), Buffer.from(value)]);
  const number = (value) => Buffer.concat([Buffer.from('J'), u32(value)]);
  const elements = STORAGE_BYTES / 4;
  const tensors = Array.from({ length: STORAGES }, (_, key) => [
    ...[text(`layer ${key}`), 'ctorch._utils\n_rebuild_tensor_v2\n((', text('storage'), 'ctorch\nFloatStorage\n'],
    ...[text(String(key)), text('cpu'), number(elements), 'tQ', number(0), '(', number(elements), 't(', number(1)],
    't\x89ccollections\nOrderedDict\n)RtR',
  ]).flat();
  const pickle = ['\x80\x02}(', ...tensors, 'u.'].map((part) => Buffer.from(part, 'latin1'));
  const storages = Array.from({ length: STORAGES }, (_, key) => ({ name: `m/data/${key}`, sizeBytes: STORAGE_BYTES }));
  await zip(file, [
    { name: 'm/data.pkl', content: Buffer.concat(pickle) },
    { name: 'm/byteorder', content: Buffer.from('little') },
    ...storages,
    { name: 'm/version', content: Buffer.from('3\n') },
  ]);
}

async function npz(file) {
  const text = `{'descr': '<f4', 'fortran_order': False, 'shape': (${STORED_BYTES / 4},), }\n`;
  const header = Buffer.concat([Buffer.from('\x93NUMPY\x01\x00', 'latin1'), u16(text.length), Buffer.from(text)]);
  const block = Buffer.alloc(2 ** 20, 7);
  let crc = crc32(header);
  for (let at = 0; at < STORED_BYTES; at += block.length) crc = crc32(block, crc);
  const filled = { start: header, block, sizeBytes: header.length + STORED_BYTES, crc };
  await zip(file, [{ name: 'a.npy', ...filled }]);
}

/** An archive of stored members below 4 GiB; members without content are holes. */
async function zip(file, members) {
  const directory = [];
  let at = 0;
  for (const { name, content = Buffer.alloc(0), start, block, crc = crc32(content), ...member } of members) {
    const sizeBytes = member.sizeBytes ?? content.length;
    const fields = [u16(0), u16(0), u32(0), u32(crc), u32(sizeBytes), u32(sizeBytes), u16(name.length), u16(0)];
    const local = Buffer.concat([u32(0x04034b50), u16(20), ...fields, Buffer.from(name), start ?? content]);
    directory.push(
      Buffer.concat([u32(0x02014b50), u16(20), u16(20), ...fields, Buffer.alloc(10), u32(at), Buffer.from(name)]),
    );
    await file.write(local, 0, null, at);
    const dataAt = at + 30 + name.length;
    for (let done = start?.length ?? Infinity; done < sizeBytes; done += block.length)
      await file.write(block, 0, null, dataAt + done);
    at = dataAt + sizeBytes;
  }
  const central = Buffer.concat(directory);
  const end = [
    u32(0x06054b50),
    u32(0),
    u16(directory.length),
    u16(directory.length),
    u32(central.length),
    u32(at),
    u16(0),
  ];
  await file.write(Buffer.concat([central, ...end]), 0, null, at);
}

function u16(value) {
  return Buffer.from([value & 0xff, value >>> 8]);
}

function u32(value) {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value >>> 0);
  return bytes;
}
