import { describe, it } from 'vitest';
import { prove, requireMeans } from './causes/cause.js';
import { MACHINE_CAUSES } from './causes/machine-causes.js';

describe('doctor names first what was done to this machine, and its remedy helps', () => {
  for (const cause of MACHINE_CAUSES)
    it(`${cause.verdict}: ${cause.injected}`, async (test) => {
      const lacking = requireMeans(cause);
      if (lacking !== undefined) return test.skip(lacking);
      await prove(cause);
    }, 120_000);
});
