// The kinds of input: how one is made from its number, and what is done with it.
import fs from 'node:fs';
import path from 'node:path';
import { encodeModel, parseModel } from '../../dist/src/index.js';
import { decodeModel } from '../../dist/src/model/onnx/codec.js';
import { loadModel } from '../../dist/src/node.js';
import { withControlNames } from './control-names.mjs';
import * as corpus from './corpus.mjs';
import * as drive from './drive.mjs';
import { LARGE_GRAPHS } from './large-graphs.mjs';
import { mutateBytes, randomBytes, withChecksums } from './mutate-bytes.mjs';
import { mutateGraph } from './mutate-graph.mjs';
import { mutateJson, mutateText } from './mutate-json.mjs';
import { mutateMessage } from './mutate-message.mjs';
import { createChoices } from './random.mjs';
import { SPECIAL_FILES } from './special-files.mjs';

const cached = new Map();
const bytesOf = (entry) => {
  if (!cached.has(entry.name)) cached.set(entry.name, entry.bytes());
  return cached.get(entry.name);
};

/** Message mutations by seeds of their own, so that fewer of them can be tried. */
const messages = (models, most) => ({
  make: (c) => ({
    origin: c.pick(models),
    seeds: Array.from({ length: c.few(most) }, () => c.below(2 ** 31)),
  }),
  bytes: ({ origin, seeds }) => {
    try {
      return mutateMessage(bytesOf(origin), seeds, (seed) => createChoices('mutation', seed));
    } catch (error) {
      // graphs nested in graphs by several mutations are more than can be written
      if (error.code === 'ONNX_TOO_DEEP') return new Uint8Array(1);
      throw error;
    }
  },
  fewer: (input) => input.seeds.map((_, i) => ({ ...input, seeds: input.seeds.toSpliced(i, 1) })),
  file: 'in/model.onnx',
});

const model = (whole) => (report, place) => drive.driveModel(report, { ...place, whole });

/** The model beside a plan, a schedule or a pipeline file: small, and never the one under test. */
const unetFile = (folder) => {
  const file = path.join(folder, 'in/unet.onnx');
  fs.writeFileSync(file, encodeModel(parseModel(corpus.UNET.text)));
  return file;
};
const transformerFile = (folder) => {
  const file = path.join(folder, 'in/transformer.onnx');
  fs.writeFileSync(file, encodeModel(parseModel(corpus.TRANSFORMER.text)));
  return file;
};

const PLANS = [
  {
    model: unetFile,
    plan: {
      format: 'stepfold.plan',
      version: 1,
      passes: [{ pass: 'deepcache', options: { branch: 2, interval: 2 } }],
      calls: 4,
      sites: { deep: ['compute', 'reuse', 'compute', 'reuse'] },
    },
  },
  {
    model: transformerFile,
    plan: {
      format: 'stepfold.plan',
      version: 1,
      passes: [{ pass: 'ditfastattn', options: { window: 1, strategies: undefined } }],
      guidance: { order: 'cond-first', mode: 'batch' },
      calls: 6,
      sites: {
        'attention.0': [
          'compute',
          'window',
          'window+guidance-share',
          'compute',
          'reuse',
          'guidance-share',
        ],
      },
      calibration: {
        search: 'greedy',
        threshold: 0.3,
        samples: 2,
        seed: 1,
        loss: { 'attention.0': [0, 0.1, 0.2, 0, 0.1, 0.3] },
      },
    },
  },
];

const CONFIG = {
  passes: [
    { pass: 'deepcache', options: { branch: 2, interval: 2 } },
    { pass: 'delta-cache', options: { blocks: 1, interval: 2 } },
  ],
  calls: 4,
  emit: 'split',
  freeze: { batch: 2 },
  shapes: { sample: [2, 4, 8, 8] },
  weights: 'copy',
  maxPrograms: 2,
  timesteps: [900, 600, 300, 0],
};

const TIMESTEPS = {
  format: 'stepfold.timesteps',
  version: 1,
  steps: 4,
  trainTimesteps: 1000,
  timesteps: [999, 700, 400, 100],
};

