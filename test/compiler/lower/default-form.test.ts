/** Which form a plan takes when none is asked for: by how many models there would be, and what they hold twice. */
import { describe, expect, test } from 'vitest';
import { passes } from '../../../passes/index.js';
import type { EmitForm } from '../../../src/compiler/lower/index.js';
import { type Compilation, Pipeline } from '../../../src/compiler/pipeline/index.js';
import { loadModel } from '../../../src/model/onnx/files.js';

const UNET = 'samples/digits/digits-unet.onnx';
const DIT = 'samples/dit-digits/dit-digits.onnx';

type Use = readonly [pass: string, options: object];

function compile(file: string, uses: readonly Use[], emit?: EmitForm): Promise<Compilation> {
  let pipeline = Pipeline.create({ calls: 8, ...(emit && { emit }) });
  for (const [name, options] of uses) pipeline = pipeline.use(passes[name]!, options as never);
  return pipeline.compile(loadModel(file));
}

/** Elements of weights in all models together, over those of each weight once, told apart by their names. */
function heldTwice({ lowered }: Compilation): number {
  const sizes = new Map<string, number>();
  let held = 0;
  for (const { graph } of lowered.models.values())
    for (const { name, initializer } of graph.initializers) {
      const size = initializer!.dims.reduce((product, dim) => product * dim, 1);
      held += size;
      sizes.set(name, size);
    }
  return held / [...sizes.values()].reduce((sum, size) => sum + size, 0);
}

describe('few calls of which', () => {
  test.each<[string, string, Use]>([
    ['the shallow one holds 7 % of the weights', UNET, ['deepcache', { branch: 3, interval: 3 }]],
    ['all are one', UNET, ['depth-skip', { branch: 3 }]],
    ['none is different', DIT, ['delta-cache', { blocks: 3, interval: 1 }]],
  ])('%s are models of their own', async (_, file, use) => {
    const compilation = await compile(file, [use]);
    expect(compilation.lowered.emit).toBe('split');
    expect(heldTwice(compilation)).toBeLessThan(1.2);
  });

  test.each<[string, string, Use]>([
    ['the shallow one holds 83 % of them', UNET, ['deepcache', { branch: 9, interval: 3 }]],
    ['two hold half of the blocks each', DIT, ['delta-cache', { blocks: 3, interval: 2 }]],
    ['both hold all', DIT, ['ditfastattn', { strategy: 'window', interval: 2 }]],
  ])('%s are one model', async (_, file, use) => {
    expect((await compile(file, [use])).lowered.emit).toBe('merged');
    const split = await compile(file, [use], 'split');
    expect(split.lowered.models.size).toBeLessThanOrEqual(3);
    expect(heldTwice(split)).toBeGreaterThan(1.7);
  });
});

test('many different calls are one model', async () => {
  const uses: Use[] = [
    ['deepcache', { branch: 6, interval: 3 }],
    ['delta-cache', { blocks: 1, interval: 2 }],
  ];
  const compilation = await compile(UNET, uses);
  expect(compilation.lowered.emit).toBe('merged');
  const rows = new Set(compilation.instrumented.variants.map(({ row }) => row.join()));
  expect(rows.size).toBeGreaterThan(3);
});
