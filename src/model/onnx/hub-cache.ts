/**
 * Where symbolic links of a model's folder may lead. A link could name any file of the machine, and what
 * it names ends up in a bundle that may be passed on; so links stay inside the folder. The cache of the
 * Hugging Face hub needs more: in `models--owner--name/snapshots/revision/` every file is a link to
 * `models--owner--name/blobs/`, which holds nothing but what was downloaded for that repository.
 */
import path from 'node:path';

/** Is a path, links resolved, in a folder, links resolved? */
export function isInside(file: string, folder: string): boolean {
  const way = path.relative(folder, file);
  return way !== '..' && !way.startsWith(`..${path.sep}`) && !path.isAbsolute(way);
}

/** May a link in a folder lead to a file, both with links resolved? */
export const mayLeadTo = (file: string, folder: string): boolean =>
  isInside(file, folder) || isBlobOf(file, folder);

/** Is a file among the blobs of the cached repository that a folder is a snapshot of, or lies in one? */
function isBlobOf(file: string, folder: string): boolean {
  const parts = folder.split(path.sep);
  const snapshots = parts.lastIndexOf('snapshots');
  if (snapshots < 1 || snapshots === parts.length - 1) return false;
  const repository = parts.slice(0, snapshots).join(path.sep);
  return path.dirname(file) === path.join(repository, 'blobs');
}
