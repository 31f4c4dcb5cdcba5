/**
 * A bundle as a model of a repository for Triton's onnxruntime backend: a folder with a configuration, a README and the
 * model with its weights. Only forms that need no reader can be served so: one call with its states in sequences, or the
 * whole loop.
 */
import fs from 'node:fs';
import path from 'node:path';
import {
  outputIsAFile,
  outputUnnamed,
  tritonForm,
  tritonModelExists,
  tritonName,
  tritonNoBatch,
  tritonOption,
  tritonStates,
} from '../../../errors/index.js';
import { cloneModel } from '../../../model/ir/clone.js';
import type { Graph } from '../../../model/ir/graph.js';
import { type Model, opsetVersion } from '../../../model/ir/model.js';
import { loadModel, saveModel } from '../../../model/onnx/files.js';
import { findBundle } from '../../../runtime/model-folder/index.js';
import { checkFiles, readSchedule } from '../../../runtime/node/index.js';
import {
  callsOf,
  carriedStates,
  fedBackAs,
  type Schedule,
} from '../../../runtime/schedule/index.js';
import { checkApart, writeFolder } from '../../emit/index.js';
import type { WeightsMode, WeightsPlaced } from '../../emit/modes.js';
import { placeWeights } from '../../emit/place-weights.js';
import { shareWeights } from '../../emit/weights.js';
import { configOf, ownShape, type ServedModel, type StatePair } from './config.js';
import { readmeOf } from './readme.js';
import { giveRows } from './rows.js';
import { settleOutputs } from './settled-outputs.js';
import { inputsOf, outputsOf } from './tensors.js';
import { warmUpOf } from './warm-up.js';

/** What Triton looks for in the folder of a version. */
const MODEL_FILE = 'model.onnx';
const VERSION_FOLDER = '1';

const DEFAULTS = { sequences: 4, idle: 60, maxBatch: 4 } as const;

export interface TritonOptions {
  /** Folder of the bundle, or of its pipeline. */
  readonly bundle: string;
  /** Folder of the repository, which is made where it is not there; other models in it stay as they are. */
  readonly repository: string;
  /** Of the model; by default that of the bundle's folder. */
  readonly name?: string | undefined;
  /** How its weights get there: as `transform` has them (default `link`). */
  readonly weights?: WeightsMode | undefined;
  /** Of the form `stateful`: images under way at a time (4). */
  readonly sequences?: number | undefined;
  /** Of the form `stateful`: seconds between requests behind which an image is given up (60). */
  readonly idle?: number | undefined;
  /** Of the form `loop`: images that requests are joined to (4). */
  readonly maxBatch?: number | undefined;
  /** Of the form `loop`: whether Triton makes an image of zeros before it serves the model (true). */
  readonly warmUp?: boolean | undefined;
  /** Sizes of that image, by symbol; by default those that the costs of the bundle are of. */
  readonly sizes?: Readonly<Record<string, number>> | undefined;
}

export interface TritonModel {
  /** Of the model, inside the repository. */
  readonly folder: string;
  readonly name: string;
  readonly form: 'stateful' | 'loop';
  /** Images in a batch; 0 where requests are not batched. */
  readonly maxBatch: number;
  /** Why they are not, of a loop. */
  readonly alone?: string | undefined;
  /** Pairs of an input and an output. */
  readonly states: number;
  readonly sequences?: number | undefined;
  /** Seconds. */
  readonly idle?: number | undefined;
  readonly warmUp: boolean;
  /** How weights came there, by file. */
  readonly weights: Readonly<Record<string, WeightsPlaced>>;
  /** Why onnxruntime could not be asked for the sizes of outputs. */
  readonly unsettled?: string | undefined;
}

/**
 * @throws TRITON_FORM, TRITON_NAME, TRITON_MODEL_EXISTS, TRITON_OPTION, TRITON_NO_BATCH, TRITON_SIZE, TRITON_TYPE,
 *   TRITON_SHAPE, TRITON_STATES, OUTPUT_HOLDS_SOURCE, OUTPUT_IS_A_FILE, WRITE_FAILED, and what reading a bundle throws
 */
export async function exportTriton(options: TritonOptions): Promise<TritonModel> {
  const { repository, weights: mode = 'link' } = options;
  const bundle = findBundle(options.bundle);
  const schedule = await readSchedule(bundle);
  const form = schedule.emit;
  if (form !== 'stateful' && form !== 'loop') throw tritonForm(options.bundle, form);
  const name = options.name ?? path.basename(path.resolve(options.bundle));
  const folder = target(repository, name);
  checkApart(folder, bundle);
  await checkFiles(bundle, schedule);
  const file = path.join(bundle, modelFileOf(schedule));
  const source = loadModel(file);
  const { model } = cloneModel(source);
  const unsettled = await settleOutputs(model.graph, file);
  const served =
    form === 'stateful'
      ? sequenceModel(name, model.graph, schedule, options)
      : loopModel(name, model.graph, schedule, options);
  const plan = shareWeights([model], mode, source);
  const readme = readmeOf({
    ...factsOf(schedule, model),
    ...served,
    bundle: path.basename(path.resolve(options.bundle)),
    unsettled,
  });
  const placed = writeFolder(folder, false, (staging) => {
    // first, as a server that watches the repository may look into a folder that is not called so yet, and refuses it by that
    fs.writeFileSync(path.join(staging, 'config.pbtxt'), configOf(served.model));
    fs.writeFileSync(path.join(staging, 'README.md'), readme);
    const version = path.join(staging, VERSION_FOLDER);
    fs.mkdirSync(version);
    const ways = placeWeights(plan, version, mode);
    saveModel(model, path.join(version, MODEL_FILE));
    return ways;
  });
  const { maxBatch, sequence, warmUp } = served.model;
  return {
    folder,
    name,
    form,
    maxBatch,
    alone: served.alone,
    states: sequence?.states.length ?? 0,
    sequences: sequence?.sequences,
    idle: sequence?.idle,
    warmUp: warmUp !== undefined,
    weights: Object.fromEntries(placed),
    unsettled,
  };
}

