/** The command lines that make what a search tried. */
import { passRequestText } from '../../../compiler/pass/index.js';
import { type Setting, stepsIn } from '../../../evidence/tune/index.js';
import { callsPerStep } from '../../../runtime/schedule/index.js';
import type { TuneArguments } from '../../commands/tune.js';
import { shellWord } from '../../shell.js';
import { samplerFlags } from './flags.js';

/** What a search was told of conditions and guidance, for whoever runs its loop. */
export const conditionFlags = (args: TuneArguments): string[] => [
  ...pairFlags(args),
  ...flag('guidance-scale', args.guidanceScale),
  ...flag('guidance-interval', args.guidanceInterval),
  ...flag('guidance-rescale', args.guidanceRescale),
  ...each('unconditional', args.unconditional),
  ...each('feed', args.feed),
  ...roleFlags(args),
];

const roleFlags = (args: TuneArguments): string[] => [
  ...flag('latent', args.latent),
  ...flag('timestep', args.timestep),
];

const isPair = ({ guidance }: TuneArguments): boolean =>
  guidance !== undefined && guidance !== 'none';

const pairFlags = (args: TuneArguments): string[] =>
  isPair(args)
    ? [...flag('guidance', args.guidance), ...flag('guidance-mode', args.guidanceMode)]
    : [];

/** @param args of the search */
export function commandsOf(args: TuneArguments, { passes, sampler }: Setting): string[] {
  const { guidance, guidanceMode } = args;
  const mode = isPair(args)
    ? { order: guidance as 'cond-first', mode: guidanceMode ?? ('batch' as const) }
    : undefined;
  const sizes = [...each('shape', args.shape), ...each('freeze', args.freeze)];
  const line = (...words: readonly string[]) => ['stepfold', ...words].map(shellWord).join(' ');
  const loop = [...conditionFlags(args), '-o', 'out'];
  if (passes.length === 0) return [line('run', args.model, ...samplerFlags(sampler), ...loop)];
  const { steps: _, ...rest } = sampler;
  const calls = stepsIn(sampler) * callsPerStep(mode);
  const requests = passes.flatMap((request) => ['--pass', passRequestText(request)]);
  return [
    line(
      ...['transform', args.model, ...requests, '--calls', String(calls), ...samplerFlags(rest)],
      ...[...pairFlags(args), ...sizes, ...roleFlags(args), '-o', 'bundle'],
    ),
    line('run', 'bundle', ...loop),
  ];
}

const flag = (name: string, value: string | number | undefined): string[] =>
  value === undefined ? [] : [`--${name}`, String(value)];

const each = (name: string, values: readonly string[] = []): string[] =>
  values.flatMap((value) => [`--${name}`, value]);
