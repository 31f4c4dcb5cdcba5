/** Kernels of convolutions inside the branches of an `If`, and where they stand afterwards. */
import { expect, test } from 'vitest';
import { subgraphs } from '../../../src/model/ir/attribute.js';
import type { Model } from '../../../src/model/ir/model.js';
import { ort } from '../../helpers/compile.js';
import { modelOf } from '../../helpers/text.js';
import { list, rewrite, tensor } from './rewrite.js';

interface Parts {
  readonly yes: string;
  readonly no?: string;
  readonly end?: string;
  readonly inputs?: string;
}

const branched = ({ yes, no = 'c = Neg (x)', end = 'y = Neg (i)', inputs = '' }: Parts) =>
  modelOf(`branched (float[n,2,h,w2] x, bool flag${inputs}) => (float[] y)
<float[2,2,3,3] k = {${list(36)}}, float[2] b = {1, -2}> {
  made = Constant <value_floats = [3.0, 4.0]> ()
  i = If (flag) <
    then_branch = yes () => (float[] a) ${yes.includes('own') ? '<float[2,2,1,1] own = {1, 2, 3, 4}>' : ''} { ${yes} },
    else_branch = no () => (float[] c) { ${no} }
  >
  ${end}
}`);

const feeds = [0, 1].map((flag) => ({
  x: tensor(2, 2, 4, 5),
  flag: new ort.Tensor('bool', Uint8Array.of(flag), []),
}));

/** Names of the weights of the graph, and of each branch. */
const placed = ({ graph }: Model) => {
  const weights = (g: typeof graph) => [...g.initializers].map(({ name }) => name).join(' ');
  const inner = [...graph.nodes].flatMap((node) => [...subgraphs(node)].map(weights));
  return [weights(graph), ...inner];
};

test.each<[string, Parts, string[]]>([
  ['kernel and bias', { yes: 'a = Conv (x, k, b)' }, ['', 'k_constant b_constant', '']],
  ['a kernel alone', { yes: 'a = Conv (x, k)' }, ['', 'k_constant', '']],
  [
    'in the other branch',
    { yes: 'a = Neg (x)', no: 'c = Conv (x, k, b)' },
    ['', '', 'k_constant b_constant'],
  ],
  [
    'a kernel that two convolutions of one branch read',
    { yes: 'm = Conv <pads = [1, 1, 1, 1]> (x, k)\n a = Conv (m, k)' },
    ['', 'k_constant k_constant_1', ''],
  ],
  [
    'a bias whose kernel is there already',
    { yes: `a = Conv (x, own, b)` },
    ['', 'own b_constant', ''],
  ],
  [
    'a kernel, beside a bias that is fed',
    { yes: 'a = Conv (x, k, f)', inputs: ', float[2] f' },
    ['', 'k_constant', ''],
  ],
  [
    'a kernel, beside a bias that a node makes',
    { yes: 'a = Conv (x, k, made)' },
    ['', 'k_constant', ''],
  ],
])('%s: moved', async (_, parts, weights) => {
  const given = feeds.map((feed) => (parts.inputs ? { ...feed, f: tensor(2) } : feed));
  const { rules, reasons, model } = await rewrite(branched(parts), ...given);
  expect([...new Set(rules)]).toEqual(['branch-weights']);
  expect(reasons).toEqual([]);
  expect(placed(model)).toEqual(weights);
});

test.each<[string, Parts, string[], string?]>([
  [
    'a kernel that both branches read',
    { yes: 'a = Conv (x, k)', no: 'c = Conv (x, k)' },
    ['k', 'k'],
  ],
  [
    'a kernel that the graph reads',
    {
      yes: 'a = Conv (x, k)',
      no: 'c = Relu (x)',
      end: 'j = Conv (x, k)\n y = Neg (i)\n z = Neg (j)',
    },
    ['k'],
    'z',
  ],
  [
    'a bias that the graph reads',
    {
      yes: 'a = Conv (x, k, b)',
      no: 'c = Relu (x)',
      end: 'j = Neg (b)\n y = Neg (i)\n z = Neg (j)',
    },
    ['b'],
    'z',
  ],
  ['a kernel that the model gives out', { yes: 'a = Conv (x, k)' }, ['k'], 'k'],
  ['a kernel of its own', { yes: 'a = Conv (x, own)' }, []],
  ['another operator', { yes: 'a = ConvTranspose (x, k)' }, []],
  ['a kernel that is made', { yes: 'm = Neg (k)\n a = Conv (x, m)' }, []],
  ['a kernel that is fed', { yes: 'a = Conv (x, f)', inputs: ', float[2,2,1,1] f' }, []],
  ['no branch', { yes: 'a = Neg (x)', end: 'y = Conv (x, k)\n z = Neg (i)' }, [], 'z'],
])('%s: left', async (_, parts, values, output) => {
  const model = branched(parts);
  if (output) model.graph.addOutput(model.graph.find(output)!);
  const given = feeds.map((feed) => (parts.inputs ? { ...feed, f: tensor(2, 2, 1, 1) } : feed));
  const { rules, reasons, model: after } = await rewrite(model, ...given);
  expect(rules).toEqual([]);
  expect(reasons).toEqual(values.map((v) => `"${v}" is read outside of its branch as well`));
  expect(placed(after).slice(1)).toEqual(placed(model).slice(1));
});

test('a default that a caller may override is left', async () => {
  const model = branched({ yes: 'a = Conv (x, k)', inputs: ', float[2,2,3,3] k' });
  const k = tensor(2, 2, 3, 3);
  const { rules } = await rewrite(model, ...feeds, ...feeds.map((feed) => ({ ...feed, k })));
  expect(rules).toEqual([]);
});
