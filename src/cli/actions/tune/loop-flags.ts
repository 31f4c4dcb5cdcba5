/** A loop of a search as the command line of `run` has it: sampler, guidance, inputs and pictures. */
import type { LoopChoice } from '../../../evidence/yardstick/index.js';
import { type PathName, solverOf } from '../../../runtime/samplers/index.js';
import type { TuneArguments } from '../../commands/tune.js';
import { samplerFlags } from './flags.js';

/** What of a command line says how loops are made. */
export type LoopArguments = Partial<TuneArguments> & Pick<TuneArguments, 'model'>;

export const flag = (name: string, value: string | number | undefined): string[] =>
  value === undefined ? [] : [`--${name}`, String(value)];

export const each = (name: string, values: readonly string[] | undefined): string[] =>
  (values ?? []).flatMap((value) => flag(name, value));

/** How both halves of a pair are made. */
export const pairFlags = ({ guidance, guidanceMode }: LoopArguments): string[] =>
  guidance === undefined || guidance === 'none'
    ? []
    : [...flag('guidance', guidance), ...flag('guidance-mode', guidanceMode)];

/** What of the loop is not its sampler. */
export const besideFlags = (args: LoopArguments, sampler: LoopChoice): string[] => [
  ...pairFlags(args),
  ...flag('guidance-scale', args.guidanceScale),
  ...flag('guidance-interval', args.guidanceInterval),
  ...flag('guidance-rescale', args.guidanceRescale),
  ...each('unconditional', args.unconditional),
  ...each('feed', args.feed),
  ...roleFlags(args),
  ...flag('embedded-guidance', args.embeddedGuidance),
  ...pictureFlags(args, sampler),
];

/** Which inputs are the latent and the timestep, where the graph does not say. */
export const roleFlags = ({ latent, timestep }: LoopArguments): string[] => [
  ...flag('latent', latent),
  ...flag('timestep', timestep),
];

function pictureFlags({ init, mask }: LoopArguments, sampler: LoopChoice): string[] {
  const { start } = sampler;
  const strength = typeof start === 'number' && start > 0 ? strengthOf(sampler) : undefined;
  return [...flag('init', init), ...flag('strength', strength), ...flag('mask', mask)];
}

/** The strength under which just these steps are taken: by a little more or less, as the path rounds. */
function strengthOf(sampler: LoopChoice): number {
  const path =
    (sampler['schedule'] as { readonly path?: PathName } | undefined)?.path ??
    solverOf(sampler.name).path;
  const made = sampler.steps - Number(sampler['start']);
  const part = (made + (path === 'flow' ? -0.01 : 0.01)) / sampler.steps;
  return Math.min(1, Number(part.toFixed(6)));
}

export const loopFlags = (args: LoopArguments, sampler: LoopChoice): string[] => [
  ...samplerFlags(sampler),
  ...besideFlags(args, sampler),
];
