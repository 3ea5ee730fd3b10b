import { describe, it } from 'vitest';
import { prove } from './causes/cause.js';
import { HUB_CAUSES } from './causes/hub-causes.js';

describe('doctor names first what was done to the hub or to boxes in between, and its remedy helps', () => {
  it.each(HUB_CAUSES)('$verdict: $injected', prove, 120_000);
});
