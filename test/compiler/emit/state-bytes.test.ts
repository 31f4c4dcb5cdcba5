/** What states take is said of those that a schedule has: a strategy may make more of them than some call reads. */
import { expect, test } from 'vitest';
import { COMPUTE } from '../../../src/compiler/plan/index.js';
import { compileSites, EMITS, scheduleOf } from '../../helpers/compile.js';
import { keptSite, REUSE } from '../../helpers/kept-site.js';
import { modelOf } from '../../helpers/text.js';

test.each(EMITS)('%s', (emit) => {
  const model = modelOf(`g (float[4, 8] x) => (float[4, 8] y) {
    p = Relu (x)
    q = Tanh (x)
    r = Exp (q)
    s = Add (p, r)
    y = Add (s, x)
  }`);
  // at call 1 nothing reads "q", since "r" is kept
  const sites = [keptSite(model, 'both', ['p', 'q']), keptSite(model, 'one', ['r'])];
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
