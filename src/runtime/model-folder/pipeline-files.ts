/**
 * The files of a pipeline's folder beside its denoiser, links resolved. A link may lead to a file in the
 * folder or, in a snapshot of the hub's cache, to one of its blobs; what is hidden was left there by the
 * programs that fetched the folder and is not part of the pipeline.
 */
import fs from 'node:fs';
import path from 'node:path';
import { linkLeavesFolder, notARegularFile } from '../../errors/index.js';
import { kindOf, readable } from '../../io/regular-file.js';
import { mayLeadTo } from '../../model/onnx/hub-cache.js';

export interface PipelineFile {
  /** Relative to the pipeline's folder, with slashes. */
  readonly name: string;
  /** The file itself. */
  readonly file: string;
  readonly bytes: number;
}

/**
 * @throws FOLDER_LINK_ESCAPES; FILE_NOT_FOUND of what a link leads to; FILE_UNREADABLE, also where there is a
 *   pipe, a socket or a device
 */
export function pipelineFiles(folder: string): PipelineFile[] {
  const root = fs.realpathSync(folder);
  const found: PipelineFile[] = [];
  const walk = (at: string, name: string, above: ReadonlySet<string>) => {
    const file = readable(at, () => fs.realpathSync(at));
    if (!mayLeadTo(file, root)) throw linkLeavesFolder(at, folder);
    const stat = fs.statSync(file);
    if (stat.isFile()) found.push({ name, file, bytes: stat.size });
    else if (!stat.isDirectory()) throw notARegularFile(at, kindOf(stat));
    // a link to a folder that it lies in leads round and round
    if (!stat.isDirectory() || above.has(file)) return;
    for (const entry of readable(at, () => fs.readdirSync(file)).sort())
      if (!entry.startsWith('.'))
        walk(
          path.join(at, entry),
          name === '' ? entry : `${name}/${entry}`,
          new Set([...above, file]),
        );
  };
  walk(folder, '', new Set());
  return found;
}
