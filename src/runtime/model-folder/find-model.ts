/**
 * The denoiser in a folder. Pipelines are kept as one folder for each component beside a model_index.json,
 * as diffusers and optimum write them: the denoiser is in `unet` or `transformer`. Inside a model no
 * name is relied on.
 */
import fs from 'node:fs';
import path from 'node:path';
import {
  folderIsBundle,
  folderWithoutModel,
  severalDenoisers,
  severalModels,
} from '../../errors/index.js';
import { isFolder } from '../../io/is-folder.js';
import { isDenoiser } from './component-names.js';
import { bundlesIn } from './find-bundle.js';

export interface FoundModel {
  /** The .onnx file. */
  readonly file: string;
  /** Where it is the denoiser of a pipeline: its folder, and the name of the denoiser's in it. */
  readonly pipeline?: { readonly folder: string; readonly component: string };
}

const INDEX_FILE = 'model_index.json';

/** The file of a component's model, where it has several. */
const MODEL_FILE = 'model.onnx';

/**
 * @param given a file, which is taken as it is, a pipeline's folder, or one that holds a model
 * @throws FOLDER_NO_MODEL, FOLDER_SEVERAL_MODELS, FOLDER_SEVERAL_DENOISERS, FOLDER_IS_A_BUNDLE
 */
export function findModel(given: string): FoundModel {
  if (!isFolder(given)) return { file: given };
  const [bundle] = bundlesIn(given);
  if (bundle !== undefined) throw folderIsBundle(given, bundle);
  if (!fs.existsSync(path.join(given, INDEX_FILE))) {
    const files = modelsIn(given);
    if (files.length > 1) throw severalModels(given, files);
    if (files[0] !== undefined) return { file: files[0] };
  }
  return denoiserOf(given);
}

function denoiserOf(folder: string): FoundModel {
  const found = fs
    .readdirSync(folder)
    .filter(isDenoiser)
    .map((component) => ({ component, files: modelsIn(path.join(folder, component)) }))
    .filter(({ files }) => files.length > 0)
    .map(({ component, files }) => ({
      component,
      files: files.filter((file, _, { length }) => length === 1 || isModelFile(file, files)),
    }));
  const [first] = found;
  if (!first) throw folderWithoutModel(folder);
  if (found.length > 1)
    throw severalDenoisers(
      folder,
      found.flatMap(({ files }) => files),
    );
  const [file, another] = first.files;
  if (another !== undefined) throw severalModels(path.join(folder, first.component), first.files);
  if (file === undefined) throw folderWithoutModel(path.join(folder, first.component));
  return { file, pipeline: { folder, component: first.component } };
}

/** Is it the one that the format names, or is there none such? */
function isModelFile(file: string, files: readonly string[]): boolean {
  const named = (name: string) => path.basename(name) === MODEL_FILE;
  return named(file) || !files.some(named);
}

function modelsIn(folder: string): string[] {
  if (!isFolder(folder)) return [];
  return fs
    .readdirSync(folder)
    .filter((name) => name.endsWith('.onnx') && !name.startsWith('.'))
    .sort()
    .map((name) => path.join(folder, name));
}
