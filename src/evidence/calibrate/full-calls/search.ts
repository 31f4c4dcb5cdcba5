/** All that a search of full steps runs on, checked and opened: variants, their models, the loops of both halves. */
import { checkWeights } from '../../../compiler/emit/weights.js';
import {
  checkOptions,
  type FullStepsRule,
  type Pass,
  type PassContext,
  passContext,
} from '../../../compiler/pass/index.js';
import { prepare } from '../../../compiler/pipeline/prepare.js';
import { badFullCalls, partsNotSearched, passNotSearched } from '../../../errors/index.js';
import type { Model } from '../../../model/ir/model.js';
import type { Sampler } from '../../../runtime/samplers/index.js';
import { callsPerStep, stepsOfCalls } from '../../../runtime/schedule/index.js';
import { modelPorts } from '../../measure/denoise-bundle.js';
import { loadOrt } from '../../measure/engine.js';
import { engineOptions } from '../../measure/engine-options.js';
import { tableRows } from '../../measure/labels.js';
import { settleLoop } from '../../measure/loop-inputs.js';
import type { LoopParts } from '../../measure/loop-parts.js';
import { settleParts } from '../../measure/settled-parts.js';
import { type CalibrateOptions, checkLoop, type SamplerChoice, samplerOf } from '../calibrate.js';
import { loopSettings } from '../conditions.js';
import { type ImageHalf, imageHalves } from './halves.js';
import type { SearchMemory } from './memo.js';
import type { PlacementRule } from './placement-rules.js';
import { openPrograms, type ProgramSources } from './programs.js';
import { type OpenVariant, StepLoop } from './step-loop.js';
import { proposeVariant, type Variant, variantOptions } from './variants.js';

/** Full steps, or a threshold of the rule's own. */
export type Asked = { readonly full: number } | { readonly threshold: number };

export interface PlaceOptions<O = Record<string, unknown>>
  extends Omit<
    CalibrateOptions<O>,
    'search' | 'recorded' | 'decided' | 'onCall' | 'onProgress' | 'options'
  > {
  /** The pass's options but for which steps are full; `order` and `basis` are tried where they are left out. */
  readonly options?: Readonly<Record<string, unknown>>;
  readonly asked: Asked;
  /** Default `end-error`. */
  readonly rule?: PlacementRule;
  /** What an interrupted search of the same kind has measured. */
  readonly measured?: SearchMemory;
  /** Default true: what fewer steps come to at the same cost. */
  readonly yardstick?: boolean;
  readonly onMeasured?: (measured: () => SearchMemory) => void;
  /** Called when everything has been checked, with the evaluations that the yardstick will take. */
  readonly onStart?: (yardstick: number) => void;
  /** Called after each step, with the expected share of all work. */
  readonly onProgress?: (done: number, what: string) => void;
}

export interface OpenSearch<O> {
  readonly pass: Pass<O> & { readonly fullSteps: FullStepsRule };
  readonly context: PassContext;
  /** Of the whole loop, where `context` is of the steps that are searched. */
  readonly wholeContext: PassContext;
  /** Those that are searched, and those that are left out before them. */
  readonly steps: number;
  readonly left: number;
  readonly sources: ProgramSources;
  readonly opened: readonly OpenVariant[];
  /** Images to choose on, and images to judge by. */
  readonly halves: readonly [fit: ImageHalf, judged: ImageHalf];
  /** A loop on one of the halves. */
  loopOn(half: ImageHalf, onStep?: () => void): Promise<StepLoop>;
  release(): Promise<void>;
}

/** @throws what `placeFullCalls` throws before anything is run */
export async function openSearch<O>(source: Model, given: PlaceOptions<O>): Promise<OpenSearch<O>> {
  const { calls, guidance, asked, seed = 0, samples = 8 } = given;
  const { fullSteps } = given.pass;
  if (!fullSteps) throw passNotSearched(given.pass.name, []);
  const pass = { ...given.pass, fullSteps };
  checkLoop(given);
  refuseParts(given.parts);
  const all = stepsOfCalls(calls, guidance);
  const sampler = samplerOf(given.sampler, all);
  const { firstCall: left } = sampler;
  const steps = all - left;
  if ('full' in asked && !(asked.full >= 1 && asked.full <= steps))
    throw badFullCalls(asked.full, 1, steps);
  const choices = variantOptions(pass, given.options ?? {});
  checkWeights(source);
  const prepared = await prepare(source, given);
  const { canonical, shapes, bindings, roles } = prepared;
  const contextOf = (count: number, places: Sampler) => {
    const made = count * callsPerStep(guidance);
    return passContext(canonical, shapes, made, bindings, guidance, roles, places);
  };
  const context = contextOf(steps, sampler);
  const { start: _, ...choice } = given.sampler ?? { name: 'ddim' };
  const wholeContext =
    left === 0 ? context : contextOf(all, samplerOf(choice as SamplerChoice, all));
  pass.prepare?.(context, checkOptions(pass, fullSteps.at(choices[0]!, [0])));
  const variants = choices.map((options) => proposeVariant(pass, options, context));
  const ort = await loadOrt();
  const inputs = { feeds: given.feeds ?? {}, roles: {} };
  const settled = settleParts(modelPorts(prepared), inputs, given.parts, left);
  const halves = imageHalves(settled.ports, {
    ort: ort as never,
    samples,
    mode: guidance?.mode,
    feeds: settled.feeds,
    controlled: settled.controlled,
    parts: settled.parts,
    unconditional: guidance?.unconditional ?? {},
    seed,
    classes: tableRows(canonical.graph),
  });
  const sources: ProgramSources = {
    ort,
    model: canonical,
    shapes,
    bindings,
    callsPerStep: callsPerStep(guidance),
    steps,
    sessionOptions: engineOptions(given.sessionOptions),
  };
  const opened = await openAll(sources, variants);
  return {
    pass,
    context,
    wholeContext,
    steps,
    left,
    sources,
    opened,
    halves,
    loopOn({ conditions, seed: own, parts }, onStep) {
      const loop = loopSettings(own, guidance, conditions, parts);
      settleLoop(conditions.ports, loop);
      return StepLoop.open({
        ort,
        ports: conditions.ports,
        loop,
        sampler,
        batches: conditions.batches,
        depth: Math.max(...variants.map(({ depth }) => depth)),
        onStep,
      });
    },
    release: () => releaseAll(opened),
  };
}

/**
 * Positions of such a loop are gone on with in more than one way, which a control model that runs now and then is not
 * a part of; and no other model's steps are searched.
 * @throws CALIBRATE_PARTS
 */
function refuseParts({ handOver, control }: LoopParts = {}): void {
  if (handOver) throw partsNotSearched('a second model takes over');
  if ((control?.interval ?? 1) > 1)
    throw partsNotSearched('the control model runs at some steps alone');
}

async function openAll(
  sources: ProgramSources,
  variants: readonly Variant[],
): Promise<OpenVariant[]> {
  const opened: OpenVariant[] = [];
  try {
    for (const variant of variants)
      opened.push({ variant, programs: await openPrograms(sources, variant) });
    return opened;
  } catch (error) {
    await releaseAll(opened);
    throw error;
  }
}

async function releaseAll(opened: readonly OpenVariant[]): Promise<void> {
  for (const { programs } of opened) await programs.release();
}
