// Bundles, what their calls are fed, and what a session gives, in the layout of the conformance suite; and an image that
// was saved in the middle of its loop.
import fs from 'node:fs';
import path from 'node:path';
import * as ort from 'onnxruntime-node';
import { passes } from '../../dist/passes/index.js';
import { Pipeline } from '../../dist/src/index.js';
import { writeNpy } from '../../dist/src/io/npy.js';
import { loadModel, openBundle, writeBundle } from '../../dist/src/node.js';
import { LOOPS, STEPS } from './cases.mjs';

const EXACT = { graphOptimizationLevel: 'disabled', logSeverityLevel: 4, intraOpNumThreads: 1 };
/** Calls that there are feeds for; longer loops take them again from the first on. */
const FED = 22;
const BATCH = 4;

export async function makeCase(samples, into, name, { model, uses, loop, hasOneLoop }) {
  const source = path.join(samples, model);
  const perStep = loop.guidance?.mode === 'two-calls' ? 2 : 1;
  let pipeline = Pipeline.create({ engine: false, calls: STEPS * perStep, ...loop });
  for (const [pass, options] of uses) pipeline = pipeline.use(passes[pass], options);
  const folder = path.join(into, name);
  writeBundle(await pipeline.compile(loadModel(source)), folder, {
    sourceFile: source,
    weights: 'copy',
  });
  const loops = hasOneLoop ? LOOPS.slice(0, 1) : LOOPS;
  const about = { format: 'stepfold.conformance', version: 1, description: name, loops };
  write(path.join(folder, 'case.json'), about);
  const { source: ports } = JSON.parse(fs.readFileSync(path.join(folder, 'schedule.json'), 'utf8'));
  const feeds = feedsOf(ports, perStep);
  fs.mkdirSync(path.join(folder, 'feeds'));
  for (const { name: input, array } of feeds)
    fs.writeFileSync(path.join(folder, 'feeds', `${input}.npy`), writeNpy(array));
  fs.mkdirSync(path.join(folder, 'expected'));
  for (const own of loops) await expectLoop(folder, own, feeds);
  await expectSaved(folder, feeds);
}

/** Other numbers at each call, but for conditions; timesteps fall from step to step. */
function feedsOf({ inputs, roles }, perStep) {
  return inputs.map(({ name, type, shape }, i) => {
    const dims = shape.map((dim) => (typeof dim === 'number' ? dim : BATCH));
    const size = dims.reduce((product, dim) => product * dim, 1);
    const value = (k) => {
      const [call, element] = [Math.floor(k / size), k % size];
      if (name === roles.timestep) return (FED - Math.floor(call / perStep)) * 40;
      if (name !== roles.latent) return element % 10;
      return Math.fround(Math.sin(element * (0.7 + i) + 1.3 * call));
    };
    const numbers = Array.from({ length: FED * size }, (_, k) => value(k));
    const data =
      type === 'int64' ? BigInt64Array.from(numbers, BigInt) : Float32Array.from(numbers);
    return { name, array: { type, data, dims: [FED, ...dims] } };
  });
}

function feedsAt(feeds, call) {
  const entries = feeds.map(({ name, array: { type, data, dims } }) => {
    const [, ...shape] = dims;
    const size = data.length / FED;
    const own = data.slice((call % FED) * size, ((call % FED) + 1) * size);
    return [name, new ort.Tensor(type, own, shape)];
  });
  return Object.fromEntries(entries);
}

const open = (folder, { steps, start }, newImage = 'reset') =>
  openBundle(folder, { steps, start, sessionOptions: EXACT, newImage });

async function expectLoop(folder, loop, feeds) {
  const session = await open(folder, loop);
  const outputs = {};
  for (const call of session.calls.keys())
    for (const [name, tensor] of Object.entries(await session.run(feedsAt(feeds, call)))) {
      outputs[name] ??= [];
      outputs[name].push(tensor);
    }
  const expected = path.join(folder, 'expected');
  write(path.join(expected, `${loop.name}.json`), { programs: session.calls });
  for (const [name, tensors] of Object.entries(outputs))
    fs.writeFileSync(path.join(expected, `${loop.name}.${name}.npy`), writeNpy(stacked(tensors)));
  await session.release();
}

function stacked(tensors) {
  const [{ data, dims }] = tensors;
  const all = new data.constructor(tensors.length * data.length);
  for (const [i, tensor] of tensors.entries()) all.set(tensor.data, i * data.length);
  return { type: 'float32', data: all, dims: [tensors.length, ...dims] };
}

/** After half of the calls; elements lie beside it, one file for each state. */
async function expectSaved(folder, feeds) {
  const session = await open(folder, LOOPS[0], 'timestep');
  for (let call = 0; call < session.calls.length / 2; call++)
    await session.run(feedsAt(feeds, call));
  const saved = await session.save();
  const at = path.join(folder, 'saved');
  fs.mkdirSync(at);
  const states = Object.entries(saved.states).map(([id, { data, ...own }], i) => {
    const type = own.type === 'float16' ? 'uint16' : own.type === 'bool' ? 'uint8' : own.type;
    fs.writeFileSync(path.join(at, `${i}.npy`), writeNpy({ type, data, dims: [data.length] }));
    return [id, { ...own, data: `${i}.npy` }];
  });
  write(path.join(at, 'image.json'), { ...saved, states: Object.fromEntries(states) });
  await session.release();
}

export const write = (file, value) => fs.writeFileSync(file, `${JSON.stringify(value)}\n`);
