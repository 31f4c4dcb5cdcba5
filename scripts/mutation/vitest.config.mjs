// How Vitest runs under Stryker: one process that is kept from change to change, draws that are the same each
// time, and no shrinking, which looks for the smallest counterexample where any will do.
import fs from 'node:fs';
import path from 'node:path';
import { defineConfig } from 'vitest/config';
import { warmPool } from './warm-worker.mjs';

const stale = fs
  .readdirSync('test', { recursive: true })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => path.resolve('test', file));

export default defineConfig({
  plugins: [
    {
      name: 'warm-worker',
      // Stryker asks for threads on the command line, which stands above a configuration
      configureVitest({ project }) {
        project.config.pool = 'warm';
        project.config.poolRunner = warmPool({ stale, fresh: Boolean(process.env.MUTATION_FRESH) });
      },
    },
  ],
  // package.json leads it to what is built, which is not copied for Stryker
  resolve: { alias: { '#engine': path.resolve('src/runtime/ort/node-engine.ts') } },
  test: {
    include: JSON.parse(process.env.MUTATION_TESTS),
    isolate: false,
    setupFiles: ['scripts/mutation/setup.mjs'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
