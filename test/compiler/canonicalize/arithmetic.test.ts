/**
 * Random shape arithmetic with comparisons, casts and branches: whatever inference says of a value, and
 * whatever canonical form makes of the graph, onnxruntime must make of the source at every size.
 */
import fc from 'fast-check';
import * as ort from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { canonicalize } from '../../../src/compiler/canonicalize/index.js';
import { cloneModel } from '../../../src/model/ir/clone.js';
import type { Model } from '../../../src/model/ir/model.js';
import { encodeModel } from '../../../src/model/onnx/index.js';
import { evaluate, inferShapes } from '../../../src/model/shape/index.js';
import { imageSizes, shapeArithmetic } from '../../helpers/shape-arithmetic.js';
import { modelOf } from '../../helpers/text.js';

const data = fc.array(fc.integer({ min: -9, max: 9 }), { minLength: 3, maxLength: 3 });
type Sizes = { batch: number; height: number; width: number };

function feedsOf({ batch, height, width }: Sizes, numbers: readonly number[]) {
  const count = batch * 3 * height * width;
  return {
    x: new ort.Tensor('float32', new Float32Array(count), [batch, 3, height, width]),
    data: new ort.Tensor('int64', BigInt64Array.from(numbers, BigInt), [3]),
  };
}

async function opened<T>(model: Model, work: (session: ort.InferenceSession) => Promise<T>) {
  const session = await ort.InferenceSession.create(encodeModel(model), {
    graphOptimizationLevel: 'disabled',
    logSeverityLevel: 4,
  });
  try {
    return await work(session);
  } finally {
    await session.release();
  }
}

/** The model with whatever its nodes make as outputs. */
function allOutputs(source: Model): Model {
  const { model } = cloneModel(source);
  for (const node of [...model.graph.nodes])
    for (const value of node.outputs)
      if (value && !value.isGraphOutput) model.graph.addOutput(value);
  return model;
}

const numbersOf = (tensor: ort.Tensor) => Array.from(tensor.data as Iterable<number>, Number);

describe('random shape arithmetic', () => {
  it('is what inference says, and stays so in canonical form', async () => {
    let [known, folded] = [0, 0];
    await fc.assert(
      fc.asyncProperty(
        shapeArithmetic(),
        fc.array(fc.tuple(imageSizes, data), { minLength: 4, maxLength: 4 }),
        async (text, draws) => {
          const source = modelOf(text);
          const table = inferShapes(source);
          const { model: canonical } = cloneModel(source);
          const { trace } = await canonicalize.run(canonical);
          folded += trace.filter((entry) => entry.rule === 'known-integers').length;
          const seen = await opened(allOutputs(source), async (session) => {
            const all = [];
            for (const [sizes, numbers] of draws)
              all.push(await session.run(feedsOf(sizes, numbers)));
            return all;
          });
          await opened(canonical, async (session) => {
            for (const [i, [sizes, numbers]] of draws.entries()) {
              const real = seen[i]!;
              for (const [name, tensor] of Object.entries(
                await session.run(feedsOf(sizes, numbers)),
              )) {
                expect(tensor.dims, name).toEqual(real[name]!.dims);
                expect(numbersOf(tensor), name).toEqual(numbersOf(real[name]!));
              }
            }
          });
          for (const [i, [sizes]] of draws.entries()) {
            const bindings = new Map(Object.entries(sizes));
            for (const node of source.graph.nodes) {
              const value = node.outputs[0]!;
              const { dims, data: elements } = seen[i]![value.name]!;
              for (const [axis, size] of (table.shape(value) ?? []).entries()) {
                const claimed = evaluate(size, bindings);
                if (claimed !== undefined)
                  expect([value.name, claimed]).toEqual([value.name, dims[axis]]);
              }
              for (const [place, element] of (table.contents(value) ?? []).entries()) {
                const claimed = evaluate(element, bindings);
                if (claimed === undefined) continue;
                known++;
                const found = Number(elements[place]);
                expect([value.name, String(element), claimed]).toEqual([
                  value.name,
                  String(element),
                  found,
                ]);
              }
            }
          }
        },
      ),
      { seed: 1, numRuns: 250 },
    );
    // the test says nothing unless much of it is known
    expect(known).toBeGreaterThan(10_000);
    expect(folded).toBeGreaterThan(200);
  }, 120_000);
});
