import { availableParallelism } from 'node:os';
import { pathToFileURL } from 'node:url';
import { defineConfig } from 'vitest/config';
import { LONG_TESTS, longTests } from './test/long-tests.js';

const preloads = ['one-thread', 'no-sync'].map(
  (name) => `--import=${pathToFileURL(`test/helpers/${name}.mjs`)}`,
);

const ALL = ['test/**/*.test.ts'];

export default defineConfig({
  test: {
    projects: [
      { extends: true, test: { name: 'short', include: ALL, exclude: [...LONG_TESTS] } },
      {
        extends: true,
        test: { name: 'long', include: [...longTests(process.env.STEPFOLD_LONG_TESTS)] },
      },
    ],
    setupFiles: ['test/helpers/check-groups.ts'],
    // onnxruntime-node crashes when loaded from two worker threads at once, so test files get processes.
    pool: 'forks',
    // the sources are loaded and compiled once in each, not for every file of tests
    isolate: false,
    // by default one fewer than there are cores: on two, half of them would idle wherever no model runs
    maxWorkers: Math.max(2, availableParallelism() - 1),
    execArgv: preloads,
    env: { NODE_OPTIONS: preloads.join(' ') },
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
