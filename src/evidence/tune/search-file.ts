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
import { brokenTuning, otherModel } from '../../errors/index.js';
import { readNpy, writeNpy } from '../../io/npy.js';
import { sha256OfSamples } from '../../model/files/hash-file.js';
import type { Model } from '../../model/ir/model.js';
import { VERSION } from '../../version.js';
import { weightFiles } from '../calibrate/resume.js';
import type { Ort } from '../measure/engine.js';
import { type GivenFeeds, isWritten } from '../measure/loop-given.js';
import { hashOf } from './job.js';
import { parseJson, readJson } from './json.js';
import { partsAsFeeds, partsOfFeeds } from './picture-parts.js';
import { type Given, parseSearch, SEARCH_FORMAT, type SearchFile } from './search-format.js';
import { canonical } from './setting.js';
import type { WorkSubject } from './subject.js';

const FILE = 'search.json';
const INPUTS = 'inputs';

/** A search as it is written down, and sent. */
export interface WrittenSearch {
  /** Its name: the SHA-256 of all that it is for, as `text` says it. */
  readonly id: string;
  readonly text: string;
  /** Arrays that it takes, as `.npy`, by the SHA-256 of their bytes. */
  readonly inputs: ReadonlyMap<string, Uint8Array>;
}

export function describeSearch(subject: WorkSubject, model: Model): WrittenSearch {
  const inputs = new Map<string, Uint8Array>();
  const { unconditional = {}, ...guidance } = subject.guidance ?? {};
  const search: SearchFile = {
    format: SEARCH_FORMAT,
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
  return { id: hashOf(text), text, inputs };
}

/** @throws WRITE_FAILED */
export function writeSearch(folder: string, { text, inputs }: WrittenSearch): void {
  openFolder(path.join(folder, INPUTS));
  for (const [hash, bytes] of inputs) writeFile(inputIn(folder, hash), bytes);
  writeFile(path.join(folder, FILE), new TextEncoder().encode(`${text}\n`));
}

const inputIn = (folder: string, hash: string): string => path.join(folder, INPUTS, `${hash}.npy`);

export const hasSearch = (folder: string): boolean => fs.existsSync(path.join(folder, FILE));

/** What a worker has of its own. */
export interface WorkerModel {
  readonly file: string;
  readonly model: Model;
  readonly table: PassTable;
}

/**
 * The search of a folder, with a model that must be its own.
 * @throws TUNE_FOLDER, TUNE_VERSION, TUNE_MODEL
 */
export async function readSearch(
  ort: Ort,
  folder: string,
  own: WorkerModel,
): Promise<{ readonly subject: WorkSubject; readonly search: string }> {
  const place = path.join(folder, FILE);
  const { search, found } = parseSearch(readJson(place), place);
  const inputs = async (hash: string) => fs.readFileSync(inputIn(folder, hash));
  return { search, subject: await subjectOf(ort, found, place, own, inputs) };
}

/**
 * A search that somebody has sent, with a model that must be its own.
 * @param id what its hash must be
 * @param place what messages call it
 * @param inputs its arrays by their hashes, which are checked
 * @throws TUNE_FOLDER, TUNE_VERSION, TUNE_MODEL, and what `inputs` throws
 */
export async function openSearch(
  ort: Ort,
  { id, text, place }: { readonly id: string; readonly text: string; readonly place: string },
  own: WorkerModel,
  inputs: (hash: string) => Promise<Uint8Array>,
): Promise<WorkSubject> {
  if (hashOf(text) !== id) throw brokenTuning(place, 'its content is not that of its name');
  const { found } = parseSearch(parseJson(text, place), place);
  return subjectOf(ort, found, place, own, inputs);
}

async function subjectOf(
  ort: Ort,
  found: SearchFile,
  place: string,
  { file, model, table }: WorkerModel,
  inputs: (hash: string) => Promise<Uint8Array>,
): Promise<WorkSubject> {
  if (canonical(modelRecord(file, model)) !== canonical(found.model)) throw otherModel(place, file);
  if (canonical(pluginsOf(table)) !== canonical(found.plugins))
    throw brokenTuning(place, 'it is for other plugins: give those of the search as --plugin');
  const feeds = (given: Given) => readInputs(ort, place, given, inputs);
  const { guidance } = found;
  return {
    ...{ file, table, seed: found.seed, feeds: await feeds(found.feeds) },
    ...(guidance && {
      guidance: { ...guidance, unconditional: await feeds(found.unconditional) },
    }),
    ...(found.parts && { parts: partsOfFeeds(await feeds(found.parts)) }),
    ...(found.shapes && { shapes: found.shapes }),
    ...(found.freeze && { freeze: found.freeze }),
    ...(found.roles && { roles: found.roles }),
  };
}

const modelRecord = (file: string, model: Model): SearchFile['model'] => ({
  sha256: sha256(file),
  weights: weightFiles(model).map((one) => [fs.statSync(one).size, sha256OfSamples(one)]),
});

const pluginsOf = ({ passes }: PassTable): string[] =>
  [...new Set([...passes.values()].flatMap(({ plugin }) => plugin ?? []))].map(sha256).sort();

function keepInputs(inputs: Map<string, Uint8Array>, given: GivenFeeds): Given {
  return Object.fromEntries(
    Object.entries(given).map(([name, one]) => {
      if (isWritten(one)) return [name, { numbers: one }];
      const { type, data, dims } = one;
      const bytes = writeNpy({ type, data, dims } as Parameters<typeof writeNpy>[0]);
      const hash = hashOf(bytes);
      inputs.set(hash, bytes);
      return [name, { sha256: hash }];
    }),
  );
}

/** What a search names is a hash, and so no path: nothing outside of its folder is read. */
async function readInputs(
  ort: Ort,
  place: string,
  given: Given,
  inputs: (hash: string) => Promise<Uint8Array>,
): Promise<GivenFeeds> {
  const read = async (name: string, one: Given[string]): Promise<GivenFeeds[string]> => {
    if ('numbers' in one) return one.numbers;
    if (!/^[0-9a-f]{64}$/.test(one.sha256))
      throw brokenTuning(place, `names "${one.sha256}" for input "${name}", which is no hash`);
    const bytes = await inputs(one.sha256);
    const file = `${one.sha256}.npy`;
    if (hashOf(bytes) !== one.sha256)
      throw brokenTuning(file, 'its content is not that of its name');
    const { type, data, dims } = readNpy(bytes, file);
    return new ort.Tensor(type as 'float32', data as Float32Array, [...dims]);
  };
  return Object.fromEntries(
    await Promise.all(
      Object.entries(given).map(async ([name, one]) => [name, await read(name, one)] as const),
    ),
  );
}
