// How long it takes to judge large files of weights, beside picklescan and modelscan where .venvs/scanners has them
// (`python -m venv .venvs/scanners && .venvs/scanners/bin/pip install picklescan modelscan`). Needs a build.
// What these two say of safetensors and npz is that there is nothing in it for them (modelscan ends with 3, picklescan with 0).
// Where only headers are read the files are sparse; what is read whole was written, and comes from the page cache. Neither waits for a disk.
// `sluice` is the scanner alone, in a process that has started; the others are whole processes, and so are the rows that say so.
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { open, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { crc32 } from 'node:zlib';
import { atEnd, main } from './lib/closing.mjs';
import { measure } from './lib/measure.mjs';
import { readOptions } from './lib/options.mjs';
import { saveRows } from './lib/save.mjs';
import { sluice } from './lib/sluice.mjs';
import { median } from './lib/statistics.mjs';

const { scanFile, scanPath, sourceOfFile } = await import('../dist/scan/index.js');

const STORAGES = 4;
const STORAGE_BYTES = 960 * 2 ** 20;
const STORED_BYTES = 1024 * 2 ** 20;
const PICKLED = 200_000;
const SMALL = 200;
const SMALL_ENTRIES = 40;
const TIMEOUT_S = 60;
const venv = join(dirname(import.meta.dirname), '.venvs', 'scanners', 'bin');
const peers = ['picklescan', 'modelscan'].map(peerOf);
const rows = [];

await main(async () => {
  const options = readOptions();
  const folder = mkdtempSync(join(options.target, 'scan-'));
  atEnd(() => rmSync(folder, { recursive: true, force: true }));
  const endsAtMs = Date.now() + options.budgetS * 1000;
  for (const [shape, file, write] of [
    ['safetensors, 4 GiB', 'model.safetensors', safetensors],
    [`torch zip, ${STORAGES} × ${STORAGE_BYTES / 2 ** 20} MiB`, 'model.pt', torchZip],
    [`one pickle, ${PICKLED.toLocaleString('en')} entries`, 'state.pkl', pickle],
    ['npz, 1 GiB stored, read whole for its checksum', 'arrays.npz', npz],
    ['GGUF, 4 GiB', 'model.gguf', gguf],
    [`folder of ${SMALL} pickles, 1.8 kB each`, 'small', smallPickles],
  ])
    if (options.only?.includes(file) !== false) await contest({ shape, file, write, folder, options, endsAtMs });
  const missing = peers.flatMap(({ name, version }) => (version === undefined ? [`${name}: pip install ${name}`] : []));
  const title = 'Scanning';
  saveRows(options, 'scan', peers, missing, { title, kind: 'scan', rows });
});

async function contest({ shape, file, write, folder, options, endsAtMs }) {
  const path = join(folder, file);
  const size = await write(path);
  const contestants = [
    ['sluice', () => scanned(path, size, file, {})],
    ...(file === 'model.pt' ? [['sluice, every byte: all checksums', () => scanned(path, size, file, { areAllChecksumsWanted: true })]] : []), // prettier-ignore
    ...(file === 'model.safetensors' ? [['its header read and parsed, no more', () => headerOf(path)]] : []),
    ['sluice scan, the whole process', () => ended(folder, sluice(folder, ['scan', path]))],
    ...(file === 'model.pt' ? [['sluice scan --checksums, the whole process', () => ended(folder, sluice(folder, ['scan', '--checksums', path]))]] : []), // prettier-ignore
    ...peers
      .filter(({ version }) => version !== undefined)
      .map(({ name, program }) => [name, () => ended(folder, { command: program, args: ['-p', path] })]),
  ];
  // The first of all warms what judges and the page cache.
  for (const [, work] of contestants) await work();
  const taken = contestants.map(() => []);
  for (let round = 0; round < options.rounds && (round < 1 || Date.now() < endsAtMs); round += 1)
    for (const [index, [, work]] of contestants.entries()) {
      const startedMs = performance.now();
      const told = await work();
      taken[index].push({ seconds: (performance.now() - startedMs) / 1000, ...told });
    }
  rmSync(path, { recursive: true });
  for (const [index, [name]] of contestants.entries()) {
    const runs = taken[index];
    const middle = (key) => (runs[0][key] === undefined ? undefined : median(runs.map((run) => run[key])));
    const seconds = middle('seconds');
    const row = { shape, name, answer: runs.at(-1).answer, seconds, gbps: size / seconds / 1e9, cpuS: middle('cpuS'), memoryMb: middle('rssMb'), runs: runs.length }; // prettier-ignore
    rows.push(row);
    console.log(`${shape}: ${name}: ${row.answer} in ${seconds.toFixed(4)} s (${row.gbps.toFixed(2)} GB of file per second)`); // prettier-ignore
  }
}

async function scanned(path, size, name, options) {
  if (name === 'small') {
    const verdicts = (await scanPath(path, { signal: new AbortController().signal })).map(({ scan }) => scan.verdict);
    return { answer: [...new Set(verdicts)].join(', ') };
  }
  const bytes = await open(path);
  try {
    const { verdict } = await scanFile(sourceOfFile(bytes, size), name, options);
    return { answer: verdict };
  } finally {
    await bytes.close();
  }
}

async function headerOf(path) {
  const bytes = await open(path);
  try {
    const { buffer: length } = await bytes.read(Buffer.alloc(8), 0, 8, 0);
    const { buffer: json } = await bytes.read(Buffer.alloc(Number(length.readBigUInt64LE(0))), 0, Number(length.readBigUInt64LE(0)), 8); // prettier-ignore
    return { answer: `${Object.keys(JSON.parse(json)).length} tensors` };
  } finally {
    await bytes.close();
  }
}

/** As long as it took by its own clock, without what starts and watches it. */
async function ended(cwd, command) {
  const { wallS, cpuS, rssMb, code } = await measure({ ...command, cwd, timeoutS: TIMEOUT_S });
  return { answer: code === 'timeout' ? `not done in ${TIMEOUT_S} s` : `exit ${code}`, seconds: wallS, cpuS, rssMb };
}

function peerOf(name) {
  const program = join(venv, name);
  if (!existsSync(program)) return { name };
  const ask = `from importlib.metadata import version; print(version('${name}'))`;
  return { name, program, version: execFileSync(join(venv, 'python'), ['-c', ask], { encoding: 'utf8' }).trim() };
}

/** Names and numbers, as a state of an optimizer has them, by the pickler of the Python at hand. */
async function pickle(path) {
  return filled(path, (file) => file.writeFile(pickled(PICKLED)));
}

function pickled(entries) {
  const code = `import pickle, sys; pickle.dump({f'layer.{i}.step': [i, i * 0.5, 'adam', (i, None)] for i in range(${entries})}, sys.stdout.buffer, 2)`;
  return execFileSync('python3', ['-c', code], { maxBuffer: 2 ** 30 });
}

async function smallPickles(path) {
  mkdirSync(path);
  const content = pickled(SMALL_ENTRIES);
  for (let count = 0; count < SMALL; count += 1) await writeFile(join(path, `step-${count}.pkl`), content);
  return SMALL * content.length;
}

/** The size of a file that `write` made. */
async function filled(path, write) {
  const file = await open(path, 'w');
  try {
    await write(file);
    return (await file.stat()).size;
  } finally {
    await file.close();
  }
}

async function gguf(path) {
  const tensors = 400;
  const each = 2 ** 32 / 2 ** 9;
  const text = (value) => Buffer.concat([u64(value.length), Buffer.from(value)]);
  const header = Buffer.concat([
    ...[Buffer.from('GGUF'), u32(3), u64(tensors), u64(1)],
    ...[text('general.architecture'), u32(8), text('llama')],
    ...Array.from({ length: tensors }, (_, index) => [text(`blk.${index}.weight`), u32(1), u64(each / 4), u32(0), u64(index * each)]).flat(), // prettier-ignore
  ]);
  const dataAt = Math.ceil(header.length / 32) * 32;
  return filled(path, async (file) => {
    await file.write(header, 0, null, 0);
    await file.truncate(dataAt + tensors * each);
  });
}

async function safetensors(path) {
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
  return filled(path, async (file) => {
    await file.write(Buffer.concat([length, json]), 0, null, 0);
    await file.truncate(8 + json.length + tensors * each);
  });
}

async function torchZip(path) {
  const text = (value) => Buffer.concat([Buffer.from('X'), u32(value.length), Buffer.from(value)]);
  const number = (value) => Buffer.concat([Buffer.from('J'), u32(value)]);
  const elements = STORAGE_BYTES / 4;
  const tensors = Array.from({ length: STORAGES }, (_, key) => [
    ...[text(`layer ${key}`), 'ctorch._utils\n_rebuild_tensor_v2\n((', text('storage'), 'ctorch\nFloatStorage\n'],
    ...[text(String(key)), text('cpu'), number(elements), 'tQ', number(0), '(', number(elements), 't(', number(1)],
    't\x89ccollections\nOrderedDict\n)RtR',
  ]).flat();
  const pickle = ['\x80\x02}(', ...tensors, 'u.'].map((part) => Buffer.from(part, 'latin1'));
  const start = Buffer.alloc(0);
  const block = randomBytes(2 ** 20);
  let crc = 0;
  for (let at = 0; at < STORAGE_BYTES; at += block.length) crc = crc32(block, crc);
  const storages = Array.from({ length: STORAGES }, (_, key) => ({ name: `m/data/${key}`, start, block, sizeBytes: STORAGE_BYTES, crc })); // prettier-ignore
  return zip(path, [
    { name: 'm/data.pkl', content: Buffer.concat(pickle) },
    { name: 'm/byteorder', content: Buffer.from('little') },
    ...storages,
    { name: 'm/version', content: Buffer.from('3\n') },
  ]);
}

async function npz(path) {
  const text = `{'descr': '<f4', 'fortran_order': False, 'shape': (${STORED_BYTES / 4},), }\n`;
  const header = Buffer.concat([Buffer.from('\x93NUMPY\x01\x00', 'latin1'), u16(text.length), Buffer.from(text)]);
  const block = Buffer.alloc(2 ** 20, 7);
  let crc = crc32(header);
  for (let at = 0; at < STORED_BYTES; at += block.length) crc = crc32(block, crc);
  const array = { start: header, block, sizeBytes: header.length + STORED_BYTES, crc };
  return zip(path, [{ name: 'a.npy', ...array }]);
}

/** An archive of stored members below 4 GiB: `content`, or `start` and then `block` again and again. */
async function zip(path, members) {
  return filled(path, (file) => writeZip(file, members));
}

async function writeZip(file, members) {
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

function u64(value) {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

function u32(value) {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value >>> 0);
  return bytes;
}
