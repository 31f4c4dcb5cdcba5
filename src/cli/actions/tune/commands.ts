/** The command lines that make what a search tried. */
import { passRequestText } from '../../../compiler/pass/index.js';
import { type Setting, stepsIn } from '../../../evidence/tune/index.js';
import type { LoopChoice } from '../../../evidence/yardstick/index.js';
import { noisePath, solverOf } from '../../../runtime/samplers/index.js';
import { callsPerStep, type TimestepsFile } from '../../../runtime/schedule/index.js';
import { shellWord } from '../../shell.js';
import { samplerFlags } from './flags.js';
import {
  besideFlags,
  each,
  flag,
  type LoopArguments,
  loopFlags,
  pairFlags,
  roleFlags,
} from './loop-flags.js';

const [TIMESTEPS, PLAN] = ['timesteps.json', 'plan.json'];

/** @param args of the search */
export function commandsOf(args: LoopArguments, { passes, sampler, plan }: Setting): string[] {
  const { guidance, guidanceMode } = args;
  const pair =
    guidance === undefined || guidance === 'none'
      ? undefined
      : { order: guidance, mode: guidanceMode ?? 'batch' };
  const line = (...words: readonly string[]) => ['stepfold', ...words].map(shellWord).join(' ');
  const timesteps = timestepsOf(sampler);
  const listed = flag('timesteps', timesteps && TIMESTEPS);
  const files = [
    ...(timesteps ? [fileLine(timesteps, TIMESTEPS)] : []),
    ...(plan ? [fileLine(plan, PLAN)] : []),
  ];
  if (passes.length === 0)
    return [...files, line('run', args.model, ...listed, ...loopFlags(args, sampler), '-o', 'out')];
  const calls = stepsIn(sampler) * callsPerStep(pair);
  const requests = passes.flatMap((request) => flag('pass', passRequestText(request)));
  const { start, steps: _, ...rest } = sampler;
  const model = [
    ...each('shape', args.shape),
    ...each('freeze', args.freeze),
    ...roleFlags(args),
    ...each('plugin', args.plugin),
  ];
  return [
    ...files,
    line(
      ...['transform', args.model, ...requests, '--calls', String(calls)],
      ...[...samplerFlags(rest), ...flag('plan', plan && PLAN), ...listed],
      ...flag('start', typeof start === 'number' && start > 0 ? start : undefined),
      ...[...pairFlags(args), ...model, '-o', 'bundle'],
    ),
    // of the sampler the bundle says all
    line('run', 'bundle', ...besideFlags(args, sampler), '-o', 'out'),
  ];
}

/** Those that a loop lists, as a file of them. */
function timestepsOf(sampler: LoopChoice): TimestepsFile | undefined {
  const { timesteps, schedule } = sampler;
  if (!Array.isArray(timesteps)) return undefined;
  const { path } = solverOf(sampler.name);
  const { trainTimesteps } = noisePath({ path, ...(schedule as object | undefined) });
  return {
    ...{ format: 'stepfold.timesteps', version: 1 },
    ...{ steps: timesteps.length, trainTimesteps, timesteps },
  };
}

const fileLine = (content: object, file: string): string =>
  `printf %s ${shellWord(JSON.stringify(content))} > ${file}`;