const json = (documents, file, act) => ({
  make: (c) => {
    const { model: modelFile, document } = c.pick(documents);
    return { modelFile, text: mutateJson(document, c) };
  },
  bytes: ({ text }) => new TextEncoder().encode(text),
  file,
  prepare: ({ modelFile }, folder) => ({ model: modelFile(folder) }),
  drive: act,
});

const bundles = (root) =>
  ['split', 'merged', 'chain', 'attention'].map((name) => path.join(root, 'bundles', name));

export const CLASSES = {
  messages: { ...messages(corpus.SMALL_MODELS, 6), drive: model(false), weight: 10 },
  'messages, whole models': { ...messages(corpus.WHOLE_MODELS, 4), drive: model(true), weight: 3 },
  'messages, architectures': {
    ...messages(corpus.ARCHITECTURES, 4),
    drive: model(true),
    weight: 2,
  },
  graphs: {
    make: (c) => ({ origin: c.pick(corpus.SMALL_MODELS), seed: c.below(2 ** 31) }),
    bytes: ({ origin, seed }) => {
      const made = decodeModel(bytesOf(origin));
      mutateGraph(made, createChoices('graph', seed));
      try {
        return encodeModel(made);
      } catch (error) {
        if (error.name === 'StepfoldError') return new Uint8Array(1);
        throw error;
      }
    },
    file: 'in/model.onnx',
    drive: model(false),
    weight: 3,
  },
  'control characters': {
    make: (c) => ({
      origin: c.chance(1, 20) ? c.pick(corpus.WHOLE_MODELS) : c.pick(corpus.SMALL_MODELS),
      seed: c.below(2 ** 31),
    }),
    bytes: ({ origin, seed }) => withControlNames(bytesOf(origin), seed),
    file: 'in/model.onnx',
    drive: model(false),
    weight: 3,
  },
  'large graphs': {
    ...LARGE_GRAPHS,
    bytes: ({ text }) => encodeModel(parseModel(text)),
    file: 'in/model.onnx',
    drive: model(false),
    weight: 3,
  },
  'special files': SPECIAL_FILES,
  bytes: {
    make: (c) => {
      const origin = c.chance(1, 30) ? c.pick(corpus.WHOLE_MODELS) : c.pick(corpus.SMALL_MODELS);
      return { origin, bytes: c.chance(1, 10) ? randomBytes(c) : mutateBytes(bytesOf(origin), c) };
    },
    bytes: ({ bytes }) => bytes,
    file: 'in/model.onnx',
    drive: model(false),
    weight: 6,
  },
  schedules: {
    make: (c, root) => {
      const from = c.pick(bundles(root));
      const schedule = JSON.parse(fs.readFileSync(path.join(from, 'schedule.json'), 'utf8'));
      return { from, text: mutateJson(schedule, c) };
    },
    bytes: ({ text }) => new TextEncoder().encode(text),
    file: 'in/bundle/schedule.json',
    prepare: ({ from }, folder) => {
      const bundle = path.join(folder, 'in/bundle');
      fs.mkdirSync(bundle, { recursive: true });
      for (const name of fs.readdirSync(from))
        if (name !== 'schedule.json')
          fs.copyFileSync(path.join(from, name), path.join(bundle, name));
      return { bundle, model: `${from}.source.onnx` };
    },
    drive: drive.driveBundle,
    weight: 6,
  },
  plans: json(
    PLANS.map(({ model: file, plan }) => ({ model: file, document: plan })),
    'in/plan.json',
    drive.drivePlan,
  ),
  'pipeline files': json(
    [{ model: unetFile, document: CONFIG }],
    'in/pipeline.json',
    drive.driveConfig,
  ),
  'timesteps files': json(
    [{ model: unetFile, document: TIMESTEPS }],
    'in/timesteps.json',
    drive.driveTimesteps,
  ),
  'numpy files': {
    make: (c) => ({
      bytes: c.chance(1, 10) ? randomBytes(c) : mutateBytes(bytesOf(c.pick(corpus.ARRAYS)), c),
    }),
    bytes: ({ bytes }) => bytes,
    file: 'in/array.npy',
    drive: drive.driveArray,
    weight: 2,
  },
  texts: {
    make: (c) => ({ text: mutateText(c.pick(corpus.TEXTS).text, c) }),
    bytes: ({ text }) => new TextEncoder().encode(text),
    file: 'in/model.onnx.txt',
    drive: drive.driveText,
    weight: 3,
  },
  pictures: {
    make: (c) => {
      const damaged = mutateBytes(bytesOf(c.pick(corpus.PICTURES)), c);
      return { bytes: c.chance(1, 4) ? damaged : withChecksums(damaged) };
    },
    bytes: ({ bytes }) => bytes,
    file: 'in/picture.png',
    drive: drive.drivePicture,
  },
  'interrupted searches': {
    make: (c) => ({ text: mutateJson(drive.PARTIAL, c) }),
    bytes: ({ text }) => new TextEncoder().encode(text),
    file: 'in/plan.json.partial.json',
    drive: drive.drivePartial,
  },
  arguments: {
    make: (c) => ({
      text: mutateText(c.pick(['sample=2x4x64x64', 'batch=2', '2x4', 'x=1,2,3']), c),
    }),
    bytes: ({ text }) => new TextEncoder().encode(text),
    file: 'in/argument.txt',
    drive: drive.driveArguments,
  },
  'pass options': {
    make: (c) => ({
      text: mutateText(c.pick([...drive.UNET_PASSES, ...drive.TRANSFORMER_PASSES]), c),
    }),
    bytes: ({ text }) => new TextEncoder().encode(text),
    file: 'in/options.txt',
    drive: drive.driveOptions,
  },
};

