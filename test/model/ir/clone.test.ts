/** Copies are equal to the last byte, and share nothing that an edit could reach. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { withContents } from '../../../src/model/ir/attribute.js';
import { cloneModel } from '../../../src/model/ir/clone.js';
import { findViolations } from '../../../src/model/ir/validate.js';
import { loadModel } from '../../../src/model/onnx/files.js';
import { decodeModel, encodeModel } from '../../../src/model/onnx/index.js';
import { modelOf, named } from '../../helpers/text.js';

test.each([
  'samples/digits/digits-unet.onnx',
  'samples/architectures/ddpm-cifar10.onnx',
  'test/fixtures/onnx/everything.onnx',
])('a copy of %s encodes to the same bytes', (file) => {
  const model = loadModel(file);
  const { model: copy, map } = cloneModel(model);
  expect(Buffer.compare(encodeModel(copy), encodeModel(model))).toBe(0);
  expect(findViolations(copy.graph)).toEqual([]);
  const originals = withContents(model.graph.nodes);
  for (const node of withContents(copy.graph.nodes)) expect(originals.has(node)).toBe(false);
  expect(map.nodes.size).toBe([...originals].filter((n) => 'opType' in n).length);
});

test('editing a copy leaves the original as it was', () => {
  const bytes = readFileSync('samples/digits/digits-unet.onnx');
  const model = decodeModel(bytes);
  const before = encodeModel(model);
  const { model: copy } = cloneModel(model);
  for (const node of [...copy.graph.nodes].slice(0, 50)) {
    node.setInput(0, null);
    node.attributes.clear();
    node.name = 'edited';
  }
  copy.graph.filterOutputs(() => false);
  copy.opsets.set('', 1);
  copy.metadata.set('a', 'b');
  expect(Buffer.compare(encodeModel(model), before)).toBe(0);
});

test('inner graphs of a copy read values of the copy', () => {
  const model = modelOf(`g (float[2] x, bool c) => (float[2] y) {
    b = Neg (x)
    y = If (c) <
      then_branch: graph = t () => (float[2] p) { p = Relu (b) },
      else_branch: graph = e () => (float[2] q) { q = Relu (x) }
    >
  }`);
  const { model: copy } = cloneModel(model);
  const mine = new Set([...copy.graph.values()]);
  for (const user of withContents([named(copy, 'y').producer!]))
    if ('opType' in user && user.graph.parent)
      for (const input of user.inputs) expect(mine.has(input!)).toBe(true);
  // and the original's values are used only by the original
  expect(named(model, 'b').uses.size).toBe(1);
});
