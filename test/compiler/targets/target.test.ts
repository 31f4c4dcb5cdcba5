/** What a target does with the rules it is given, whatever they are. */
import { expect, test } from 'vitest';
import {
  applyTarget,
  type Target,
  type TargetRule,
  targets,
} from '../../../src/compiler/targets/index.js';
import { TARGET_NAMES } from '../../../src/compiler/targets/names.js';
import { isOp, type Node } from '../../../src/model/ir/node.js';
import { float32Tensor } from '../../../src/model/ir/tensor.js';
import { modelOf, namesOf } from '../../helpers/text.js';

const target = (match: TargetRule['match'], ...more: TargetRule['match'][]): Target => ({
  name: 'test',
  description: '',
  rules: [match, ...more].map((m, i) => ({ name: `rule ${i}`, description: '', match: m })),
});
const chain =
  (opType: string, domain = '') =>
  (node: Node) =>
    isOp(node, 'Abs')
      ? {
          rule: 'rule 0',
          node,
          why: '',
          replace: [
            { from: node.output, to: { steps: [{ opType, domain, inputs: [node.inputs[0]!] }] } },
          ],
        }
      : undefined;

const BRANCHED = `g (float[n] x, bool flag) => (float[n] y) {
  i = If (flag) <
    then_branch = yes () => (float[n] a) { a = Abs (x) },
    else_branch = no () => (float[n] c) { c = Neg (x) }
  >
  y = Exp (i)
}`;
const PLAIN = 'g (float[n] x) => (float[n] y) {\n a = Abs (x)\n y = Exp (a)\n}';

test.each([
  ['of its own operators', PLAIN, 'com.microsoft', ['', 'com.microsoft']],
  ['of its own operators in a branch', BRANCHED, 'com.microsoft', ['', 'com.microsoft']],
  ['of standard operators', PLAIN, '', ['']],
  ['of operators of others', PLAIN, 'own', ['']],
])('the model says which operators it uses, %s', (_, graph, domain, opsets) => {
  const model = modelOf(graph);
  applyTarget(model, target(chain('Thing', domain)));
  expect([...model.opsets.keys()]).toEqual(opsets);
});

test('a version of its operators that stands there stays', () => {
  const model = modelOf(PLAIN);
  model.opsets.set('com.microsoft', 7);
  applyTarget(model, target(chain('Thing', 'com.microsoft')));
  expect(model.opsets.get('com.microsoft')).toBe(7);
});

test('nodes inside branches are looked at, after those of the graph itself', () => {
  const seen: string[] = [];
  const look = (node: Node) => void seen.push(node.output.name);
  applyTarget(modelOf(BRANCHED), target(look));
  expect(seen).toEqual(['i', 'y', 'a', 'c']);
});

test('what an earlier rewrite left unused is passed over, and gone before the next rule', () => {
  const model = modelOf(
    'g (float[n] x) => (float[n] y) {\n a = Neg (x)\n b = Abs (a)\n y = Exp (b)\n}',
  );
  const seen: string[][] = [[], []];
  const skip = (node: Node) => {
    seen[0]!.push(node.output.name);
    const from = node.graph.find('b')!;
    return isOp(node, 'Neg')
      ? { rule: 'rule 0', node, why: '', replace: [{ from, to: { value: node.inputs[0]! } }] }
      : undefined;
  };
  applyTarget(
    model,
    target(skip, (node) => void seen[1]!.push(node.output.name)),
  );
  expect(seen).toEqual([['a', 'y'], ['y']]);
  expect(namesOf(model.graph.nodes)).toEqual(['y']);
});

test('a node of which one output is read is looked at', () => {
  const model = modelOf('g (float[4] x) => (float[2] y) {\n a, b = Split (x)\n y = Exp (b)\n}', 11);
  const seen: string[] = [];
  applyTarget(
    model,
    target((node) => void seen.push(node.opType)),
  );
  expect(seen).toEqual(['Split', 'Exp']);
});

test('a rewrite is listed, a miss with its reason, and what could not be changed is not', () => {
  const model = modelOf(
    'g (float[n] x) => (float[1] z, y) {\n a = Abs (x)\n y = Exp (a)\n c = Sin (x)\n z = Neg (c)\n}',
  );
  const rule = (node: Node) => {
    if (isOp(node, 'Sin')) return { node: node.graph.find('z')!.producer!, reason: 'so' };
    // an output has to be made by a node
    if (isOp(node, 'Neg'))
      return {
        rule: 'rule 0',
        node,
        why: '',
        replace: [{ from: node.output, to: { tensor: float32Tensor([1]) } }],
      };
    return chain('Relu')(node);
  };
  expect(applyTarget(model, target(rule))).toEqual({
    trace: [{ rule: 'rule 0', node: 'Abs making a', opType: 'Abs', values: ['a'], why: '' }],
    misses: [{ rule: 'rule 0', node: 'Neg making z', opType: 'Neg', reason: 'so' }],
  });
  // each behind what it reads
  expect([...model.graph.nodes].map(({ opType }) => opType)).toEqual(['Relu', 'Exp', 'Sin', 'Neg']);
});

test('each target goes by its name', () => {
  expect(Object.keys(targets)).toEqual([...TARGET_NAMES]);
  for (const [name, { name: own, rules }] of Object.entries(targets)) {
    expect(own).toBe(name);
    expect(new Set(rules.map((rule) => rule.name)).size).toBe(rules.length);
  }
});
