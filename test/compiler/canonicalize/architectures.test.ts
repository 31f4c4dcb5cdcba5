/** Canonical models compute what their sources compute, bit for bit without graph optimization. */
import { describe, expect, it } from 'vitest';
import { canonicalize } from '../../../src/compiler/canonicalize/index.js';
import { cloneModel } from '../../../src/model/ir/clone.js';
import type { Model } from '../../../src/model/ir/model.js';
import { findViolations } from '../../../src/model/ir/validate.js';
import { loadModel } from '../../../src/model/onnx/files.js';
import { inferShapes } from '../../../src/model/shape/infer.js';
import { checkTable } from '../../model/shape/check.js';
import { fillWeights } from '../../model/shape/engine.js';
import { expectSameNumbers, type Shapes } from './numbers.js';

const interfaceOf = ({ graph }: Model) => ({
  inputs: graph.inputs.map((v) => [v.name, v.type]),
  outputs: graph.outputs.map((v) => [v.name, v.type]),
});

const opTypes = ({ graph }: Model) => new Set([...graph.nodes].map((n) => n.opType));

interface Sample {
  readonly name: string;
  readonly sizes: readonly {
    readonly shapes: Shapes;
    readonly bindings: Readonly<Record<string, number>>;
  }[];
}

const SAMPLES: readonly Sample[] = [
  {
    name: 'architectures/ddpm-cifar10',
    sizes: [
      { shapes: { x: [1, 3, 16, 8], t: [1] }, bindings: { batch: 1, height: 16, width: 8 } },
      { shapes: { x: [2, 3, 8, 24], t: [2] }, bindings: { batch: 2, height: 8, width: 24 } },
    ],
  },
  {
    name: 'digits/digits-unet',
    sizes: [1, 3].map((batch) => ({
      shapes: { sample: [batch, 1, 16, 16], timestep: [batch], class_labels: [batch] },
      bindings: { batch },
    })),
  },
];

describe.each(SAMPLES)('$name', ({ name, sizes }) => {
  const source = loadModel(`samples/${name}.onnx`);
  fillWeights(source);
  const { model: canonical } = cloneModel(source);
  const done = canonicalize.run(canonical);

  it('keeps its interface, is valid, and holds no Constant nodes', async () => {
    await done;
    expect(interfaceOf(canonical)).toEqual(interfaceOf(source));
    expect(findViolations(canonical.graph)).toEqual([]);
    expect(opTypes(canonical)).not.toContain('Constant');
  });

  it.each(sizes)('computes the same for $shapes', async ({ shapes }) => {
    await done;
    await expectSameNumbers(source, canonical, shapes);
  });

  it.each(sizes)('has its shapes known for $shapes', async ({ shapes, bindings }) => {
    await done;
    const table = inferShapes(canonical);
    const at = new Map(Object.entries(bindings));
    const checked = await checkTable(canonical, table, shapes, at);
    expect(checked.unknown).toEqual([]);
  });

  it('has nothing left to do the second time', async () => {
    await done;
    const again = await canonicalize.run(cloneModel(canonical).model);
    expect(again.trace).toEqual([]);
  });
});
