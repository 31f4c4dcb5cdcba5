/** The command lines that make what a search tried. */
import { passRequestText } from '../../../compiler/pass/index.js';
import { type Setting, stepsIn } from '../../../evidence/tune/index.js';
import { callsPerStep } from '../../../runtime/schedule/index.js';
import type { TuneArguments } from '../../commands/tune.js';
import { shellWord } from '../../shell.js';
import { samplerFlags } from './flags.js';

/** @param args of the search */
export function commandsOf(args: TuneArguments, { passes, sampler }: Setting): string[] {
  const { guidance, guidanceMode, guidanceScale, guidanceInterval, guidanceRescale } = args;
  const isPair = guidance !== undefined && guidance !== 'none';
  const pair = isPair ? ['--guidance', guidance, ...flag('guidance-mode', guidanceMode)] : [];
  const mode = isPair
    ? { order: guidance as 'cond-first', mode: guidanceMode ?? ('batch' as const) }
    : undefined;
  const roles = [...flag('latent', args.latent), ...flag('timestep', args.timestep)];
  const sizes = [...each('shape', args.shape), ...each('freeze', args.freeze)];
  const line = (...words: readonly string[]) => ['stepfold', ...words].map(shellWord).join(' ');
  const loop = [
    ...samplerFlags(sampler),
    ...pair,
    ...flag('guidance-scale', guidanceScale),
    ...flag('guidance-interval', guidanceInterval),
    ...flag('guidance-rescale', guidanceRescale),
    ...each('unconditional', args.unconditional),
    ...each('feed', args.feed),
    ...roles,
    ...['-o', 'out'],
  ];
  if (passes.length === 0) return [line('run', args.model, ...loop)];
  const calls = stepsIn(sampler) * callsPerStep(mode);
  const requests = passes.flatMap((request) => ['--pass', passRequestText(request)]);
  return [
    line(
      ...['transform', args.model, ...requests, '--calls', String(calls)],
      ...[...pair, ...sizes, ...roles, '-o', 'bundle'],
    ),
    line('run', 'bundle', ...loop),
  ];
}

const flag = (name: string, value: string | number | undefined): string[] =>
  value === undefined ? [] : [`--${name}`, String(value)];

const each = (name: string, values: readonly string[] = []): string[] =>
  values.flatMap((value) => [`--${name}`, value]);
