/** What lies deeper than a skip join, as a site of its own. */
import type { SkipJoin } from '../../src/compiler/analysis/index.js';
import { strategyOf } from '../../src/compiler/plan/index.js';
import type { ShapeTable } from '../../src/model/shape/index.js';
import { zerosAt } from './zeros.js';

export const deeperThan = (join: SkipJoin) => ({
  description: `everything deeper than skip branch ${join.branch}, up to "${join.main.name}"`,
  outputs: [join.main],
});

export const zeroStrategy = (shapes: ShapeTable, join: SkipJoin, program: string) =>
  strategyOf('zero', 'put zeros in its place', {
    program,
    produce: (b) => [zerosAt(b, shapes, join)],
  });
