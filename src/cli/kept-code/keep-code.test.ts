import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'; // prettier-ignore
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Script } from 'node:vm';
import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { codeFolder } from './code-folder.js';
import { nameOf, readCode, writeCode } from './code-file.js';
import { codeLoader } from './code-loader.js';

function temporary(): string {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-code-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

const script = (): Script => new Script('(function () { return 42; })');

test('files load one another once, with what Node gives a module, and find the same exports again', () => {
  const folder = temporary();
  writeFileSync(
    join(folder, 'one.js'),
    `const two = require('./two.js'); exports.early = two.early; exports.sep = require('node:path').sep; exports.where = [__filename, __dirname];`,
  );
  writeFileSync(join(folder, 'two.js'), `exports.early = Object.keys(require('./one.js')); globalThis.loadedTwo ??= 0; loadedTwo += 1;`); // prettier-ignore
  const load = codeLoader(temporary(), 'test');
  const one = load(join(folder, 'one.js'));
  expect(one).toMatchObject({ early: [], where: [join(folder, 'one.js'), folder] });
  expect(load(join(folder, 'one.js'))).toBe(one);
  load(join(folder, 'two.js'));
  expect((globalThis as { loadedTwo?: number }).loadedTwo).toBe(1);
});

test('the built program keeps what it compiled, starts with it, and starts as well when it is damaged or cannot be kept', () => {
  const home = temporary();
  const program = join(import.meta.dirname, '../../../dist/cli/main.js');
  const start = (env: NodeJS.ProcessEnv = {}): string =>
    spawnSync(process.execPath, [program, '--version'], { env: { HOME: home, ...env }, encoding: 'utf8' }).stdout;
  const version = start({ NODE_DISABLE_COMPILE_CACHE: '1' });
  expect(version).toMatch(/^\d+\.\d+\.\d+\n$/);
  const folder = join(home, '.cache', 'sluice', 'code');
  expect(() => readdirSync(folder)).toThrow();
  expect(start()).toBe(version);
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name));
  const kept = files.filter((path) => statSync(path).isFile());
  expect(kept.length).toBeGreaterThan(0);
  const before = kept.map((path) => [path, statSync(path).ino]);
  expect(start()).toBe(version);
  expect(kept.map((path) => [path, statSync(path).ino])).toEqual(before);
  for (const path of kept) {
    const bytes = readFileSync(path);
    bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 0xff;
    writeFileSync(path, bytes);
  }
  expect(start()).toBe(version);
  chmodSync(folder, 0o777);
  expect(start()).toBe(version);
  expect(start({ HOME: '/dev/null' })).toBe(version);
});

test('a folder that others may write to, or that is none, is not used', () => {
  const home = temporary();
  const env = { HOME: home };
  const folder = join(home, '.cache', 'sluice', 'code');
  expect(codeFolder(env, 'linux')).toBe(folder);
  expect(statSync(folder).mode & 0o777).toBe(0o700);
  expect(codeFolder(env, 'darwin')).toBe(join(home, 'Library', 'Caches', 'sluice', 'code'));
  for (const [path, mode] of [
    [folder, 0o770],
    [join(home, '.cache', 'sluice'), 0o777],
  ] as const) {
    chmodSync(path, mode);
    expect(codeFolder(env, 'linux')).toBeUndefined();
    chmodSync(path, 0o755);
    expect(codeFolder(env, 'linux')).toBe(folder);
  }
  expect(codeFolder({ XDG_CACHE_HOME: 'relative' }, 'linux')).toBeUndefined();
  expect(codeFolder({}, 'linux')).toBeUndefined();
  expect(codeFolder({ HOME: '/dev/null' }, 'linux')).toBeUndefined();
});

test('what is kept is of this source, this Node and this use', () => {
  expect(nameOf('a', 'pull')).toMatch(/^[0-9a-f]{40}\.code$/);
  expect(new Set([nameOf('a', 'pull'), nameOf('b', 'pull'), nameOf('a', 'other')]).size).toBe(3);
});

test('code that is not as it was written is not there', () => {
  const folder = temporary();
  writeCode(folder, 'a.code', script());
  const bytes = readFileSync(join(folder, 'a.code'));
  expect(readCode(folder, 'a.code')).toEqual(bytes.subarray(32));
  expect(readCode(folder, 'b.code')).toBeUndefined();
  fc.assert(
    fc.property(fc.nat({ max: bytes.length - 1 }), fc.integer({ min: 1, max: 255 }), (at, change) => {
      const damaged = Buffer.from(bytes);
      damaged[at] = (damaged[at] ?? 0) ^ change;
      writeFileSync(join(folder, 'b.code'), damaged);
      expect(readCode(folder, 'b.code')).toBeUndefined();
      writeFileSync(join(folder, 'b.code'), bytes.subarray(0, at));
      expect(readCode(folder, 'b.code')).toBeUndefined();
    }),
  );
});

test('what nobody wrote for a month is dropped, and nothing else', () => {
  const folder = temporary();
  const old = new Date(Date.now() - 40 * 24 * 3_600_000);
  for (const name of ['old.code', 'old.code.12345678', 'notes.txt', 'new.code']) writeFileSync(join(folder, name), '');
  for (const name of ['old.code', 'old.code.12345678', 'notes.txt']) utimesSync(join(folder, name), old, old);
  writeCode(folder, 'a.code', script());
  expect(readdirSync(folder).sort()).toEqual(['a.code', 'new.code', 'notes.txt']);
  mkdirSync(join(folder, 'b.code'));
  writeCode(folder, 'b.code', script());
  expect(readdirSync(folder).sort()).toEqual(['a.code', 'b.code', 'new.code', 'notes.txt']);
});
