/**
 * Which files of a folder are known to be ours, so that `--force` may replace them: those that the
 * schedule of a bundle lists, and for a pipeline those that its record does.
 */
import fs from 'node:fs';
import path from 'node:path';
import { readRegularText } from '../../io/regular-file.js';
import {
  DEFAULTS_FILE,
  parseDefaults,
  parseSchedule,
  REPORT_FILE,
  SCHEDULE_FILE,
} from '../../runtime/schedule/index.js';
import { namesOfDefaults } from './defaults.js';

/** Lies beside model_index.json: what transform put into the folder. */
export const RECORD_FILE = 'stepfold.json';

interface FolderRecord {
  readonly format: 'stepfold.folder';
  readonly version: 1;
  /** The denoiser's folder, which is the bundle. */
  readonly bundle: string;
  /** Everything but the record itself, relative, with slashes. */
  readonly files: readonly string[];
}

export function formatRecord(bundle: string, files: readonly string[]): string {
  const record: FolderRecord = { format: 'stepfold.folder', version: 1, bundle, files };
  return `${JSON.stringify(record, null, 2)}\n`;
}

/**
 * Relative paths of the files that are ours, what says so first; none where that is missing or damaged.
 */
export function ownedFiles(folder: string): Set<string> {
  const found = bundleFiles(folder);
  return found.size > 0 ? found : pipelineFilesOf(folder);
}

function bundleFiles(folder: string): Set<string> {
  const file = path.join(folder, SCHEDULE_FILE);
  try {
    const { models, weights } = parseSchedule(readRegularText(file), file);
    const names = [...Object.values(models), ...weights].map((entry) => entry.file);
    return new Set([SCHEDULE_FILE, REPORT_FILE, ...names, ...defaultsOf(folder)]);
  } catch {
    return new Set();
  }
}

function defaultsOf(folder: string): string[] {
  const file = path.join(folder, DEFAULTS_FILE);
  if (!fs.existsSync(file)) return [];
  try {
    return namesOfDefaults(parseDefaults(readRegularText(file), file));
  } catch {
    // what is damaged is still the bundle's own, but what it names is not known
    return [DEFAULTS_FILE];
  }
}

function pipelineFilesOf(folder: string): Set<string> {
  try {
    const text = readRegularText(path.join(folder, RECORD_FILE));
    const { format, version, files, bundle } = JSON.parse(text) as Partial<FolderRecord>;
    if (format !== 'stepfold.folder' || version !== 1 || !files?.every(staysInside))
      return new Set();
    // what is kept in a bundle may have been put there later
    const kept = staysInside(bundle)
      ? defaultsOf(path.join(folder, bundle)).map((name) => path.join(bundle, name))
      : [];
    return new Set([RECORD_FILE, ...files.map((name) => path.normalize(name)), ...kept]);
  } catch {
    return new Set();
  }
}

/** A record that was tampered with must not make us remove what lies elsewhere. */
const staysInside = (name: unknown): name is string =>
  typeof name === 'string' &&
  // an absolute path of another kind begins with a part of no name
  !path.win32.isAbsolute(name) &&
  name.split(/[\\/]/).every((part) => part !== '' && part !== '.' && part !== '..');

/** What is in a folder: names of its entries, or where some of ours lie deeper, of everything in it. */
export function entriesOf(folder: string, ours: ReadonlySet<string>): string[] {
  const deep = [...ours].some((name) => path.dirname(name) !== '.');
  if (!deep) return fs.readdirSync(folder);
  const folders = foldersOf(ours);
  return (fs.readdirSync(folder, { recursive: true }) as string[]).filter(
    (name) => !folders.has(name),
  );
}

/** The folders that files lie in, the deepest first. */
export function foldersOf(files: Iterable<string>): Set<string> {
  const folders = new Set<string>();
  for (const file of files)
    for (let at = path.dirname(file); at !== '.'; at = path.dirname(at)) folders.add(at);
  return new Set([...folders].sort((a, b) => b.length - a.length));
}
