// Runs before each test file under Stryker.
import fc from 'fast-check';
import { afterAll } from 'vitest';

fc.configureGlobal({ seed: 1, endOnFailure: true });

// the process is kept: without this the next file would be loaded with the last change in force
const stryker = globalThis.__stryker__;
afterAll(() => {
  if (stryker) stryker.activeMutant = undefined;
});
