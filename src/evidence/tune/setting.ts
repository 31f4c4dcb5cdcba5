/** One way to make pictures: a loop, and the passes that leave work out of it. */
import { type PassRequest, passRequestText } from '../../compiler/pass/index.js';
import { samplerFrom } from '../../runtime/samplers/index.js';
import type { PlanFile } from '../../runtime/schedule/index.js';
import type { LoopChoice } from '../yardstick/index.js';

export interface Setting {
  /** What it is one of: settings that differ in their numbers alone. */
  readonly family: string;
  /** None: fewer steps, and nothing else. */
  readonly passes: readonly PassRequest[];
  readonly sampler: LoopChoice;
  /** In place of what the passes propose; placed in the loop where it is for another. */
  readonly plan?: PlanFile;
  /** Where it comes from, if from anywhere but the search: for people, and no part of what it is. */
  readonly origins?: readonly string[];
}

/** As JSON has it, with names in order, so that what is the same is written the same. */
export const canonical = (value: unknown): string =>
  JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );

/** The same for settings that give the same pictures. */
export const keyOf = ({ passes, sampler, plan }: Made): string =>
  canonical({ passes: passes.map(({ pass, options }) => [pass, options]), sampler, plan });

/** All that pictures depend on. */
export type Made = Pick<Setting, 'passes' | 'sampler' | 'plan'>;

/** The same for settings that one bundle serves. */
export const bundleKeyOf = (setting: Setting): string => {
  const { passes, sampler, plan } = setting;
  const isList = passes.some(({ options }) => options['full'] !== undefined);
  const isPlaced = passes.some(({ options }) => options['axis'] !== undefined);
  return canonical([
    passes.map(({ pass, options }) => [pass, options]),
    isPlaced || sampler['timesteps'] ? sampler : isList || plan ? stepsIn(sampler) : 'any',
    plan ?? null,
  ]);
};

export const samplerIn = ({ name, ...options }: LoopChoice) => samplerFrom(name, options);

/** Steps that are taken, each a call or two. */
export const stepsIn = (choice: LoopChoice): number => samplerIn(choice).timesteps.length;

/** As people call a loop: `25 steps of deis, order 3, karras`. */
export function loopTitle(choice: LoopChoice): string {
  const { name, order, levels, spacing, timesteps, schedule, steps } = choice;
  const shift = (schedule as { readonly shift?: number } | undefined)?.shift;
  const parts = [
    name,
    ...(order === undefined ? [] : [`order ${order}`]),
    ...(levels !== undefined && levels !== 'spaced' ? [String(levels)] : []),
    ...(spacing === undefined ? [] : [String(spacing)]),
    ...(timesteps === undefined ? [] : ['at timesteps of its own']),
    ...(shift === undefined ? [] : [`shift ${shift}`]),
  ];
  return `${steps} steps of ${parts.join(', ')}`;
}

export function settingTitle({ passes, sampler, origins = [] }: Setting): string {
  const loop = loopTitle(sampler);
  const from = origins.length > 0 ? ` (${origins.join('; ')})` : '';
  return passes.length === 0
    ? `${loop}${from}`
    : `${passes.map(passRequestText).join(' and ')} in ${loop}${from}`;
}
