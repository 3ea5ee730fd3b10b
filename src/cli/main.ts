#!/usr/bin/env node
import { fileURLToPath } from 'node:url';
import { keepCode } from './kept-code/keep-code.js';

// The program proper, with what V8 made of it last time where that can be had.
const load = keepCode(process.argv[2] === 'pull' ? 'pull' : 'other');
if (load === undefined) void import('./start.js');
else load(fileURLToPath(new URL('./start.js', import.meta.url)));
