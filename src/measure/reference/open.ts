/** Opening a model that exists for a moment only: its weights are linked, its files soon removed. */
import fs from 'node:fs';
import path from 'node:path';
import type { InferenceSession } from 'onnxruntime-common';
import { placeWeights, shareWeights } from '../../emit/weights.js';
import type { Model } from '../../ir/model.js';
import { saveModel } from '../../onnx/files.js';
import { type Ort, openModel } from '../engine.js';

/** @param scratch a folder for its files, on the file system of the weights if it can be */
export async function openScratch(
  ort: Ort,
  model: Model,
  scratch: string,
  sessionOptions: InferenceSession.SessionOptions,
): Promise<InferenceSession> {
  const file = path.join(scratch, 'probe.onnx');
  const weights = shareWeights([model]);
  fs.mkdirSync(scratch, { recursive: true });
  placeWeights(weights, scratch, 'link');
  saveModel(model, file);
  const session = await openModel(ort, file, sessionOptions);
  discard(scratch);
  return session;
}

/** The engine has read the files, so an interruption from here on need not leave them lying about. */
function discard(folder: string): void {
  try {
    fs.rmSync(folder, { recursive: true, force: true });
  } catch {
    // Windows keeps files that are mapped; the caller removes them when the engine is done
  }
}
