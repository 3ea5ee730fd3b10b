#!/usr/bin/env node
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { keepCode } from './kept-code/keep-code.js';

/**
 * Threads of Node's own for file calls; it makes them at the first one. More of them wait for a disk side by side, which then has one turn for many
 * syncs: 2,000 small files on ext4 took 1.3 s instead of 1.7 with the usual four.
 */
const POOL_THREADS = 12;
process.env.UV_THREADPOOL_SIZE ??= String(POOL_THREADS);

/**
 * V8 of Node 20 makes code faster that ran for some milliseconds, in each thread anew; a pull is over before that pays: of 2,000 small files, a quarter of
 * all CPU time was that. Four times its usual patience. Later ones, with a compiler in between, wait long enough by themselves and know no such number.
 */
const PATIENCE_BYTES = 4 * 66 * 1024;
const isPull = process.argv[2] === 'pull';
if (isPull && process.versions.v8.startsWith('11.')) setFlagsFromString(`--interrupt-budget=${PATIENCE_BYTES}`);

// The program proper, with what V8 made of it last time where that can be had.
const load = keepCode(isPull ? 'pull' : 'other');
if (load === undefined) void import('./start.js');
else load(fileURLToPath(new URL('./start.js', import.meta.url)));
