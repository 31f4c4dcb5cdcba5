/**
 * Models whose own inputs and outputs are called as Stepfold calls what it adds, and models that list one
 * output twice: every form gives what onnxruntime makes of the source, and a bundle's model can be
 * transformed once more.
 */
import { describe, expect, it } from 'vitest';
import { deepcache } from '../../../passes/deepcache/index.js';
import { Pipeline } from '../../../src/compiler/pipeline/index.js';
import type { Model } from '../../../src/model/ir/model.js';
import { EMITS, EXACT, encodeSorted, openSession, ort, scheduleOf } from '../../helpers/compile.js';
import { modelOf, named } from '../../helpers/text.js';
import { TINY_UNET } from '../../helpers/unets.js';

/** By what it was: what an input or output is called. */
function renamed(names: Readonly<Record<string, string>>): Model {
  const model = modelOf(TINY_UNET);
  for (const [from, to] of Object.entries(names)) model.graph.rename(named(model, from), to);
  return model;
}

const MODELS: Record<string, () => Model> = {
  'inputs and outputs called as those of states': () =>
    renamed({ x: 'stepfold.in.deep.0', eps: 'stepfold.out.deep.0', t: 'stepfold.strategy.deep' }),
  'values inside called as those of states': () =>
    renamed({ r1: 'stepfold.in.deep.0', d2: 'stepfold.out.deep.0', e3: 'stepfold_1.in.deep.0' }),
  'an output listed twice': () => {
    const model = modelOf(TINY_UNET);
    model.graph.addOutput(named(model, 'eps'));
    return model;
  },
};

const compile = (model: Model, emit: (typeof EMITS)[number]) =>
  Pipeline.create({ calls: 4, emit }).use(deepcache, { branch: 1, interval: 2 }).compile(model);

describe.each(Object.entries(MODELS))('%s', (_, make) => {
  it.each(EMITS)('%s', async (emit) => {
    const source = make();
    const [x, t] = source.graph.inputs.map((input) => input.name) as [string, string];
    const [output] = source.graph.outputs.map((value) => value.name) as [string];
    const compilation = await compile(source, emit);
    const schedule = scheduleOf(compilation);
    expect(schedule.source.inputs.map((port) => port.name)).toEqual([x, t]);
    expect(schedule.source.outputs.map((port) => port.name)).toEqual([output]);

    const feeds = {
      [x]: new ort.Tensor(
        'float32',
        Float32Array.from({ length: 64 }, (_, i) => i % 7),
        [1, 2, 4, 8],
      ),
      [t]: new ort.Tensor('float32', [3], [1]),
    };
    const direct = await ort.InferenceSession.create(encodeSorted(make()), EXACT);
    const expected = (await direct.run(feeds))[output]!.data;
    await direct.release();
    const session = await openSession(compilation);
    // what is kept of the same inputs changes nothing
    for (let call = 0; call < 4; call++)
      expect((await session.run(feeds as never))[output]!.data).toEqual(expected);
    await session.release();
  });
});

it("a merged model's states and strategies do not hide those of another pass over it", async () => {
  const { lowered } = await compile(modelOf(TINY_UNET), 'merged');
  const merged = lowered.models.get('merged')!;
  const names = (model: Model) => model.graph.inputs.map((input) => input.name);
  expect(names(merged)).toEqual(['x', 't', 'stepfold.in.deep.0', 'stepfold.strategy.deep']);
  const again = await Pipeline.create({ calls: 4, emit: 'split' })
    .use(deepcache, { branch: 1, interval: 2 })
    .compile(merged);
  const [first] = again.lowered.models.values();
  expect(first!.graph.outputs.map((v) => v.name)).toContain('stepfold_1.out.deep.0');
});
