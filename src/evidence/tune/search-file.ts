/**
 * What a search is for, as a file of its folder: whoever has the folder and the model can run its trials. Inputs lie
 * beside it by their hashes; the model, which may be gigabytes, stays where it is, and is told by its hash.
 *
 *   search.json
 *   inputs/<sha256>.npy
 */
import fs from 'node:fs';
import path from 'node:path';
import { openFolder, sha256, writeFile } from '../../compiler/emit/index.js';
import type { PassTable } from '../../compiler/pass/index.js';
import { brokenTuning, otherModel, otherVersion } from '../../errors/index.js';
import { readNpy, writeNpy } from '../../io/npy.js';
import { sha256OfSamples } from '../../model/files/hash-file.js';
import type { Model } from '../../model/ir/model.js';
import { VERSION } from '../../version.js';
import type { LoopGuidance } from '../calibrate/guidance.js';
import { weightFiles } from '../calibrate/resume.js';
import type { Ort } from '../measure/engine.js';
import { type GivenFeeds, isWritten } from '../measure/loop-given.js';
import { readJson } from './folder.js';
import { hashOf } from './job.js';
import { partsAsFeeds, partsOfFeeds } from './picture-parts.js';
import { canonical } from './setting.js';
import type { WorkSubject } from './subject.js';

const FORMAT = 'stepfold.search';
const FILE = 'search.json';
const INPUTS = 'inputs';

type Given = Readonly<
  Record<string, { readonly sha256: string } | { readonly numbers: readonly number[] }>
>;

interface SearchFile {
  readonly format: typeof FORMAT;
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

/**
 * Writes a search down.
 * @returns its name: the hash of all that it is for
 * @throws WRITE_FAILED
 */
export function writeSearch(folder: string, subject: WorkSubject, model: Model): string {
  const inputs = path.join(folder, INPUTS);
  openFolder(inputs);
  const { unconditional = {}, ...guidance } = subject.guidance ?? {};
  const search: SearchFile = {
    format: FORMAT,
    version: 1,
    stepfold: VERSION,
    model: modelRecord(subject.file, model),
    ...(subject.guidance && { guidance: guidance as SearchFile['guidance'] & object }),
    feeds: keepInputs(inputs, subject.feeds),
    unconditional: keepInputs(inputs, unconditional),
    parts: keepInputs(inputs, partsAsFeeds(subject.parts)),
    seed: subject.seed,
    shapes: subject.shapes ?? {},
    freeze: subject.freeze ?? {},
    roles: subject.roles ?? {},
    plugins: pluginsOf(subject.table),
  };
  const text = canonical(search);
  writeFile(path.join(folder, FILE), new TextEncoder().encode(`${text}\n`));
  return hashOf(text);
}

export const hasSearch = (folder: string): boolean => fs.existsSync(path.join(folder, FILE));

/**
 * A search by its file, with a model that must be its own.
 * @throws TUNE_FOLDER, TUNE_VERSION, TUNE_MODEL
 */
export function readSearch(
  ort: Ort,
  folder: string,
  {
    file,
    model,
    table,
  }: { readonly file: string; readonly model: Model; readonly table: PassTable },
): { readonly subject: WorkSubject; readonly search: string } {
  const place = path.join(folder, FILE);
  const found = parse(place);
  if (found.stepfold !== VERSION) throw otherVersion(place, found.stepfold, VERSION);
  if (canonical(modelRecord(file, model)) !== canonical(found.model)) throw otherModel(place, file);
  const plugins = pluginsOf(table);
  if (canonical(plugins) !== canonical(found.plugins))
    throw brokenTuning(place, 'it is for other plugins: give those of the search as --plugin');
  const inputs = path.join(folder, INPUTS);
  const feeds = (given: Given) => readInputs(ort, inputs, place, given);
  const { guidance } = found;
  return {
    search: hashOf(canonical(found)),
    subject: {
      ...{ file, table, seed: found.seed, feeds: feeds(found.feeds) },
      ...(guidance && { guidance: { ...guidance, unconditional: feeds(found.unconditional) } }),
      ...(found.parts && { parts: partsOfFeeds(feeds(found.parts)) }),
      ...(found.shapes && { shapes: found.shapes }),
      ...(found.freeze && { freeze: found.freeze }),
      ...(found.roles && { roles: found.roles }),
    },
  };
}

const modelRecord = (file: string, model: Model): SearchFile['model'] => ({
  sha256: sha256(file),
  weights: weightFiles(model).map((one) => [fs.statSync(one).size, sha256OfSamples(one)]),
});

const pluginsOf = ({ passes }: PassTable): string[] =>
  [...new Set([...passes.values()].flatMap(({ plugin }) => plugin ?? []))].map(sha256).sort();

function keepInputs(folder: string, given: GivenFeeds): Given {
  return Object.fromEntries(
    Object.entries(given).map(([name, one]) => {
      if (isWritten(one)) return [name, { numbers: one }];
      const { type, data, dims } = one;
      const bytes = writeNpy({ type, data, dims } as Parameters<typeof writeNpy>[0]);
      const hash = hashOf(bytes);
      writeFile(path.join(folder, `${hash}.npy`), bytes);
      return [name, { sha256: hash }];
    }),
  );
}

/** What a file names is a hash, and so no path: nothing outside of the folder is read. */
function readInputs(ort: Ort, folder: string, search: string, given: Given): GivenFeeds {
  return Object.fromEntries(
    Object.entries(given).map(([name, one]) => {
      if ('numbers' in one) return [name, one.numbers];
      if (!/^[0-9a-f]{64}$/.test(one.sha256))
        throw brokenTuning(search, `names "${one.sha256}" for input "${name}", which is no hash`);
      const file = path.join(folder, `${one.sha256}.npy`);
      const bytes = fs.readFileSync(file);
      if (hashOf(bytes) !== one.sha256)
        throw brokenTuning(file, 'its content is not that of its name');
      const { type, data, dims } = readNpy(bytes, file);
      return [name, new ort.Tensor(type as 'float32', data as Float32Array, [...dims])];
    }),
  ) as GivenFeeds;
}

function parse(file: string): SearchFile {
  const found = readJson(file) as Partial<SearchFile> | null;
  const isObject = (value: unknown) => typeof value === 'object' && value !== null;
  if (found?.format !== FORMAT || typeof found.stepfold !== 'string')
    throw brokenTuning(file, 'it is no description of a search');
  if (found.version !== 1 || ![found.model, found.feeds, found.unconditional].every(isObject))
    throw brokenTuning(file, 'it is of another form');
  return found as SearchFile;
}
