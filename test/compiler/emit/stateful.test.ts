/**
 * A model that holds its plan, as anybody runs it who knows nothing of schedules: every output fed back, zeros at first.
 * It gives what a bundle of one model a program gives, to the bit.
 */
import * as ort from 'onnxruntime-node';
import * as web from 'onnxruntime-web';
import { describe, expect, test } from 'vitest';
import { deepcache } from '../../../passes/deepcache/index.js';
import { forecast } from '../../../passes/forecast/index.js';
import { inForm } from '../../../src/compiler/emit/form.js';
import { statefulOf } from '../../../src/compiler/emit/stateful.js';
import { type EmitForm, PROGRAM_FORMS } from '../../../src/compiler/lower/index.js';
import { Pipeline } from '../../../src/compiler/pipeline/index.js';
import { cloneModel } from '../../../src/model/ir/clone.js';
import type { Model } from '../../../src/model/ir/model.js';
import { loadModel } from '../../../src/model/onnx/files.js';
import { checkSchedule, freeDimensions, scheduleFor } from '../../../src/runtime/schedule/index.js';
import { EXACT, encodeLowered, openSession, scheduleOf } from '../../helpers/compile.js';
import { FedBack } from '../../helpers/fed-back.js';
import { floats, textModel, wave } from '../../helpers/loops.js';
import { modelOf } from '../../helpers/text.js';

const FILE = 'samples/digits/digits-unet.onnx';
const CALLS = 50;

const compile = (model: Model, emit: EmitForm, calls = CALLS) =>
  Pipeline.create({ calls, emit })
    .use(deepcache, { branch: 2, interval: 3 })
    .use(forecast, { interval: 2, order: 2 })
    .compile(model);

const ints = (values: readonly number[]) =>
  new ort.Tensor('int64', BigInt64Array.from(values, BigInt), [values.length]);

const feedsOf = (call: number, images: number) => ({
  sample: floats(wave(images * 256, 1 + 1000 * call), images, 1, 16, 16),
  timestep: ints(Array(images).fill(980 - 19 * call)),
  class_labels: ints(Array.from({ length: images }, (_, i) => (3 + 4 * i) % 10)),
});

describe('a trained U-Net', () => {
  test('50 calls fed back are those of a session, and of an image behind them', async () => {
    const model = loadModel(FILE);
    const session = await openSession(await compile(model, 'split'));
    const stateful = inForm(await compile(model, 'stateful'));
    const scheduled = await openSession(stateful);
    const fedBack = await FedBack.open(encodeLowered(stateful).get('stateful.onnx')!, EXACT);
    for (const images of [2, 1]) {
      session.reset();
      scheduled.reset();
      const calls = images === 2 ? CALLS : 7;
      for (let call = 0; call < calls; call++) {
        const feeds = feedsOf(call, images);
        const { out_sample: wanted } = await session.run(feeds as never);
        const { out_sample: found } = await fedBack.run(feeds);
        const { out_sample: again } = await scheduled.run(feeds as never);
        const [a, b] = [found!.data as Float32Array, wanted!.data as Float32Array];
        // of one image the engine sums in another order inside of an If
        if (images === 2) expect(a, `call ${call}`).toEqual(b);
        else expect(Math.max(...a.map((x, i) => Math.abs(x - b[i]!)))).toBeLessThan(2e-6);
        expect(again!.data, `call ${call} of ${images}`).toEqual(a);
      }
    }
    await session.release();
    await scheduled.release();
    await fedBack.release();
  });

  test('its schedule serves one loop, and says why', async () => {
    const schedule = scheduleOf(inForm(await compile(loadModel(FILE), 'stateful')));
    expect(checkSchedule(schedule)).toEqual({ errors: [], warnings: [] });
    expect(() => scheduleFor(schedule, { steps: 20 })).toThrow(/the plan lies in the model/);
    expect(schedule.states.call).toEqual({ type: 'int64', shape: [1], initial: [0], counts: true });
  });

  test.each(PROGRAM_FORMS)('its programs cost what those of %s do', async (form) => {
    const model = loadModel(FILE);
    const cost = (emit: EmitForm) =>
      compile(model, emit, 12).then(
        (made) => scheduleOf(inForm(made)).cost?.macs?.convention.all.perCall,
      );
    expect(await cost('stateful')).toBe(await cost(form));
  });
});

