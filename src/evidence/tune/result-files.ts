/** What came of a trial as it is kept and sent: a record in JSON, and the latents in which its loop ended as `.npy`. */
import { brokenTuning } from '../../errors/index.js';
import { readNpy, writeNpy } from '../../io/npy.js';
import { type Fields, isListOf, isObject, isText, parseJson } from './json.js';
import { hasFailed, type TrialResult } from './trial.js';

export interface ResultFiles {
  readonly record: string;
  /** Not of one that failed. */
  readonly latents?: Uint8Array | undefined;
}

export function encodeResult(result: TrialResult): ResultFiles {
  if (hasFailed(result)) return { record: JSON.stringify(result) };
  const { latent, dims, images, work, madeUp } = result;
  return {
    record: JSON.stringify({ images, work, madeUp }),
    latents: writeNpy({ type: 'float32', data: Float32Array.from(latent), dims: [...dims] }),
  };
}

/** @throws TUNE_FOLDER, and the NPY_ errors */
export function decodeResult(
  { record, latents }: ResultFiles,
  names: { readonly record: string; readonly latents: string },
): TrialResult {
  const found = parseJson(record, names.record);
  if (isFailure(found)) return found;
  if (!isEnd(found)) throw brokenTuning(names.record, 'it is no result of a trial');
  if (!latents) throw brokenTuning(names.latents, 'it is not there');
  const { type, data, dims } = readNpy(latents, names.latents);
  if (type !== 'float32') throw brokenTuning(names.latents, `it holds ${type}`);
  return { latent: Float32Array.from(data), dims, ...found };
}

type Failure = Extract<TrialResult, { failed: unknown }>;
type End = Omit<Exclude<TrialResult, Failure>, 'latent' | 'dims'>;

const fieldsOf = (found: unknown): Fields => (isObject(found) ? found : {});

function isFailure(found: unknown): found is Failure {
  const { code, message } = fieldsOf(fieldsOf(found)['failed']);
  return typeof code === 'string' && typeof message === 'string';
}

function isEnd(found: unknown): found is End {
  const { images, work, madeUp } = fieldsOf(found);
  return Number.isSafeInteger(images) && Number.isFinite(work) && isListOf(madeUp, isText);
}
