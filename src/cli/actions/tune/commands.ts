/** The command lines that make what a search tried. */
import { passRequestText } from '../../../compiler/pass/index.js';
import { type Setting, stepsIn } from '../../../evidence/tune/index.js';
import { callsPerStep } from '../../../runtime/schedule/index.js';
import type { TuneArguments } from '../../commands/tune.js';
import { shellWord } from '../../shell.js';
import { each, flag, loopFlags, pairFlags } from './loop-flags.js';

/** @param args of the search */
export function commandsOf(args: TuneArguments, { passes, sampler }: Setting): string[] {
  const { guidance, guidanceMode } = args;
  const pair =
    guidance === undefined || guidance === 'none'
      ? undefined
      : { order: guidance, mode: guidanceMode ?? 'batch' };
  const line = (...words: readonly string[]) => ['stepfold', ...words].map(shellWord).join(' ');
  const loop = [...loopFlags(args, sampler), '-o', 'out'];
  if (passes.length === 0) return [line('run', args.model, ...loop)];
  const calls = stepsIn(sampler) * callsPerStep(pair);
  const requests = passes.flatMap((request) => flag('pass', passRequestText(request)));
  const { start } = sampler;
  const model = [
    ...each('shape', args.shape),
    ...each('freeze', args.freeze),
    ...flag('latent', args.latent),
    ...flag('timestep', args.timestep),
    ...each('plugin', args.plugin),
  ];
  return [
    line(
      ...['transform', args.model, ...requests, '--calls', String(calls)],
      ...flag('start', typeof start === 'number' && start > 0 ? start : undefined),
      ...[...pairFlags(args), ...model, '-o', 'bundle'],
    ),
    line('run', 'bundle', ...loop),
  ];
}
