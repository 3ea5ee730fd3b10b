import * as fs from 'node:fs';
import { errnoOf } from '../../base/index.js';
import type { FileCalls, OpenFile } from './calls.js';

/** A sync that takes this long waits for a disk: then many are to wait side by side. */
const DISK_MS = 0.5;
/** One may be slow by chance. */
const SLOW_SYNCS = 3;
let slowSyncs = 0;

/** Calls that are made, and over, when the function returns; what they throw is a rejection all the same. */
export const CALLS_IN_PLACE: FileCalls = {
  lstat: (path) => made(() => fs.lstatSync(path, { bigint: true })),
  lstatIf: (path) => made(() => orMissing(() => fs.lstatSync(path, { bigint: true, throwIfNoEntry: false }))),
  // A look is cheaper than an exception.
  readFileIf: (path) => made(() => orMissing(() => (fs.existsSync(path) ? fs.readFileSync(path) : undefined))),
  readlink: (path) => made(() => fs.readlinkSync(path)),
  link: (existing, path) => made(() => fs.linkSync(existing, path)),
  symlink: (target, path) => made(() => fs.symlinkSync(target, path, 'file')),
  rename: (from, to) => made(() => fs.renameSync(from, to)),
  remove: (path) => made(() => fs.rmSync(path, { force: true })),
  mkdir: (path, options) =>
    made(() => {
      fs.mkdirSync(path, options);
    }),
  open: (path, flags, mode) => made(() => ofDescriptor(fs.openSync(path, flags, mode))),
};

function ofDescriptor(fd: number): OpenFile {
  return {
    stat: () => made(() => fs.fstatSync(fd, { bigint: true })),
    write: (bytes) =>
      made(() => {
        for (let at = 0; at < bytes.length;) at += fs.writeSync(fd, bytes, at, bytes.length - at, at);
      }),
    sync: () => sync(fd),
    close: () => made(() => fs.closeSync(fd)),
  };
}

/** In memory a sync costs nothing and is made in place; a disk's go to the pool, where they wait together. */
function sync(fd: number): Promise<void> {
  if (slowSyncs >= SLOW_SYNCS) {
    return new Promise((resolve, reject) => {
      fs.fsync(fd, (error) => (error === null ? resolve() : reject(error)));
    });
  }
  return made(() => {
    const startedMs = performance.now();
    fs.fsyncSync(fd);
    slowSyncs = performance.now() - startedMs > DISK_MS ? slowSyncs + 1 : 0;
  });
}

function made<T>(call: () => T): Promise<T> {
  return new Promise((resolve) => resolve(call()));
}

function orMissing<T>(look: () => T | undefined): T | undefined {
  try {
    return look();
  } catch (thrown) {
    if (['ENOENT', 'ENOTDIR'].includes(errnoOf(thrown) ?? '')) return undefined;
    throw thrown;
  }
}
