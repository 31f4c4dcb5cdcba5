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
} from '../../../errors/index.js';
import { cloneModel } from '../../../model/ir/clone.js';
import { type Model, opsetVersion } from '../../../model/ir/model.js';
import { loadModel, saveModel } from '../../../model/onnx/files.js';
import { findBundle } from '../../../runtime/model-folder/index.js';
import { checkFiles, readSchedule } from '../../../runtime/node/index.js';
import { callsOf, type Schedule } from '../../../runtime/schedule/index.js';
import { checkApart, writeFolder } from '../../emit/index.js';
import type { WeightsPlaced } from '../../emit/modes.js';
import { placeWeights } from '../../emit/place-weights.js';
import { shareWeights } from '../../emit/weights.js';
import { configOf } from './config.js';
import { loopModel } from './loop-model.js';
import type { TritonOptions } from './options.js';
import { readmeOf } from './readme.js';
import { sequenceModel } from './sequence-model.js';
import { settleOutputs } from './settled-outputs.js';

export type { TritonOptions } from './options.js';

/** What Triton looks for in the folder of a version. */
const MODEL_FILE = 'model.onnx';
const VERSION_FOLDER = '1';

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
  if (form !== 'stateful' && !(form === 'loop' && schedule.whole))
    throw tritonForm(options.bundle, form);
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
      ? { model: sequenceModel(name, model.graph, schedule, options), alone: undefined }
      : loopModel(name, model.graph, schedule, options);
  const plan = shareWeights([model], mode, source);
  const readme = readmeOf({
    ...factsOf(schedule, model),
    ...served,
    bundle: path.basename(path.resolve(options.bundle)),
    unsettled,
  });
  const placed = writeFolder(folder, false, (staging) => {
    // first: a server that watches the repository refuses a folder that is not called as its model
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