describe('sizes of states', () => {
  const made = async (emit: EmitForm) =>
    inForm(
      await Pipeline.create({ calls: 6, emit })
        .use(forecast, { interval: 2, order: 1 })
        .compile(modelOf(textModel())),
    );
  const SIZES = { batch: 2, height: 4, width: 6, tokens: 3 };

  test.each(['merged', 'stateful'] as const)(
    '%s: each state has names of its own for them',
    async (emit) => {
      const { states } = scheduleOf(await made(emit));
      const { symbols, shape } = states['output.0']!;
      expect(shape).toEqual(['batch', 2, 'height', 'width']);
      const own = (name: string) => `stepfold.in.output.0.${name}`;
      expect(symbols).toEqual([own('batch'), null, own('height'), own('width')]);
    },
  );

  test('split: states keep the names of the source', async () => {
    const { states } = scheduleOf(await made('split'));
    expect(states['output.0']!.symbols).toBeUndefined();
  });

  test.each(['merged', 'stateful'] as const)(
    '%s: with numbers for all of them every input and output is static',
    async (emit) => {
      const compilation = await made(emit);
      const freeDimensionOverrides = freeDimensions(scheduleOf(compilation), SIZES);
      const [bytes] = encodeLowered(compilation).values();
      web.env.wasm.numThreads = 1;
      const options = { ...EXACT, freeDimensionOverrides };
      const session = await web.InferenceSession.create(bytes!, options);
      for (const port of [...session.inputMetadata, ...session.outputMetadata])
        if (port.isTensor)
          expect([port.name, port.shape.every((size) => typeof size === 'number')]).toEqual([
            port.name,
            true,
          ]);
      await session.release();
    },
  );

  test('a session feeds a model of static sizes what it wants', async () => {
    const feeds = (call: number) => ({
      x: floats(wave(2 * 2 * 4 * 6, 1 + call), 2, 2, 4, 6),
      t: floats([900 - call, 900 - call], 2),
      c: floats(wave(2 * 3 * 2, 9), 2, 3, 2),
    });
    const outputs = async (sessionOptions: object, emit: EmitForm, engine: unknown = ort) => {
      const session = await openSession(await made(emit), { sessionOptions }, engine);
      const all: number[][] = [];
      for (let call = 0; call < 6; call++)
        all.push(Array.from((await session.run(feeds(call) as never)).eps!.data as Float32Array));
      await session.release();
      return all;
    };
    const freeDimensionOverrides = freeDimensions(scheduleOf(await made('stateful')), SIZES);
    const fixed = await outputs({ ...EXACT, freeDimensionOverrides }, 'stateful', web);
    const open = await outputs(EXACT, 'split', web);
    expect(fixed).toEqual(open);
  });

  test('a size that is not given is named', async () => {
    const schedule = scheduleOf(await made('stateful'));
    const { height: _, ...others } = SIZES;
    expect(() => freeDimensions(schedule, others)).toThrow(
      expect.objectContaining({
        code: 'SIZES_UNKNOWN',
        message: expect.stringContaining('"height"'),
      }),
    );
  });
});

test('inputs of the source that have such names already keep them', async () => {
  const { model } = cloneModel(modelOf(textModel()));
  model.graph.rename(model.graph.inputs.find(({ name }) => name === 'c')!, 'stepfold.in.call');
  const compilation = await Pipeline.create({ calls: 4, emit: 'stateful' })
    .use(forecast, { interval: 2, order: 1 })
    .compile(model);
  const { inputs } = statefulOf(compilation).lowered.models.get('stateful')!.graph;
  const names = inputs.map(({ name }) => name);
  expect(names).toContain('stepfold.in.call');
  expect(names).toContain('stepfold_1.in.call');
});
