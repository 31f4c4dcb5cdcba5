/** The validator finds faults that are planted past the graph's own guards. */
import { describe, expect, test } from 'vitest';
import type { Graph } from '../../../src/model/ir/graph.js';
import type { Model } from '../../../src/model/ir/model.js';
import { findViolations } from '../../../src/model/ir/validate.js';
import type { Value } from '../../../src/model/ir/value.js';
import { loadModel } from '../../../src/model/onnx/files.js';
import { modelOf, named } from '../../helpers/text.js';

const text = `g (float[2] x, bool c) => (float[2] y) {
  a = Neg (x)
  b = Abs (a)
  y = If (c) <
    then_branch: graph = t () => (float[2] p) { p = Relu (b) },
    else_branch: graph = e () => (float[2] q) { q = Relu (x) }
  >
}`;

const branch = (model: Model, name: string): Graph =>
  named(model, 'y').producer!.attributes.get(name)!.value as Graph;

test('a whole graph has none', () => {
  expect(findViolations(modelOf(text).graph)).toEqual([]);
});

test.each(['ddpm-cifar10', 'ldm4-imagenet'])('%s has none', (name) => {
  expect(findViolations(loadModel(`samples/architectures/${name}.onnx`).graph)).toEqual([]);
});

const faults: [string, (model: Model) => void, RegExp][] = [
  ['two values of one name', (m) => named(m, 'b').setName('a'), /two values are named "a"/],
  [
    'an inner value that shadows an outer one',
    (m) => [...branch(m, 'then_branch').nodes][0]!.output.setName('a'),
    /two values are named "a"/,
  ],
  [
    'an input that its value knows nothing of',
    (m) => {
      named(m, 'b').producer!.inputList[0] = named(m, 'x');
    },
    /"x" does not know that input 0 of .* uses it/,
  ],
  [
    'a use that is no more',
    (m) => named(m, 'a').useSet.add({ user: named(m, 'y').producer!, index: 5 }),
    /"a" believes that node/,
  ],
  [
    'a use that is there twice',
    (m) => named(m, 'a').useSet.add({ user: named(m, 'b').producer!, index: 0 }),
    /"a" believes that node "Abs making b" uses it/,
  ],
  [
    'a use that is there twice, and one that is missing elsewhere',
    (m) => {
      named(m, 'a').useSet.add({ user: named(m, 'b').producer!, index: 0 });
      named(m, 'x').useSet.clear();
    },
    /"a" believes that node "Abs making b" uses it/,
  ],
  [
    'an output that is counted twice',
    (m) => {
      named(m, 'y').outputUses = 2;
    },
    /"y" is an output 1 times, not 2/,
  ],
  [
    'a use by a node that was taken out',
    (m) => m.graph.nodeSet.delete(named(m, 'b').producer!),
    /"a" believes that node/,
  ],
  [
    'a value read whose node was taken out',
    (m) => m.graph.nodeSet.delete(named(m, 'b').producer!),
    /reads "b", which is not in its scope/,
  ],
  [
    'an outer node that reads an inner value',
    (m) => named(m, 'b').producer!.setInput(0, [...branch(m, 'then_branch').nodes][0]!.output),
    /reads "p", which is not in its scope/,
  ],
  [
    'a branch that reads a value of the other branch',
    (m) =>
      [...branch(m, 'else_branch').nodes][0]!.setInput(
        0,
        [...branch(m, 'then_branch').nodes][0]!.output,
      ),
    /reads "p", which is not in its scope/,
  ],
  [
    'an output that nothing makes',
    (m) => {
      const stranger = modelOf('g (float[2] z) => (float[2] u) { u = Neg (z) }');
      m.graph.setOutput(0, named(stranger, 'u'));
    },
    /output "u" is not made by the graph/,
  ],
  [
    'an output that its value knows nothing of',
    (m) => {
      m.graph.outputList[0] = named(m, 'a');
    },
    /"a" does not know that it is an output/,
  ],
  [
    'an output of another node',
    (m) => {
      named(m, 'b').producer!.outputList[0] = named(m, 'a') as Value;
    },
    /"a" does not know its producer/,
  ],
  ['a cycle', (m) => named(m, 'a').producer!.setInput(0, named(m, 'b')), /cycle/],
];

describe('the validator finds', () => {
  test.each(faults)('%s', (_, plant, message) => {
    const model = modelOf(text);
    plant(model);
    const found = findViolations(model.graph);
    expect(found.map((v) => v.message).join('\n')).toMatch(message);
  });
});
