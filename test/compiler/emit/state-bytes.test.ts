/** What states take is said of those that a schedule has: a strategy may make more of them than some call reads. */
import { expect, test } from 'vitest';
import {
  COMPUTE,
  type PlainSite,
  strategiesByName,
  strategyOf,
} from '../../../src/compiler/plan/index.js';
import type { Model } from '../../../src/model/ir/model.js';
import { compileSites, EMITS, scheduleOf } from '../../helpers/compile.js';
import { modelOf, named } from '../../helpers/text.js';

const REUSE = 'reuse';

function siteOf(model: Model, id: string, outputs: readonly string[]): PlainSite {
  const values = outputs.map((name) => named(model, name));
  const states = outputs.map((name) => `${name}.kept`);
  return {
    id,
    description: '',
    outputs: values,
    states: states.map((state, k) => ({ id: state, like: values[k]! })),
    strategies: strategiesByName([
      strategyOf(COMPUTE, '', {
        writes: Object.fromEntries(states.map((state, k) => [state, (b) => b.value(values[k]!)])),
      }),
      strategyOf(REUSE, '', { reads: states, produce: (b) => states.map((s) => b.state(s)) }),
    ]),
  };
}

test.each(EMITS)('%s', (emit) => {
  const model = modelOf(`g (float[4, 8] x) => (float[4, 8] y) {
    p = Relu (x)
    q = Tanh (x)
    r = Exp (q)
    s = Add (p, r)
    y = Add (s, x)
  }`);
  // at call 1 nothing reads "q", since "r" is kept
  const sites = [siteOf(model, 'both', ['p', 'q']), siteOf(model, 'one', ['r'])];
  const rows = [
    [COMPUTE, COMPUTE],
    [REUSE, REUSE],
  ];
  const { states, cost } = scheduleOf(compileSites(model, sites, rows, emit));
  const names = Object.keys(states).sort();
  // an If gives all that one of its branches does, so that a merged model still takes "q"
  expect(names).toEqual(emit === 'merged' ? ['p.kept', 'q.kept', 'r.kept'] : ['p.kept', 'r.kept']);
  expect(cost?.stateBytes).toBe(names.length * 4 * 8 * 4);
});
