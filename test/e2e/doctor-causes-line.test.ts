import { describe, it } from 'vitest';
import { prove, requireMeans } from './causes/cause.js';
import { LINE_CAUSES, OF_NAMES } from './causes/line-causes.js';

describe('doctor names first what was done to the line, in namespaces of the kernel, and its remedy helps', () => {
  for (const cause of LINE_CAUSES.slice(OF_NAMES))
    it(`${cause.verdict}: ${cause.injected}`, async (test) => {
      const lacking = requireMeans(cause);
      if (lacking !== undefined) return test.skip(lacking);
      await prove(cause);
    }, 120_000);
});
