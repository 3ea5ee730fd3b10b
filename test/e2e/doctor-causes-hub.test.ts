import { describe, it } from 'vitest';
import { prove } from './causes/cause.js';
import { HUB_CAUSES } from './causes/hub-causes.js';

describe('doctor names first what was done to the hub or to boxes in between, and its remedy helps', () => {
  for (const cause of HUB_CAUSES) it(`${cause.verdict}: ${cause.injected}`, () => prove(cause), 120_000);
});