/** How the command line is given an input of each class. */
export const COMMANDS = {
  'in/model.onnx': (file, output) => [
    ['inspect', file, '--json'],
    ['print', file],
    ['transform', file, '--pass', 'deepcache:branch=1,interval=2', '--calls', '4', '-o', output],
    [
      'transform',
      file,
      '--pass',
      'ditfastattn:strategy=reuse,interval=2',
      '--calls',
      '4',
      '-o',
      output,
      '--json',
    ],
    ['fill', file, '-o', output],
    ['run', file, '--steps', '1', '-o', output],
    ['diff', file, path.join(path.dirname(file), '../../bundles/split.source.onnx')],
  ],
  'in/bundle/schedule.json': (file, output) => [
    ['plan', path.dirname(file)],
    ['run', path.dirname(file), '-o', output],
    ['run', path.dirname(file), '-o', output, '--worker'],
    ['report', path.dirname(file), '-o', output, '--no-measure'],
    [
      'verify',
      path.dirname(file),
      '--against',
      path.join(path.dirname(file), '../../bundles/split.source.onnx'),
    ],
  ],
  'in/plan.json': (file, output) => [
    ['plan', file],
    ['transform', path.join(path.dirname(file), 'unet.onnx'), '--plan', file, '-o', output],
  ],
  'in/pipeline.json': (file, output) => [
    ['transform', path.join(path.dirname(file), 'unet.onnx'), '--config', file, '-o', output],
  ],
  'in/timesteps.json': (file, output) => [
    [
      'transform',
      path.join(path.dirname(file), 'unet.onnx'),
      '--timesteps',
      file,
      '-o',
      output,
      '--pass',
      'deepcache:branch=1,interval=2',
    ],
  ],
  'in/array.npy': (file, output) => [
    ['run', path.join(path.dirname(file), 'missing.onnx'), '--feed', `x=${file}`, '-o', output],
  ],
};

/** Bundles whose schedules are mutated, and the models they came from; made once for all children. */
export async function prepareBundles(root) {
  const { transform } = await import('../../dist/src/cli/actions/transform.js');
  const write = process.stdout.write;
  process.stdout.write = () => true;
  try {
    for (const folder of bundles(root)) {
      const attention = folder.endsWith('attention');
      const source = `${folder}.source.onnx`;
      fs.mkdirSync(path.dirname(folder), { recursive: true });
      fs.writeFileSync(
        source,
        encodeModel(parseModel(attention ? corpus.TRANSFORMER.text : corpus.UNET.text)),
      );
      loadModel(source);
      await transform({
        model: source,
        output: folder,
        pass: [
          attention ? 'ditfastattn:strategy=reuse,interval=2' : 'deepcache:branch=2,interval=2',
        ],
        calls: 4,
        emit: attention ? 'merged' : path.basename(folder),
        weights: 'copy',
        force: false,
        json: true,
      });
    }
  } finally {
    process.stdout.write = write;
  }
}
