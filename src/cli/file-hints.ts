/** What was meant by a path that does not lead to what a command wants: looked for where it points to. */
import fs from 'node:fs';
import path from 'node:path';
import { nearest, ResultError, StepfoldError } from '../errors/index.js';
import { isFolder } from '../io/is-folder.js';
import { bundlesIn, findModel } from '../runtime/model-folder/index.js';
import { SCHEDULE_FILE } from '../runtime/schedule/index.js';
import { shellWord } from './shell.js';
import { sourceOfBundle } from './source-model.js';

/** The error with a better hint, where there is one. */
export function withFileHint(error: StepfoldError): StepfoldError {
  const { file } = error.details;
  const hint = file === undefined ? undefined : HINTS[error.code]?.(file);
  if (hint === undefined || error instanceof ResultError) return error;
  return new StepfoldError(error.code, error.message, { ...error.details, hint });
}

const HINTS: Readonly<Record<string, (file: string) => string | undefined>> = {
  FILE_NOT_FOUND: (file) => meant(similarPath(file)),
  NOT_A_BUNDLE: hintForBundle,
  FOLDER_IS_A_BUNDLE: (folder) => meant(sourceOfBundle(folder)),
  FOLDER_NO_MODEL: hintForFolder,
  ONNX_INVALID: hintForModel,
};

const meant = (found: string | undefined): string | undefined =>
  found === undefined ? undefined : `Did you mean ${shellWord(found)}?`;

/** What is there by nearly that name; or with or without its ending, or one folder further down. */
export function similarPath(file: string): string | undefined {
  const { dir, base, name } = path.parse(path.normalize(file));
  if (dir !== '' && !isFolder(dir)) {
    const folder = similarPath(dir);
    if (folder === undefined || !isFolder(folder)) return undefined;
    const inIt = path.join(folder, base);
    return fs.existsSync(inIt) ? inIt : (similarPath(inIt) ?? folder);
  }
  const entries = namesIn(dir);
  const other = entries.find((entry) => path.parse(entry).name === name);
  const found = other ?? nearest(base, entries);
  if (found !== undefined) return path.join(dir, found);
  const below = entries
    .map((entry) => path.join(dir, entry, base))
    .filter((place) => fs.existsSync(place));
  return below.length === 1 ? below[0] : undefined;
}

/** What is hidden is nothing that one gives to a command. */
function namesIn(folder: string): string[] {
  try {
    return fs.readdirSync(folder === '' ? '.' : folder).filter((name) => !name.startsWith('.'));
  } catch {
    // a folder that may not be read holds nothing that could be named
    return [];
  }
}

function hintForBundle(given: string): string | undefined {
  const around = path.dirname(given);
  if (!isFolder(given)) {
    if (fs.existsSync(path.join(around, SCHEDULE_FILE)))
      return `It lies in a bundle. ${meant(around)}`;
    return `It is no folder: \`stepfold transform ${shellWord(given)}\` says how to make a bundle of a model.`;
  }
  const inside = namesIn(given)
    .map((name) => path.join(given, name))
    .filter((place) => bundlesIn(place).length > 0);
  return inside.length === 1 ? meant(inside[0]) : undefined;
}

const TORCH = /\.(safetensors|bin|pt|pth|ckpt)$/;

function hintForFolder(folder: string): string | undefined {
  const names = namesIn(folder);
  const inside = names.map((name) => path.join(folder, name)).filter(holdsModel);
  if (inside.length === 1) return meant(inside[0]);
  const all = names.flatMap((name) => [name, ...namesInFolder(path.join(folder, name))]);
  if (!all.some((name) => TORCH.test(name))) return undefined;
  return `It holds weights of PyTorch: \`optimum-cli export onnx --model ${shellWord(folder)} ${shellWord(`${path.normalize(folder).replace(/[/\\]$/, '')}-onnx`)}\` makes ONNX files of them.`;
}

const namesInFolder = (place: string): string[] => (isFolder(place) ? namesIn(place) : []);

function holdsModel(place: string): boolean {
  try {
    return isFolder(place) && findModel(place).file !== undefined;
  } catch (error) {
    if (error instanceof StepfoldError) return false;
    throw error;
  }
}

/** Weights in place of the model that they belong to, which lies beside them. */
function hintForModel(file: string): string | undefined {
  if (file.endsWith('.onnx')) return undefined;
  const { dir, base } = path.parse(path.normalize(file));
  const models = namesIn(dir).filter((name) => name.endsWith('.onnx'));
  const own = models.find((name) => base.startsWith(name.replace(/\.onnx$/, '')));
  const found = own ?? (models.length === 1 ? models[0] : undefined);
  if (found !== undefined) return `It may be its weights. ${meant(path.join(dir, found))}`;
  return TORCH.test(file)
    ? 'Weights of PyTorch hold no graph: export the model to ONNX, and give that file.'
    : undefined;
}
