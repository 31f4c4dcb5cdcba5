/** Shapes of every value of real exports against onnxruntime, at more than one size. */
import { describe, expect, it } from 'vitest';
import { loadModel } from '../../../src/model/onnx/files.js';
import { inferShapes } from '../../../src/model/shape/infer.js';
import { checkTable } from './check.js';
import { fillWeights } from './engine.js';

describe('the DDPM architecture for CIFAR-10, exported with dynamic axes', () => {
  const model = loadModel('samples/architectures/ddpm-cifar10.onnx');
  fillWeights(model);
  const table = inferShapes(model);

  it.each([
    [1, 16, 8],
    [3, 8, 24],
  ])('batch %i, %i by %i', async (batch, height, width) => {
    const bindings = new Map(Object.entries({ batch, height, width }));
    const shapes = { x: [batch, 3, height, width], t: [batch] };
    const checked = await checkTable(model, table, shapes, bindings);
    expect(checked.values).toBeGreaterThan(1000);
    expect(checked.unknown).toEqual([]);
    expect(checked.madeUp).toEqual([]);
    expect(checked.integersKnown).toBe(checked.integers);
  });
});

describe('published architectures', () => {
  it.each(['ddpm-cifar10', 'ddpm-lsun256', 'ldm4-imagenet', 'sd15-unet'])(
    'every size of %s is known, and the output is shaped like the latent',
    (name) => {
      const model = loadModel(`samples/architectures/${name}.onnx`);
      const table = inferShapes(model);
      const unknown = [...model.graph.nodes]
        .flatMap((n) => n.outputs.filter((o) => o !== null))
        .filter((v) => table.shape(v) === undefined);
      expect(unknown.map((v) => table.whyUnknown(v))).toEqual([]);
      const [latent] = model.graph.inputs;
      const [output] = model.graph.outputs;
      expect(String(table.shape(output!))).toBe(String(table.shape(latent!)));
      expect(String(table.shape(output!))).toMatch(/^batch,[34],height,width$/);
    },
  );
});
