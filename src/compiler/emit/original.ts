/**
 * The source's denoiser beside the bundle that takes its place in a pipeline, under the names that it had: whatever
 * knows nothing of bundles opens that. Its bytes are there once: what lies in the bundle whole gets a second name.
 */
import fs from 'node:fs';
import path from 'node:path';
import type { Model } from '../../model/ir/model.js';
import type { PipelineFile } from '../../runtime/model-folder/pipeline-files.js';
import type { BundleRecord } from './assemble.js';
import type { Placed, WeightsMode } from './modes.js';
import { placeFile } from './place-file.js';
import { filesOfBranches, type WeightsPlan } from './weights.js';

/** What became of the files of the source's denoiser. */
export interface Original {
  /** Those that lie in the folder, by their names in it, and how each came there. */
  readonly files: Readonly<Record<string, Placed>>;
  /** Why there are none. */
  readonly leftOut?: string;
}

interface OriginalPlace {
  /** Of the pipeline that is written. */
  readonly folder: string;
  readonly component: string;
  readonly source: Model;
  readonly mode: WeightsMode;
  readonly plan: WeightsPlan;
}

/** @param files of the source's denoiser, its weights among them; the bundle lies in the folder by now */
export function placeOriginal(
  files: readonly PipelineFile[],
  { report: { weights } }: BundleRecord,
  { folder, component, source, mode, plan }: OriginalPlace,
): Original {
  if (mode === 'prune')
    return { files: {}, leftOut: 'of weights, those alone are here that some model reads' };
  const inBundle = (file: string) => path.posix.join(component, file);
  const whole = new Map(
    plan.flatMap((one) =>
      'label' in one.from && one.from.path !== undefined
        ? [[fs.realpathSync(one.from.path), one] as const]
        : [],
    ),
  );
  const taken = files.find(
    ({ name, file }) =>
      fs.existsSync(path.join(folder, name)) && inBundle(whole.get(file)?.name ?? '') !== name,
  );
  if (taken) return { files: {}, leftOut: `"${taken.name}" is a file of the bundle too` };
  const branches = new Set([...filesOfBranches([source], source)].map(realPath));
  const place = ({ name, file }: PipelineFile): Placed => {
    const target = path.join(folder, name);
    fs.mkdirSync(path.dirname(target), { recursive: true });
    const own = whole.get(file);
    if (own) {
      // a whole file was not gathered
      const by = weights[own.name]!.by as Placed;
      if (inBundle(own.name) === name) return by;
      if (!own.linkable) return placeFile(file, target, mode === 'copy' ? 'copy' : 'reflink');
      const way = placeFile(path.join(folder, inBundle(own.name)), target, 'link');
      return way === 'linked' ? by : way;
    }
    return placeFile(file, target, mode === 'link' && branches.has(file) ? 'reflink' : mode);
  };
  return { files: Object.fromEntries(files.map((one) => [one.name, place(one)])) };
}

const realPath = (file: unknown): unknown =>
  typeof file === 'string' ? fs.realpathSync(file) : file;
