/** Where an operand of attention comes from: the layer that projects it, and what that layer reads. */
import { expect, test } from 'vitest';
import { operand } from '../../src/analysis/attention/operands.js';
import { modelOf, named } from '../helpers/text.js';

const WEIGHT = `float[6, 6] w = {${Array(36).fill(1).join()}}`;

/** Names of the layers behind q, and of what they read. */
function behind(body: string): { layers: string[]; sources: string[] } {
  const model = modelOf(
    `g (float[batch, 6, 6] x) => (float[batch, 6, 6] q) <${WEIGHT}> { ${body} }`,
  );
  const found = operand(named(model, 'q'));
  if ('reason' in found) throw new Error(found.reason);
  return {
    layers: found.projections.map((node) => node.name),
    sources: found.sources.map((value) => value.name),
  };
}

test.each([
  ['on the right', '[project] q = MatMul (x, w)'],
  ['on the left, as over channels first', '[project] q = MatMul (w, x)'],
  ['on the left, turned', 't = Transpose (w)  [project] p = MatMul (t, x)  q = Identity (p)'],
  ['on the right, of a layout that changes', 't = Transpose (x)  [project] q = MatMul (t, w)'],
])('a weight %s', (_, body) => {
  expect(behind(body)).toEqual({ layers: ['project'], sources: ['x'] });
});
