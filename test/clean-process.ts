import { afterAll, expect } from 'vitest';

// Test files of the rooms share processes: one that left its environment or folder behind would change, or skip, the tests of another.
const [env, folder] = [{ ...process.env }, process.cwd()];
afterAll(() => {
  expect({ ...process.env }).toEqual(env);
  expect(process.cwd()).toBe(folder);
});
