import type { BigIntStats } from 'node:fs';
import * as promises from 'node:fs/promises';
import { CALLS_IN_PLACE } from './calls-in-place.js';
import { unless } from './errors.js';

/** A file that is being written. */
export interface OpenFile {
  stat(): Promise<BigIntStats>;
  /** Writes all of it at the start of the file. */
  write(bytes: Uint8Array): Promise<void>;
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** The calls that work on many small files consists of. They throw the system's errors. */
export interface FileCalls {
  lstat(path: string): Promise<BigIntStats>;
  /** Undefined when nothing stands there. */
  lstatIf(path: string): Promise<BigIntStats | undefined>;
  /** Undefined when there is no such file. */
  readFileIf(path: string): Promise<Buffer | undefined>;
  readlink(path: string): Promise<string>;
  link(existing: string, path: string): Promise<void>;
  symlink(target: string, path: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  /** Fine when there is nothing. */
  remove(path: string): Promise<void>;
  /** @throws the system's EEXIST, unless `recursive`: then missing parents are made too, and what is there is fine */
  mkdir(path: string, options?: { readonly recursive: true }): Promise<void>;
  /** `wx` makes it and throws EEXIST when there is one; `r` opens folders too. */
  open(path: string, flags: 'wx' | 'r', mode?: number): Promise<OpenFile>;
}

const POOLED: FileCalls = {
  lstat: (path) => promises.lstat(path, { bigint: true }),
  lstatIf: (path) => unless(promises.lstat(path, { bigint: true })),
  readFileIf: (path) => unless(promises.readFile(path)),
  readlink: (path) => promises.readlink(path),
  link: (existing, path) => promises.link(existing, path),
  symlink: (target, path) => promises.symlink(target, path, 'file'),
  rename: (from, to) => promises.rename(from, to),
  remove: (path) => promises.rm(path, { force: true }),
  mkdir: async (path, options) => {
    await promises.mkdir(path, options);
  },
  open: async (path, flags, mode) => ofHandle(await promises.open(path, flags, mode)),
};

function ofHandle(handle: promises.FileHandle): OpenFile {
  return {
    stat: () => handle.stat({ bigint: true }),
    write: async (bytes) => {
      for (let at = 0; at < bytes.length;) at += (await handle.write(bytes, at, bytes.length - at, at)).bytesWritten;
    },
    sync: () => handle.sync(),
    close: () => handle.close(),
  };
}

/** Each call goes to Node's pool of threads, until the thread says that it works in place. */
export const calls: FileCalls = { ...POOLED };

/**
 * From now on this thread makes its calls itself instead of handing each to a pool, which costs ten times what most of them
 * take. For threads that do nothing else: all else in the thread stands still meanwhile.
 */
export function workInPlace(): void {
  Object.assign(calls, CALLS_IN_PLACE);
}
