/** The command lines that make what a search tried. */
import { passRequestText } from '../../../compiler/pass/index.js';
import { type Setting, stepsIn } from '../../../evidence/tune/index.js';
import { callsPerStep } from '../../../runtime/schedule/index.js';
import type { TuneArguments } from '../../commands/tune.js';
import { shellWord } from '../../shell.js';
import { samplerFlags } from './flags.js';

/** @param args of the search */
export function commandsOf(args: TuneArguments, { passes, sampler }: Setting): string[] {
  const { guidance, guidanceMode, guidanceScale, unconditional, feed } = args;
  const isPair = guidance !== undefined && guidance !== 'none';
  const pair = isPair ? ['--guidance', guidance, ...flag('guidance-mode', guidanceMode)] : [];
  const mode = isPair
    ? { order: guidance as 'cond-first', mode: guidanceMode ?? ('batch' as const) }
    : undefined;
  const line = (...words: readonly string[]) => ['stepfold', ...words].map(shellWord).join(' ');
  const loop = [
    ...samplerFlags(sampler),
    ...pair,
    ...flag('guidance-scale', guidanceScale),
    ...(unconditional ?? []).flatMap((one) => ['--unconditional', one]),
    ...(feed ?? []).flatMap((one) => ['--feed', one]),
    ...['-o', 'out'],
  ];
  if (passes.length === 0) return [line('run', args.model, ...loop)];
  const calls = stepsIn(sampler) * callsPerStep(mode);
  const requests = passes.flatMap((request) => ['--pass', passRequestText(request)]);
  return [
    line('transform', args.model, ...requests, '--calls', String(calls), ...pair, '-o', 'bundle'),
    line('run', 'bundle', ...loop),
  ];
}

const flag = (name: string, value: string | number | undefined): string[] =>
  value === undefined ? [] : [`--${name}`, String(value)];