/** Names that are a folder on every system and a part of a web address as they stand. */
const NAME = /^[A-Za-z0-9][\w.-]*$/;

function target(repository: string, name: string): string {
  if (repository === '') throw outputUnnamed();
  if (!NAME.test(name)) throw tritonName(name);
  const stat = fs.statSync(repository, { throwIfNoEntry: false });
  if (stat && !stat.isDirectory()) throw outputIsAFile(repository);
  const folder = path.join(repository, name);
  if (fs.existsSync(folder)) throw tritonModelExists(folder);
  return folder;
}

function modelFileOf({ models, whole }: Schedule): string {
  const id = whole?.model ?? Object.keys(models)[0]!;
  return models[id]!.file;
}

interface Served {
  readonly model: ServedModel;
  readonly alone?: string | undefined;
}

function sequenceModel(
  name: string,
  graph: Graph,
  schedule: Schedule,
  options: TritonOptions,
): Served {
  const { sequences = DEFAULTS.sequences, idle = DEFAULTS.idle } = options;
  refuse(options, 'stateful', {
    maxBatch: ['max-batch', 'batches of requests'],
    warmUp: ['warm-up', 'a request for warming up'],
    sizes: ['size', 'a request for warming up'],
  });
  const inputs = inputsOf(graph);
  const outputs = outputsOf(graph);
  const states = [...carriedStates(schedule).keys()].sort().map((input): StatePair => {
    const [taken, given] = [inputs, outputs].map((tensors, way) =>
      tensors.find((tensor) => tensor.name === (way === 0 ? input : fedBackAs(input))),
    );
    if (!taken) throw tritonStates(options.bundle, input, 'is not there');
    if (!given) throw tritonStates(options.bundle, input, `has no output "${fedBackAs(input)}"`);
    return { input: taken, output: given };
  });
  const carried = new Set(states.flatMap(({ input, output }) => [input.name, output.name]));
  const own = <T extends { readonly name: string }>(tensors: readonly T[]) =>
    tensors.filter((tensor) => !carried.has(tensor.name));
  return {
    model: {
      name,
      inputs: own(inputs),
      outputs: own(outputs),
      maxBatch: 0,
      sequence: { sequences, idle, states },
    },
  };
}

function loopModel(
  name: string,
  graph: Graph,
  { cost, whole }: Schedule,
  options: TritonOptions,
): Served {
  refuse(options, 'loop', {
    sequences: ['sequences', 'sequences'],
    idle: ['idle', 'sequences'],
  });
  const alone = giveRows(graph);
  if (alone !== undefined && options.maxBatch !== undefined) throw tritonNoBatch(alone);
  const maxBatch = alone === undefined ? (options.maxBatch ?? DEFAULTS.maxBatch) : 0;
  const inputs = inputsOf(graph);
  const [images] = whole!.inputs[0]!.shape;
  const known = {
    ...cost?.macs?.bindings,
    // the costs may be of a pair
    ...(typeof images === 'string' && { [images]: 1 }),
  };
  const { sizes: asked = {}, warmUp = true } = options;
  if (!warmUp) refuse(options, 'loop', { sizes: ['size', 'a request for warming up'] });
  return {
    model: {
      name,
      inputs,
      outputs: outputsOf(graph),
      maxBatch,
      ...(warmUp && {
        warmUp: warmUpOf(
          inputs.map((tensor) => ownShape(tensor, maxBatch)),
          { asked, known },
        ),
      }),
    },
    alone,
  };
}

/** @throws TRITON_OPTION for what says something of the other form */
function refuse(
  options: TritonOptions,
  form: string,
  others: Partial<Record<keyof TritonOptions, readonly [option: string, what: string]>>,
): void {
  for (const [key, [option, what]] of Object.entries(others))
    if (options[key as keyof TritonOptions] !== undefined) throw tritonOption(option, form, what);
}

function factsOf(schedule: Schedule, model: Model) {
  const { source, cost } = schedule;
  return {
    source,
    calls: callsOf(schedule).length,
    inTurns: source.guidance?.mode === 'two-calls',
    latent: source.roles?.latent ?? '',
    prediction: source.roles?.prediction ?? source.outputs[0]!.name,
    opset: opsetVersion(model),
    ...(cost?.stateBytes !== undefined && {
      states: { bytes: cost.stateBytes, sizes: cost.macs?.bindings ?? {} },
    }),
  };
}
