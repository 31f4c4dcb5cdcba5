/** What lies deeper than a skip join, as a site of its own. */
import type { SkipJoin } from '../../src/compiler/analysis/index.js';
import type { PassContext } from '../../src/compiler/pass/index.js';
import { strategyOf } from '../../src/compiler/plan/index.js';
import { zerosAt } from './zeros.js';

export const deeperThan = (join: SkipJoin) => ({
  description: `everything deeper than skip branch ${join.branch}, up to "${join.main.name}"`,
  outputs: [join.main],
});

export const zeroStrategy = (
  { shapes, guidance }: Pick<PassContext, 'shapes' | 'guidance'>,
  join: SkipJoin,
  program: string,
) =>
  strategyOf('zero', 'put zeros in its place', {
    program,
    produce: (b) => [zerosAt(b, shapes, join, guidance?.mode === 'batch')],
  });
