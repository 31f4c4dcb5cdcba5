/** onnxruntime-node for checks and measurements, loaded when it is first needed. */
import type { InferenceSession } from 'onnxruntime-common';
import type * as OrtModule from 'onnxruntime-node';
import { engineFailed, engineMissing, engineRefused } from '../../errors/index.js';

export type Ort = typeof OrtModule;

export async function loadOrt(): Promise<Ort> {
  try {
    const module = (await import('onnxruntime-node')) as unknown as Ort & { default?: Ort };
    return module.InferenceSession ? module : (module.default as Ort);
  } catch (error) {
    throw engineMissing((error as Error).message);
  }
}

/** Opens a model file and says which one failed when it does. */
export async function openModel(
  ort: Ort,
  file: string,
  options: InferenceSession.SessionOptions,
): Promise<InferenceSession> {
  try {
    return (await ort.InferenceSession.create(file, options)) as unknown as InferenceSession;
  } catch (error) {
    throw engineRefused(file, (error as Error).message);
  }
}

/** @param fetches outputs to give; all of them by default */
export async function runModel(
  session: InferenceSession,
  feeds: InferenceSession.FeedsType,
  what: string,
  fetches?: readonly string[],
): Promise<InferenceSession.ReturnType> {
  try {
    return await (fetches ? session.run(feeds, fetches) : session.run(feeds));
  } catch (error) {
    throw engineFailed(`run ${what}`, (error as Error).message);
  }
}
