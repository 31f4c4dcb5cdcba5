/**
 * Folders that appear only when they are complete. What is written goes to a folder beside the
 * target, which is then renamed; the name says which process writes it, so that what an interrupted
 * one left is cleared away by the next. Nothing is ever deleted that is not known to be ours: with
 * `force` that is what the schedule of a bundle or the record of a pipeline lists, and no other.
 */
import fs from 'node:fs';
import path from 'node:path';
import {
  outputHoldsSource,
  outputIsAFile,
  outputNotABundle,
  outputNotEmpty,
  outputUnnamed,
  writeFailed,
} from '../../errors/index.js';
import { kindOf } from '../../io/regular-file.js';
import { restoreInterrupted, settle, siblingOf, siblingsOf } from '../../io/siblings.js';
import { writePieces } from '../../model/onnx/files.js';
import { entriesOf, foldersOf, ownedFiles } from './owned-files.js';

export { REPORT_FILE, SCHEDULE_FILE } from '../../runtime/schedule/index.js';

type Owned = typeof ownedFiles;

/**
 * Checks that a folder can be made or replaced. Puts back what an interrupted replacement left beside it,
 * so that this is what is checked, and changes nothing else.
 * @param sourceFile must not lie among the files that `force` replaces
 * @param owned the files of a folder that `force` may replace
 * @throws BUNDLE_INTERRUPTED, OUTPUT_UNNAMED, OUTPUT_IS_A_FILE, OUTPUT_NOT_EMPTY, OUTPUT_NOT_A_BUNDLE,
 *   OUTPUT_HOLDS_SOURCE, WRITE_FAILED
 */
export function checkTarget(
  folder: string,
  force: boolean,
  sourceFile?: string,
  owned = ownedFiles,
): void {
  if (folder === '') throw outputUnnamed();
  attempt(folder, () => restoreInterrupted(folder));
  const stat = attempt(folder, () => fs.statSync(folder, { throwIfNoEntry: false }));
  if (!stat) return;
  if (!stat.isDirectory()) throw outputIsAFile(folder);
  const files = attempt(folder, () => fs.readdirSync(folder));
  if (files.length === 0) return;
  if (!force) throw outputNotEmpty(folder);
  const ours = owned(folder);
  const foreign = entriesOf(folder, ours).find((name) => !ours.has(name));
  if (foreign !== undefined) throw outputNotABundle(folder, foreign);
  if (sourceFile === undefined || !fs.existsSync(sourceFile)) return;
  const inside = path.relative(fs.realpathSync(folder), fs.realpathSync(sourceFile));
  if (ours.has(inside)) throw outputHoldsSource(folder, sourceFile);
}

/**
 * Makes a folder, complete or not at all.
 * @param write fills the folder whose path it is given
 * @throws what `checkTarget` and `write` throw; WRITE_FAILED
 */
export function writeFolder<T>(
  folder: string,
  force: boolean,
  write: (staging: string) => T,
  owned = ownedFiles,
): T {
  return attempt(folder, () => {
    const target = path.resolve(folder);
    checkTarget(folder, force, undefined, owned);
    clearLeftOvers(target, owned);
    const staging = siblingOf(target, 'partial');
    makeFolder(path.dirname(staging));
    // not where something is that could not be cleared away, as it would be taken for part of the bundle
    fs.mkdirSync(staging);
    try {
      const result = write(staging);
      replace(staging, target, force, owned);
      return result;
    } catch (error) {
      tidy(() => fs.rmSync(staging, { recursive: true }));
      throw error;
    }
  });
}

/** Not Node's recursive form, which never returns under /proc and hides the cause elsewhere. */
function makeFolder(folder: string): void {
  if (fs.existsSync(folder)) return;
  makeFolder(path.dirname(folder));
  fs.mkdirSync(folder);
}

/**
 * Makes sure that files can be written to a folder: at once, where the work comes first.
 * @throws OUTPUT_UNNAMED, OUTPUT_IS_A_FILE, WRITE_FAILED
 */
export function openFolder(folder: string): void {
  if (folder === '') throw outputUnnamed();
  attempt(folder, () => {
    makeFolder(path.resolve(folder));
    if (!fs.statSync(folder).isDirectory()) throw outputIsAFile(folder);
    fs.accessSync(folder, fs.constants.W_OK);
  });
}

/**
 * Writes a file, complete or not at all, and clears away what an interrupted write of it has left.
 * @throws WRITE_FAILED
 */
export function writeFile(file: string, bytes: Uint8Array): void {
  attempt(file, () => {
    refuseSpecial(file);
    for (const { path: left, kind, abandoned } of siblingsOf(file))
      if (kind === 'partial' && abandoned) tidy(() => fs.rmSync(left));
    writePieces([bytes], file);
  });
}

/**
 * A pipe or a device would be replaced by a file; `/dev/null` is not there for that.
 * @throws WRITE_FAILED
 */
export function refuseSpecial(file: string): void {
  const stat = fs.statSync(file, { throwIfNoEntry: false });
  if (stat && !stat.isFile()) throw writeFailed(file, { message: `it is ${kindOf(stat)}` });
}

/**
 * Takes two renames where there is a bundle to replace, since nothing exchanges two folders in one step
 * on every system. What ends a process between them leaves the old one beside its place, and whatever
 * opens the bundle next puts it back.
 */
function replace(staging: string, target: string, force: boolean, owned: Owned): void {
  // looked at again: minutes may have passed since the first time
  checkTarget(target, force, undefined, owned);
  settleFiles(staging);
  if (fs.existsSync(target)) {
    const old = siblingOf(target, 'old');
    fs.renameSync(target, old);
    try {
      fs.renameSync(staging, target);
    } catch (error) {
      fs.renameSync(old, target);
      throw error;
    }
    settle(path.dirname(target));
    tidy(() => removeOwned(old, owned));
    return;
  }
  fs.renameSync(staging, target);
  settle(path.dirname(target));
}

/** Before a folder takes its place: a rename may outlive a loss of power that the files do not. */
function settleFiles(folder: string): void {
  for (const name of fs.readdirSync(folder)) {
    const file = path.join(folder, name);
    if (fs.statSync(file).isDirectory()) settleFiles(file);
    else settle(file);
  }
  settle(folder);
}

/**
 * Removes what is ours file by file, so that anything else that is in the folder stays; what lists the files
 * last, so that an interrupted removal can be finished.
 */
function removeOwned(folder: string, owned: Owned): void {
  const ours = [...owned(folder)];
  const [record] = ours;
  for (const name of ours.slice(1)) fs.rmSync(path.join(folder, name), { force: true });
  for (const name of foldersOf(ours)) tidy(() => fs.rmdirSync(path.join(folder, name)));
  if (record !== undefined) fs.rmSync(path.join(folder, record));
  fs.rmdirSync(folder);
}

/** What cannot be tidied up stays lying about, which is no reason to fail. */
function tidy(act: () => void): void {
  try {
    act();
  } catch {}
}

/** Clears away what processes that are no more left beside the target. */
function clearLeftOvers(target: string, owned: Owned): void {
  for (const { path: left, kind, abandoned } of siblingsOf(target))
    if (abandoned)
      tidy(() => {
        if (kind === 'partial') fs.rmSync(left, { recursive: true });
        else removeOwned(left, owned);
      });
}

function attempt<T>(folder: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    if (!(error instanceof Error) || !('syscall' in error)) throw error;
    throw writeFailed(folder, error as NodeJS.ErrnoException);
  }
}
