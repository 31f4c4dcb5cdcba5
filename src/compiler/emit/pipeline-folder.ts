/**
 * Writes a pipeline's folder with the bundle beside its denoiser; complete, or not at all. Everything
 * else is there as it was, without the bytes being read where the file system allows; small files, which
 * people edit, are copied, so that the source does not change with them.
 */
import fs from 'node:fs';
import path from 'node:path';
import { bundleNameTaken, outputInSource } from '../../errors/index.js';
import { isInside } from '../../model/onnx/hub-cache.js';
import { type PipelineFile, pipelineFiles } from '../../runtime/model-folder/pipeline-files.js';
import type { Compilation } from '../pipeline/index.js';
import { type BundleOptions, type BundleRecord, prepareBundle } from './bundle.js';
import { checkTarget, writeFolder } from './folder.js';
import { type Original, placeOriginal } from './original.js';
import { formatRecord, RECORD_FILE } from './owned-files.js';
import { placeFile } from './place-file.js';
import { weightsFilesOf } from './weights.js';

export interface PipelineFolderOptions extends BundleOptions {
  /** Folder of the source pipeline. */
  readonly pipeline: string;
  /** Name of the denoiser's folder in it. */
  readonly component: string;
}

export interface PipelineFolderRecord extends BundleRecord {
  /** The source's denoiser, which lies beside the bundle for whatever knows nothing of bundles. */
  readonly original: Original;
}

/** Configurations and vocabularies are smaller, weights are larger. */
const SMALL = 4 * 1024 * 1024;

/**
 * @throws the OUTPUT_ errors, WRITE_FAILED, the EXTERNAL_DATA_ errors, FOLDER_LINK_ESCAPES,
 *   FOLDER_NAME_TAKEN
 */
export function writePipelineFolder(
  compilation: Compilation,
  folder: string,
  options: PipelineFolderOptions,
): PipelineFolderRecord {
  const { sourceFile, weights = 'link', force = false, pipeline, component } = options;
  checkApart(folder, pipeline);
  checkTarget(folder, force, sourceFile);
  const prepared = prepareBundle(compilation, options);
  const denoiser = new Set(
    [sourceFile, ...weightsFilesOf(compilation.source)].map((file) => fs.realpathSync(file)),
  );
  const isOriginal = ({ name, file }: PipelineFile) =>
    name.startsWith(`${component}/`) && denoiser.has(file);
  // one that transform wrote before: its record is not this one's
  const all = pipelineFiles(pipeline).filter(({ name }) => name !== RECORD_FILE);
  const others = all.filter((file) => !isOriginal(file));
  return writeFolder(folder, force, (staging) => {
    const bundleFolder = path.join(staging, component);
    fs.mkdirSync(bundleFolder);
    const bundle = prepared.write(bundleFolder);
    const made = fs.readdirSync(bundleFolder).map((name) => `${component}/${name}`);
    const taken = new Set(made);
    for (const { name, file, bytes } of others) {
      if (taken.has(name)) throw bundleNameTaken(path.join(pipeline, name));
      const target = path.join(staging, name);
      fs.mkdirSync(path.dirname(target), { recursive: true });
      const way = weights === 'prune' ? 'link' : weights;
      placeFile(file, target, bytes < SMALL ? 'copy' : way);
    }
    const original = placeOriginal(all.filter(isOriginal), bundle, {
      ...{ folder: staging, component, source: compilation.source, mode: weights },
      plan: prepared.weights,
    });
    const names = [...others.map(({ name }) => name), ...made, ...Object.keys(original.files)];
    fs.writeFileSync(path.join(staging, RECORD_FILE), formatRecord(component, [...new Set(names)]));
    return { ...bundle, original };
  });
}

/** A pipeline that lies in the folder, or the other way round, would be copied into itself. */
export function checkApart(folder: string, pipeline: string): void {
  const to = realPlace(path.resolve(folder));
  const from = fs.realpathSync(pipeline);
  if (isInside(to, from) || isInside(from, to)) throw outputInSource(folder, pipeline);
}

/** Links resolved as far as the path exists. */
function realPlace(place: string): string {
  if (fs.existsSync(place)) return fs.realpathSync(place);
  return path.join(realPlace(path.dirname(place)), path.basename(place));
}
