/** What a search is for, as JSON says it: anybody may have written it. */
import { brokenTuning, otherVersion } from '../../errors/index.js';
import { VERSION } from '../../version.js';
import type { LoopGuidance } from '../calibrate/guidance.js';
import { hashOf } from './job.js';
import { type Fields, isListOf, isNumber, isObject, isRecordOf, isText } from './json.js';
import { canonical } from './setting.js';
import type { WorkSubject } from './subject.js';

export const SEARCH_FORMAT = 'stepfold.search';

export type Given = Readonly<
  Record<string, { readonly sha256: string } | { readonly numbers: readonly number[] }>
>;

export interface SearchFile {
  readonly format: typeof SEARCH_FORMAT;
  readonly version: 1;
  readonly stepfold: string;
  readonly model: {
    readonly sha256: string;
    /** Of each file of weights: its size, and a hash of samples. */
    readonly weights: readonly (readonly [bytes: number, samples: string])[];
  };
  readonly guidance?: Omit<LoopGuidance, 'unconditional'>;
  readonly feeds: Given;
  readonly unconditional: Given;
  /** Pictures to start from. */
  readonly parts?: Given;
  readonly seed: number;
  readonly shapes: WorkSubject['shapes'];
  readonly freeze: WorkSubject['freeze'];
  readonly roles: WorkSubject['roles'];
  /** Hashes of modules that passes come from beside those of this package. */
  readonly plugins: readonly string[];
}

/** @throws TUNE_FOLDER, TUNE_VERSION */
export function parseSearch(
  found: unknown,
  place: string,
): { readonly found: SearchFile; readonly search: string } {
  if (
    !isObject(found) ||
    found['format'] !== SEARCH_FORMAT ||
    typeof found['stepfold'] !== 'string'
  )
    throw brokenTuning(place, 'it is no description of a search');
  // another version may well write other fields
  if (found['stepfold'] !== VERSION) throw otherVersion(place, found['stepfold'], VERSION);
  if (!isSearch(found)) throw brokenTuning(place, 'it is of another form');
  return { found, search: hashOf(canonical(found)) };
}

function isSearch(found: Fields): found is Fields & SearchFile {
  const { version, model, guidance, feeds, unconditional, parts, seed, plugins } = found;
  return (
    version === 1 &&
    isObject(model) &&
    (guidance === undefined || (isObject(guidance) && isNumber(guidance['scale'] ?? 1))) &&
    [feeds, unconditional, parts ?? {}].every((given) => isRecordOf(given, isGiven)) &&
    isNumber(seed) &&
    isRecordOf(found['shapes'], (sizes) => isListOf(sizes, isNumber)) &&
    isRecordOf(found['freeze'], isNumber) &&
    isRecordOf(found['roles'], isText) &&
    isListOf(plugins, isText)
  );
}

const isGiven = (given: unknown): boolean =>
  isObject(given) &&
  ('numbers' in given ? isListOf(given['numbers'], isNumber) : isText(given['sha256']));
