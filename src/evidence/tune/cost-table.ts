/** Costs as a file: measured on one machine, for a search on another. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { sha256 } from '../../compiler/emit/index.js';
import { type PassRequest, passRequestText } from '../../compiler/pass/index.js';
import {
  costsMissing,
  costsOfOther,
  noCosts,
  type Problem,
  StepfoldError,
} from '../../errors/index.js';
import type { CostsFile } from '../../generated/costs.js';
import { costsSchema } from '../../generated/schemas.js';
import { readRegularText } from '../../io/regular-file.js';
import {
  pointer,
  printDocument,
  readDocument,
  refuseDocument,
} from '../../runtime/schedule/index.js';
import type { Bundles } from './bundles.js';
import { type Costs, type NoCost, type StepCost, sourceTime, stepCost } from './costs.js';
import { findMethods, type MethodOptions } from './methods.js';
import { canonical } from './setting.js';
import { type LoopSubject, pairOf } from './subject.js';

export type { CostsFile };

/** Costs that were measured elsewhere. */
export interface CostTable {
  /** Where they were read from. */
  readonly file: string;
  readonly content: CostsFile;
}

/** @throws COSTS_NOT_JSON, COSTS_VERSION, COSTS_INVALID */
export function parseCosts(json: unknown, file: string): CostsFile {
  const costs = readDocument('costs', json, file, costsSchema, 1);
  const problems: Problem[] = [];
  const seen = new Set<string>();
  for (const list of ['entries', 'failed'] as const)
    for (const [i, { passes }] of (costs[list] ?? []).entries()) {
      const key = canonical(passes);
      if (seen.has(key))
        problems.push({ path: pointer(list, i, 'passes'), message: 'is there more than once' });
      seen.add(key);
    }
  refuseDocument('costs', file, problems);
  return costs;
}

/** @throws COSTS_INVALID when a reader would refuse it */
export function formatCosts(costs: CostsFile, file: string): string {
  parseCosts(costs, file);
  return printDocument(costs, costsSchema);
}

/**
 * Reads costs that must be of the model and the loop at hand.
 * @throws TUNE_NO_COSTS, TUNE_COSTS, what `parseCosts` throws
 */
export function readCosts(
  file: string,
  subject: Pick<LoopSubject, 'file' | 'guidance' | 'shapes' | 'freeze'>,
): CostTable {
  if (!fs.existsSync(file)) throw noCosts(file);
  const content = parseCosts(readRegularText(file), file);
  const { model, guidance } = content;
  if (model.sha256 !== sha256(subject.file))
    throw costsOfOther(file, `of another model, "${model.file}"`, `not of "${subject.file}"`);
  const pair = pairOf(subject);
  const wordsOf = (one: typeof pair) =>
    one ? `guidance ${one.order}, ${one.mode}` : 'no guidance';
  if (canonical(guidance ?? null) !== canonical(pair ?? null))
    throw costsOfOther(
      file,
      `of a loop with ${wordsOf(guidance)}`,
      `this one has ${wordsOf(pair)}`,
    );
  for (const [what, flag] of [
    ['shapes', '--shape'],
    ['freeze', '--freeze'],
  ] as const) {
    const [found, asked] = [content[what] ?? {}, subject[what] ?? {}];
    if (canonical(found) !== canonical(asked))
      throw costsOfOther(
        file,
        `of a model with ${flag} ${JSON.stringify(found)}`,
        `here it is ${JSON.stringify(asked)}`,
      );
  }
  return { file, content };
}

export function costsFromTable({ file, content }: CostTable): Costs {
  const known = new Map<string, StepCost | NoCost>([
    ...content.entries.map(
      ({ passes, full, between }) => [canonical(passes), { full, between }] as const,
    ),
    ...(content.failed ?? []).map(({ passes, reason }) => [canonical(passes), { reason }] as const),
  ]);
  const missing = new Set<string>();
  return {
    async of(passes) {
      const found = known.get(canonical(passes));
      if (found) return found;
      missing.add(passes.map(passRequestText).join(' and '));
      return { reason: `"${file}" does not have its cost` };
    },
    settle() {
      if (missing.size > 0) throw costsMissing(file, [...missing]);
    },
  };
}

export interface MeasureOptions extends Omit<MethodOptions, 'costs'> {
  /** What to call this machine. */
  readonly machine?: string | undefined;
}

/** All that a search on this model would ask for, measured here. */
export async function measureCosts(bundles: Bundles, options: MeasureOptions): Promise<CostsFile> {
  const { subject, machine = thisMachine() } = options;
  const entries: CostsFile['entries'] = [];
  const failed: CostsFile['failed'] & object = [];
  const { milliseconds, sizes } = await sourceTime(bundles, subject.own);
  const listed = (passes: readonly PassRequest[]) =>
    passes.map(({ pass, options }) => ({ pass, options: { ...options } }));
  await findMethods(bundles, {
    ...options,
    costs: {
      async of(passes) {
        try {
          const { full, between } = await stepCost(bundles, subject.own, passes, 'measured');
          const cost = { full: rounded(full), between: rounded(between) };
          entries.push({ passes: listed(passes), ...cost });
          return cost;
        } catch (error) {
          if (!(error instanceof StepfoldError)) throw error;
          failed.push({ passes: listed(passes), reason: error.message });
          return { reason: error.message };
        }
      },
      settle() {},
    },
  });
  const { guidance, shapes, freeze } = { ...subject, guidance: pairOf(subject) };
  return {
    format: 'stepfold.costs',
    version: 1,
    model: { file: path.basename(subject.file), sha256: sha256(subject.file) },
    machine,
    ...(guidance && { guidance }),
    ...(isGiven(shapes) && {
      shapes: Object.fromEntries(Object.entries(shapes).map(([name, sizes]) => [name, [...sizes]])),
    }),
    ...(isGiven(freeze) && { freeze: { ...freeze } }),
    source: { milliseconds: rounded(milliseconds), sizes: { ...sizes } },
    entries,
    ...(failed.length > 0 && { failed }),
  };
}

const isGiven = <T extends object>(given: T | undefined): given is T =>
  given !== undefined && Object.keys(given).length > 0;

const rounded = (value: number): number => Number(value.toPrecision(5));

function thisMachine(): string {
  const processors = os.cpus();
  const name = processors[0]?.model.trim() || os.arch();
  return `${processors.length} x ${name}, ${os.type()} ${os.arch()}, Node ${process.version}`;
}
