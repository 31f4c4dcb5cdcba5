/**
 * Searches that survive an interruption (Node only). After each call the decided rows are written
 * beside the plan, together with what the search was for; the same search goes on from there by
 * running the decided calls again, which costs one evaluation each, and any other is refused.
 */
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import type { Tensor } from 'onnxruntime-common';
import { sha256, writeFile } from '../../compiler/emit/index.js';
import { brokenPartial, otherSearch } from '../../errors/index.js';
import { readRegularText } from '../../io/regular-file.js';
import type { Model } from '../../model/ir/model.js';
import { VERSION } from '../../version.js';
import { type GivenFeeds, isWritten } from '../measure/loop-given.js';
import type { SearchMemory } from './full-calls/memo.js';
import type { DecidedCall } from './search.js';

/** What a search is for, by the names that messages use. */
export type SearchIdentity = Readonly<Record<string, string>>;

export interface PartialSearch {
  readonly decided: readonly DecidedCall[];
  /** What a search of full steps has measured. */
  readonly measured?: SearchMemory;
  /** Seconds that the search has taken. */
  readonly seconds: number;
}

export const partialFile = (plan: string): string => `${plan}.partial.json`;

const FORMAT = 'stepfold.calibration-partial';
const VERSION_OF_FORMAT = 1;

/**
 * The identity of a search: model, options and inputs. The model's external data are taken by size
 * and time of change, since hashing gigabytes would take longer than the start of a search should.
 * @param options everything else that the plan depends on
 */
export function searchIdentity(
  modelFile: string,
  model: Model,
  options: Readonly<Record<string, unknown>>,
  inputs: Readonly<Record<string, GivenFeeds | undefined>>,
): SearchIdentity {
  return {
    model: digest([sha256(modelFile), ...weightFiles(model).map(stamp)]),
    stepfold: VERSION,
    ...Object.fromEntries(
      Object.entries(options).map(([name, value]) => [name, JSON.stringify(value) ?? 'none']),
    ),
    ...Object.fromEntries(
      Object.entries(inputs).map(([name, feeds]) => [
        name,
        digest(Object.entries(feeds ?? {}).map(([input, given]) => `${input} ${digestOf(given)}`)),
      ]),
    ),
  };
}

/**
 * The calls that an interrupted search of the same identity has decided; none where there was none.
 * @throws CALIBRATE_OTHER_SEARCH, CALIBRATE_PARTIAL
 */
export function readPartial(plan: string, identity: SearchIdentity): PartialSearch {
  const file = partialFile(plan);
  if (!fs.existsSync(file)) return { decided: [], seconds: 0 };
  const { search, decided, measured, seconds } = parse(file);
  const names = new Set([...Object.keys(search), ...Object.keys(identity)]);
  const differs = [...names].filter((name) => search[name] !== identity[name]);
  if (differs.length > 0) throw otherSearch(file, differs);
  return { decided, ...(measured && { measured }), seconds };
}

/** @throws WRITE_FAILED */
export function writePartial(plan: string, search: SearchIdentity, partial: PartialSearch): void {
  const text = JSON.stringify({
    format: FORMAT,
    version: VERSION_OF_FORMAT,
    search,
    ...partial,
  });
  writeFile(partialFile(plan), new TextEncoder().encode(`${text}\n`));
}

export function removePartial(plan: string): void {
  fs.rmSync(partialFile(plan), { force: true });
}

function parse(file: string): PartialSearch & { search: SearchIdentity } {
  let document: Record<string, unknown> | null;
  try {
    document = JSON.parse(readRegularText(file));
  } catch (error) {
    throw brokenPartial(file, `it cannot be read (${(error as Error).message})`);
  }
  const { format, version, search, decided, measured, seconds } = document ?? {};
  const whole =
    Array.isArray(decided) &&
    decided.every(isDecided) &&
    (measured === undefined || isMeasured(measured)) &&
    typeof seconds === 'number' &&
    typeof search === 'object';
  if (format !== FORMAT || version !== VERSION_OF_FORMAT || !whole || !search)
    throw brokenPartial(file, 'it is something else');
  return {
    search: search as SearchIdentity,
    decided,
    ...(measured !== undefined && { measured: measured as SearchMemory }),
    seconds,
  };
}

/** Whether sites and strategies of those names exist is known only beside the model. */
function isDecided(call: unknown): call is DecidedCall {
  const { row, losses, attempts, evaluations } = (call ?? {}) as Partial<DecidedCall>;
  return (
    Array.isArray(row) &&
    row.every((strategy) => typeof strategy === 'string') &&
    Array.isArray(losses) &&
    losses.length === row.length &&
    losses.every((loss) => loss === null || typeof loss === 'number') &&
    typeof attempts === 'number' &&
    typeof evaluations === 'number'
  );
}

const isMeasured = (measured: unknown): measured is SearchMemory =>
  typeof measured === 'object' &&
  measured !== null &&
  Object.values(measured).every(
    (values) => Array.isArray(values) && values.every((value) => typeof value === 'number'),
  );

const digest = (texts: readonly string[]): string =>
  createHash('sha256').update(texts.join('\n')).digest('hex');

function digestOf(given: Tensor | readonly number[]): string {
  if (isWritten(given)) return given.join();
  const { type, dims, data } = given;
  const { buffer, byteOffset, byteLength } = data as Float32Array;
  const bytes = new Uint8Array(buffer, byteOffset, byteLength);
  return `${type} ${dims.join()} ${createHash('sha256').update(bytes).digest('hex')}`;
}

/** Files that hold weights of the model, each once. */
export function weightFiles({ graph }: Model): string[] {
  const files = new Set<string>();
  for (const { initializer } of graph.initializers)
    if (initializer?.data.kind === 'external') {
      const { files: folder, location } = initializer.data;
      const file = folder?.open(location, initializer.name ?? '').path;
      if (file !== undefined) files.add(file);
    }
  return [...files].sort();
}

function stamp(file: string): string {
  const { size, mtimeMs } = fs.statSync(file);
  return `${size} ${mtimeMs}`;
}
