import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { LongestFirst } from './test/longest-first.js';

export default defineConfig({
  test: {
    testTimeout: 30_000,
    hookTimeout: 30_000,
    pool: 'forks',
    // More than there are processors: much of a test is waiting, for processes, lines, and clocks.
    maxWorkers: Math.ceil(availableParallelism() * 1.5),
    sequence: { sequencer: LongestFirst },
    env: { LANG: 'C.UTF-8', LC_ALL: 'C.UTF-8' },
    projects: [
      // Rooms keep nothing in their modules that another room's tests could see, so their files share a process.
      {
        extends: true,
        test: { name: 'rooms', include: ['src/**/*.test.ts'], isolate: false, setupFiles: ['test/clean-process.ts'] },
      },
      {
        extends: true,
        test: { name: 'whole', include: ['test/**/*.test.ts'], exclude: ['test/clients/**'] },
      },
    ],
  },
});
