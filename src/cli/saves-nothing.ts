/**
 * Whether a bundle computes as much as its source at every call, why, and what to do next: a plan that was not
 * searched yet looks like any other bundle, and would be measured and shipped as one.
 */
import type { BundleRecord } from '../compiler/emit/index.js';
import { type PassTable, passRequestText } from '../compiler/pass/index.js';
import { COMPUTE } from '../compiler/plan/index.js';
import { callsOf } from '../runtime/schedule/index.js';
import { shellWord } from './shell.js';

export interface SavesNothing {
  readonly why: string;
  /** A command line. */
  readonly next: string;
}

/** @param given as on the command line: what a search or another transform of the same model is given too */
export function savesNothing(
  { schedule, report }: BundleRecord,
  { passes }: PassTable,
  given: {
    readonly model: string;
    readonly output: string;
    readonly plan?: string | undefined;
    readonly plugin?: readonly string[] | undefined;
  },
): SavesNothing | undefined {
  const { source, sites = {} } = schedule;
  // models that are only rewritten for an engine are not meant to leave anything out
  if (report.passes.length === 0) return undefined;
  const macs = schedule.cost?.macs?.convention.all;
  const computes = Object.values(sites).every(({ strategies }) =>
    strategies.every((name) => name === COMPUTE),
  );
  if (!computes && !(macs && macs.perCall >= macs.source)) return undefined;

  const model = shellWord(given.model);
  const requests = report.passes.map((request) => `--pass ${shellWord(passRequestText(request))}`);
  const plugins = (given.plugin ?? []).map((file) => `--plugin ${shellWord(file)}`);
  const loop = (calls: number) =>
    [
      ...requests,
      ...plugins,
      `--calls ${calls}`,
      ...(source.guidance
        ? [`--guidance ${source.guidance.order} --guidance-mode ${source.guidance.mode}`]
        : []),
    ].join(' ');
  if (callsOf(schedule).length === 1)
    return {
      why: 'it is for a loop of one call, which can take nothing over from one before',
      next: `stepfold transform ${model} ${loop(20)} -o ${shellWord(given.output)} --force`,
    };
  if (!computes)
    return {
      why: 'what its strategies do in place of computing costs as much',
      next: `stepfold inspect ${model}`,
    };
  const searched = report.passes.find(({ pass }) => passes.get(pass)?.calibration);
  if (searched)
    return {
      why:
        given.plan === undefined
          ? `every call computes everything. ${searched.pass} leaves out what a search finds`
          : 'its plan computes everything at every call; search again, with a larger threshold',
      next: `stepfold calibrate ${model} ${loop(callsOf(schedule).length)}${source.guidance ? ' --guidance-scale 4 --unconditional INPUT=FILE.npy' : ''} -o plan.json`,
    };
  return {
    why: 'its plan computes everything at every call',
    next: ['stepfold passes', report.passes[0]!.pass, ...plugins].join(' '),
  };
}
