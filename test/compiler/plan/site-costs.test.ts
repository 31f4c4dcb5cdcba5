/** What a site costs, worked out by hand on a graph of three products. */
import { expect, test } from 'vitest';
import { type PlainSite, siteCosts } from '../../../src/compiler/plan/index.js';
import { concreteShapes } from '../../../src/model/cost/index.js';
import { inferShapes } from '../../../src/model/shape/index.js';
import { modelOf, named } from '../../helpers/text.js';

// a costs 2*3*4 = 24, b 2*4*5 = 40, c 2*3*5 = 30; b needs a, c needs neither
const model = modelOf(`g (float[2,3] x) => (float[2,5] y)
< float[3,4] wa = {1,2,3,4,5,6,7,8,9,10,11,12}, float[4,5] wb = {1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20},
  float[3,5] wc = {1,2,3,4,5,6,7,8,9,10,11,12,13,14,15} >
{ a = MatMul (x, wa) b = MatMul (a, wb) c = MatMul (x, wc) y = Add (b, c) }`);

const siteOf = (output: string, reuseCost?: number): PlainSite => ({
  id: output,
  description: '',
  outputs: [named(model, output)],
  states: [],
  strategies: {
    compute: { name: 'compute', description: '', reads: [], writes: {} },
    reuse: {
      name: 'reuse',
      description: '',
      reads: [],
      writes: {},
      ...(reuseCost !== undefined && { cost: reuseCost }),
    },
  },
});

test('computing costs what falls away without the site; the rest what it says, or nothing', () => {
  const costs = siteCosts(model.graph, concreteShapes(inferShapes(model), new Map()));
  expect(costs(siteOf('a'), 'compute')).toBe(24);
  expect(costs(siteOf('b'), 'compute')).toBe(24 + 40);
  expect(costs(siteOf('c'), 'compute')).toBe(30);
  expect(costs(siteOf('b'), 'reuse')).toBe(0);
  expect(costs(siteOf('b', 7), 'reuse')).toBe(7);
});
