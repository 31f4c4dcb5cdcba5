// What the forms that need no reader cost: whole loops in plain onnxruntime, in turns within one run. Calls of a merged
// model with what the schedule says fed by hand, against a model that counts its calls and is fed back, and against the loop
// as one model. Prints medians of the ratios within a round, with the least and the largest.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import * as ort from 'onnxruntime-node';
import { deepcache, deltaCache, forecast } from '../dist/passes/index.js';
import { Pipeline } from '../dist/src/index.js';
import { loadModel, openBundle, writeBundle } from '../dist/src/node.js';
import { createRandom } from '../dist/src/runtime/samplers/random.js';
import { createSampler, denoise } from '../dist/src/runtime.js';

const ROUNDS = Number(process.argv[2] ?? 9);
const CASES = [
  {
    name: 'U-Net, DeepCache',
    file: 'samples/digits/digits-unet.onnx',
    shape: [2, 1, 16, 16],
    calls: 50,
    use: (p) => p.use(deepcache, { branch: 2, interval: 3 }),
  },
  {
    name: 'U-Net, DeepCache and a forecast of the output',
    file: 'samples/digits/digits-unet.onnx',
    shape: [2, 1, 16, 16],
    calls: 50,
    use: (p) =>
      p.use(deepcache, { branch: 2, interval: 3 }).use(forecast, { interval: 2, order: 2 }),
  },
  {
    name: 'transformer, Δ-DiT',
    file: 'samples/dit-digits/dit-digits.onnx',
    shape: [2, 1, 24, 24],
    calls: 50,
    use: (p) => p.use(deltaCache, { range: '1-4', interval: 3 }),
  },
];
const options = { intraOpNumThreads: 1, logSeverityLevel: 4 };

async function loops({ file, shape, calls, use }, folder) {
  const model = loadModel(file);
  const sampler = { name: 'ddim', options: { steps: calls } };
  const write = async (emit) => {
    const made = await use(Pipeline.create({ calls, emit, whole: { sampler } })).compile(model);
    const at = path.join(folder, emit);
    writeBundle(made, at, { sourceFile: file });
    return { at, roles: made.roles };
  };
  const { at: merged, roles } = await write('merged');
  const { at: stateful } = await write('stateful');
  const { at: loop } = await write('loop');
  const images = shape[0];
  const labels = new ort.Tensor(
    'int64',
    BigInt64Array.from({ length: images }, (_, i) => BigInt(i)),
    [images],
  );
  const noise = createRandom(1, 0).normals(shape.reduce((a, b) => a * b, 1));
  const condition = { [roles.conditions[0]]: labels };
  const timestep = { type: model.graph.find(roles.timestep).type.elem, shape: 'batch' };
  const byCalls = (call) =>
    denoise({
      ort,
      call,
      latentShape: shape,
      sampler: createSampler('ddim', { steps: calls }),
      seed: 1,
      noise,
      timestep,
      roles: { latent: roles.latent, timestep: roles.timestep, output: roles.prediction },
      feeds: condition,
    });
  const session = await openBundle(merged, { sessionOptions: options, newImage: 'reset' });
  const one = await ort.InferenceSession.create(path.join(stateful, 'stateful.onnx'), options);
  const whole = await ort.InferenceSession.create(path.join(loop, 'loop.onnx'), options);
  const zeros = () =>
    Object.fromEntries(
      one.inputMetadata
        .filter(({ name }) => name.startsWith('stepfold.in.'))
        .map(({ name, type, shape: sizes }) => {
          const dims = sizes.map((size) => (typeof size === 'number' ? size : 1));
          const count = dims.reduce((a, b) => a * b, 1);
          const data = type === 'int64' ? new BigInt64Array(count) : new Float32Array(count);
          return [name, new ort.Tensor(type, data, dims)];
        }),
    );
  return {
    async session() {
      session.reset();
      await byCalls((feeds) => session.run(feeds));
    },
    async stateful() {
      let states = zeros();
      await byCalls(async (feeds) => {
        const results = await one.run({ ...feeds, ...states });
        states = Object.fromEntries(
          Object.keys(states).map((name) => [name, results[name.replace('.in.', '.out.')]]),
        );
        return results;
      });
    },
    async loop() {
      await whole.run({ ...condition, noise: new ort.Tensor('float32', noise, shape) });
    },
  };
}

const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'stepfold-forms-'));
for (const [i, one] of CASES.entries()) {
  const runs = await loops(one, path.join(scratch, String(i)));
  const times = Object.fromEntries(Object.keys(runs).map((name) => [name, []]));
  for (let round = -2; round < ROUNDS; round++)
    for (const [name, run] of Object.entries(runs)) {
      const start = performance.now();
      await run();
      if (round >= 0) times[name].push(performance.now() - start);
    }
  console.log(
    `${one.name}: ${one.calls} calls, ${median(times.session).toFixed(0)} ms by a session of the merged bundle`,
  );
  for (const name of ['stateful', 'loop']) {
    const ratios = times[name].map((time, round) => time / times.session[round]);
    const of = (value) => value.toFixed(3);
    console.log(
      `  ${name}: ${of(median(ratios))} (${of(Math.min(...ratios))} to ${of(Math.max(...ratios))})`,
    );
  }
}
fs.rmSync(scratch, { recursive: true, force: true });
