/** What lies in a repository, and what is refused before anything is written. */
import fs from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { deepcache } from '../../../../passes/deepcache/index.js';
import { forecast } from '../../../../passes/forecast/index.js';
import { configOf } from '../../../../src/compiler/export/triton/config.js';
import { exportTriton, type TritonOptions } from '../../../../src/compiler/export/triton/index.js';
import { settleOutputs } from '../../../../src/compiler/export/triton/settled-outputs.js';
import { inputsOf, outputsOf } from '../../../../src/compiler/export/triton/tensors.js';
import { printMessage } from '../../../../src/compiler/export/triton/text-proto.js';
import type { PipelineOptions } from '../../../../src/compiler/pipeline/index.js';
import { loadModel, saveModel } from '../../../../src/model/onnx/files.js';
import { DIGITS, scratchFolder } from '../../../cli/stepfold.js';
import { EXACT } from '../../../helpers/compile.js';
import { modelOf } from '../../../helpers/text.js';
import { bundleOf, optimumUnet } from './bundles.js';
import { parseConfig, whyNoProtoc } from './protoc.js';
import { inferTogether } from './simulator/batches.js';
import { Model } from './simulator/model.js';
import { Sequences } from './simulator/sequences.js';

const folder = scratchFolder('triton-repository');
const at = (...names: string[]) => path.join(folder, ...names);
const ddim = { whole: { sampler: { name: 'ddim', options: { steps: 5 } } } } as const;
let unet: string;

beforeAll(async () => {
  unet = optimumUnet(folder);
  const make = (name: string, file: string, options: Partial<PipelineOptions>) =>
    bundleOf(file, at(name), options, (pipeline) =>
      pipeline.use(deepcache, { branch: 1, interval: 3 }),
    );
  // values of several calls, whose names differ in their ends
  await bundleOf(DIGITS, at('stateful'), { emit: 'stateful' }, (pipeline) =>
    pipeline.use(deepcache, { branch: 1, interval: 3 }).use(forecast, { interval: 2, order: 2 }),
  );
  await make('split', DIGITS, { emit: 'split' });
  await make('open', unet, { emit: 'loop', ...ddim });
  await make('frozen', unet, { emit: 'loop', freeze: { batch_size: 2 }, ...ddim });
});

const write = (options: Partial<TritonOptions> = {}) =>
  exportTriton({ bundle: at('stateful'), repository: at('repository'), ...options });

describe('a repository', () => {
  test('has a folder for each model, with weights beside it that are not a byte more', async () => {
    fs.mkdirSync(at('repository', 'other'), { recursive: true });
    const made = await write();
    expect(made).toMatchObject({
      folder: at('repository', 'stateful'),
      form: 'stateful',
      states: 5,
      weights: { 'weights.bin': 'linked' },
    });
    const files = fs.readdirSync(at('repository'), { recursive: true }).map(String).sort();
    expect(files).toEqual([
      'other',
      'stateful',
      'stateful/1',
      'stateful/1/model.onnx',
      'stateful/1/weights.bin',
      'stateful/README.md',
      'stateful/config.pbtxt',
    ]);
    const inode = (file: string) => fs.statSync(file).ino;
    expect(inode(at('repository/stateful/1/weights.bin'))).toBe(inode(at('stateful/weights.bin')));
    const copied = await write({ name: 'copied', weights: 'copy' });
    expect(copied.weights).toEqual({ 'weights.bin': 'copied' });
    expect(inode(at('repository/copied/1/weights.bin'))).not.toBe(
      inode(at('stateful/weights.bin')),
    );
  });

  test.skipIf(whyNoProtoc())('is one that the simulator takes', async () => {
    const model = await Model.load(at('repository', 'stateful'), EXACT);
    expect(model.config.sequence_batching!.state).toHaveLength(5);
    await model.release();
  });

  test('says how its model is called, and what was seen of such models', () => {
    const readme = fs.readFileSync(at('repository/stateful/README.md'), 'utf8');
    for (const words of [
      'Seen in Triton on a CPU alone',
      '| input | `sample` | FP32 | `[batch, 1, 16, 16]` |',
      '5 requests in the order of the steps',
      'when 60 s pass',
      'No response cache',
      'A scalar',
    ])
      expect(readme.toLowerCase()).toContain(words.toLowerCase());
  });

  test.skipIf(whyNoProtoc())(
    'of a batch that is fixed has requests that run by themselves',
    async () => {
      const sizes = { height: 8, width: 8 };
      const made = await write({ bundle: at('frozen'), sizes });
      expect(made).toMatchObject({ maxBatch: 0, alone: expect.stringContaining('a batch of 2') });
      const model = await Model.load(made.folder, EXACT);
      const { batches } = await inferTogether(
        model,
        [0, 1].map(() => ({
          inputs: {
            noise: { type: 'float32', dims: [2, 4, 8, 8], data: new Float32Array(512) },
            encoder_hidden_states: {
              type: 'float32',
              dims: [2, 3, 24],
              data: new Float32Array(144),
            },
          },
        })),
      );
      expect(batches).toEqual([1, 1]);
      await model.release();
    },
  );

  test.skipIf(whyNoProtoc())(
    'warms up at sizes that are asked for, or of which the costs are',
    async () => {
      const dims = async (options: Partial<TritonOptions>) => {
        const made = await write({ bundle: at('open'), ...options });
        const config = parseConfig(fs.readFileSync(path.join(made.folder, 'config.pbtxt'), 'utf8'));
        return config.model_warmup.map(({ inputs }) => inputs.noise!.dims);
      };
      const { cost } = JSON.parse(fs.readFileSync(at('open/schedule.json'), 'utf8'));
      const { height, width } = cost.macs.bindings;
      expect(await dims({ name: 'plain' })).toEqual([[4, height, width]]);
      expect(await dims({ name: 'asked', sizes: { height: 24 } })).toEqual([[4, 24, width]]);
      expect(await dims({ name: 'cold', warmUp: false })).toEqual([]);
    },
  );
});

