/**
 * Models opened in the engine without a copy of their weights: they are written to a folder that lives
 * only until the engine has read them, beside links to the files that hold the weights.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { InferenceSession } from 'onnxruntime-common';
import { placeWeights } from '../../compiler/emit/place-weights.js';
import { shareWeights, weightsFilesOf } from '../../compiler/emit/weights.js';
import { sha256 } from '../../model/files/hash-file.js';
import type { Model } from '../../model/ir/model.js';
import { loadModel, saveScratch } from '../../model/onnx/files.js';
import { isInside } from '../../model/onnx/hub-cache.js';
import { type Ort, openModel } from './engine.js';

export interface ModelToOpen {
  /** Shown when the engine refuses it. */
  readonly name: string;
  /** Its weights are pointed elsewhere. */
  readonly model: Model;
  readonly options: InferenceSession.SessionOptions;
}

/** Gives a session again that was opened under the same key. */
export type Keep = (
  key: string,
  open: () => Promise<InferenceSession>,
) => Promise<InferenceSession>;

/**
 * @param folder for the files, on the file system of the weights if it can be; by default one of its own
 * @param keep told of a model by its name and bytes; weights of models of one name must come from the same files
 * @throws ENGINE_REFUSED, WRITE_FAILED and the EXTERNAL_DATA_ errors
 */
export async function openModels(
  ort: Ort,
  models: readonly ModelToOpen[],
  folder?: string,
  keep?: Keep,
): Promise<InferenceSession[]> {
  const [first] = models.flatMap(({ model }) => [...weightsFilesOf(model)]);
  const weights = shareWeights(models.map(({ model }) => model));
  const scratch = folder ?? fs.mkdtempSync(path.join(scratchParent(first), '.stepfold-calibrate-'));
  const sessions: InferenceSession[] = [];
  try {
    fs.mkdirSync(scratch, { recursive: true });
    placeWeights(weights, scratch, 'link');
    for (const { name, model, options } of models) {
      const file = path.join(scratch, `${name}.onnx`);
      saveScratch(model, file);
      const open = () => openModel(ort, file, options);
      sessions.push(await (keep ? keep(`${name} ${sha256(file)}`, open) : open()));
    }
    return sessions;
  } catch (error) {
    for (const session of sessions) await session.release();
    throw error;
  } finally {
    discard(scratch);
  }
}

/**
 * Opens a source model. The engine takes no external data behind a link that leaves the model's folder, as
 * all do in the hub's cache: such a model is opened from a folder of hard links.
 * @throws ENGINE_REFUSED, and what `loadModel` and `openModels` throw
 */
export async function openSource(
  ort: Ort,
  file: string,
  options: InferenceSession.SessionOptions,
): Promise<InferenceSession> {
  const model = loadModel(file);
  const folder = fs.realpathSync(path.dirname(file));
  const files = [...weightsFilesOf(model)].filter((name) => name !== path.resolve(file));
  if (files.every((name) => isInside(fs.realpathSync(name), folder)))
    return openModel(ort, file, options);
  const [session] = await openModels(ort, [{ name: 'source', model, options }]);
  return session!;
}

/** Where the weights can be linked: the system's place for such files, or beside the weights. */
function scratchParent(weights: string | undefined): string {
  const system = os.tmpdir();
  if (weights === undefined || device(weights) === device(system)) return system;
  const beside = path.dirname(weights);
  try {
    fs.accessSync(beside, fs.constants.W_OK);
    return beside;
  } catch {
    return system;
  }
}

const device = (file: string) => fs.statSync(file).dev;

function discard(folder: string): void {
  try {
    fs.rmSync(folder, { recursive: true });
  } catch {
    // Windows keeps files that are mapped until the engine lets go of them
  }
}