test.skipIf(whyNoProtoc())('a state without axes goes to and fro as one of [1]', async () => {
  const counting = modelOf(
    `agraph (float[n] x, float in_s) => (float[n] y, float out_s) {
       one = Constant <value = float {1.0}> ()
       out_s = Add (in_s, one)
       y = Add (x, in_s)
     }`,
  );
  const [x, input] = inputsOf(counting.graph);
  const [y, output] = outputsOf(counting.graph);
  const states = [{ input: input!, output: output! }];
  fs.mkdirSync(at('scalar', '1'), { recursive: true });
  saveModel(counting, at('scalar', '1', 'model.onnx'));
  fs.writeFileSync(
    at('scalar', 'config.pbtxt'),
    configOf({
      name: 'scalar',
      inputs: [x!],
      outputs: [y!],
      maxBatch: 0,
      sequence: { sequences: 1, idle: 1, states },
    }),
  );
  const model = await Model.load(at('scalar'), EXACT);
  const server = new Sequences(model);
  for (const [call, wanted] of [0, 1, 2].entries()) {
    const inputs = { x: { type: 'float32', dims: [1], data: Float32Array.of(5) } } as const;
    const { y: found } = await server.infer({ inputs, sequence: { id: 1, start: call === 0 } });
    expect([...(found!.data as Float32Array)]).toEqual([5 + wanted]);
  }
  await model.release();
});

test('outputs stay as they are declared where no engine can open the model', async () => {
  const { graph } = loadModel(at('stateful', 'stateful.onnx'));
  const before = graph.outputs.map(({ type }) => type);
  expect(await settleOutputs(graph, at('none.onnx'))).toMatch(/none\.onnx/);
  expect(graph.outputs.map(({ type }) => type)).toEqual(before);
});

describe('refuses', () => {
  test.each<[string, () => Partial<TritonOptions>, string, string]>([
    [
      'a bundle that needs a reader',
      () => ({ bundle: at('split') }),
      'TRITON_FORM',
      '--emit stateful',
    ],
    ['a name that is there', () => ({}), 'TRITON_MODEL_EXISTS', 'repository/stateful'],
    ['a name of two words', () => ({ name: 'two words' }), 'TRITON_NAME', 'two words'],
    ['a way out of the repository', () => ({ name: '..' }), 'TRITON_NAME', '--name'],
    [
      'a repository in the bundle',
      () => ({ repository: at('stateful') }),
      'OUTPUT_HOLDS_SOURCE',
      'stateful',
    ],
    [
      'a file',
      () => ({ repository: at('stateful/schedule.json') }),
      'OUTPUT_IS_A_FILE',
      'schedule.json',
    ],
    ['no repository', () => ({ repository: '' }), 'OUTPUT_UNNAMED', '-o'],
    ['batches of calls', () => ({ name: 'x', maxBatch: 4 }), 'TRITON_OPTION', '--max-batch'],
    ['a call that warms up', () => ({ name: 'x', warmUp: true }), 'TRITON_OPTION', '--warm-up'],
    ['sequences of loops', () => ({ bundle: at('open'), idle: 3 }), 'TRITON_OPTION', '--idle'],
    [
      'batches of a fixed batch',
      () => ({ bundle: at('frozen'), name: 'x', maxBatch: 4 }),
      'TRITON_NO_BATCH',
      'a batch of 2',
    ],
    [
      'a size of nothing',
      () => ({ bundle: at('open'), sizes: { depth: 3 } }),
      'TRITON_SIZE',
      '"depth"',
    ],
    [
      'sizes without a request',
      () => ({ bundle: at('open'), sizes: { height: 8 }, warmUp: false }),
      'TRITON_OPTION',
      '--no-warm-up',
    ],
  ])('%s', async (_, options, code, words) => {
    const before = fs.readdirSync(folder, { recursive: true }).length;
    const error = await write(options()).then(
      () => undefined,
      (thrown) => thrown,
    );
    expect(error).toMatchObject({ code });
    expect(error.fullMessage).toContain(words);
    expect(fs.readdirSync(folder, { recursive: true })).toHaveLength(before);
  });

  test('a model of other bytes than the schedule was made for', async () => {
    fs.cpSync(at('stateful'), at('damaged'), { recursive: true });
    fs.appendFileSync(at('damaged/stateful.onnx'), '!');
    await expect(write({ bundle: at('damaged') })).rejects.toMatchObject({
      code: 'SCHEDULE_HASH_MISMATCH',
    });
    expect(fs.existsSync(at('repository/damaged'))).toBe(false);
  });

  test('a schedule whose states are not those of the model', async () => {
    fs.cpSync(at('stateful'), at('renamed'), { recursive: true });
    const file = at('renamed/schedule.json');
    const text = fs.readFileSync(file, 'utf8');
    fs.writeFileSync(file, text.replaceAll('stepfold.in.deep.0"', 'stepfold.in.deep.1"'));
    await expect(write({ bundle: at('renamed') })).rejects.toMatchObject({ code: 'TRITON_STATES' });
  });
});

test.skipIf(whyNoProtoc())('names of any characters come through the text form', () => {
  for (const name of ['a "b" \\ c', 'x\ny\tz\u0000', 'höhe × 2', '\u202e\u200b', "it's", '#{}: <>'])
    expect(parseConfig(printMessage({ name })).name).toBe(name);
});
