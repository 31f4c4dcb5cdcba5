/**
 * Δ-DiT (Chen et al., arXiv 2406.01125): on a full step all transformer blocks run, and for a run of
 * consecutive blocks a..b the deviation Δ = F_{a..b}(x) - x is kept; the steps between take x + Δ with the
 * x of their own in place of those blocks. Early steps draw outlines, which the paper ascribes to the
 * front blocks, so there the rear ones are replaced; late steps draw details, so there the front ones are.
 *
 * The paper counts its boundary b in remaining timesteps, and no text that could be read says on which
 * side the boundary step itself falls. Here `boundary` is the number of the first late step, which is
 * ours, as is its default, half of the steps.
 *
 * Assumes a residual stream that the analysis can follow and that nobody reads a replaced block from
 * beside. Costs two states per stage of the size of the stream, in float32 where that is of half precision.
 */
import {
  nodesOfRange,
  rangeOf,
  refusalOf,
  sameShape,
  type TransformerBlock,
} from '../../src/compiler/analysis/index.js';
import {
  type ForecastOptions,
  forecastFrom,
  forecastOptions,
  orForecast,
  withForecasts,
} from '../../src/compiler/forecast/index.js';
import type { Pass, PassContext } from '../../src/compiler/pass/index.js';
import { byHalf } from '../../src/compiler/plan/index.js';
import { badOption, blockLeaks, noBlocks } from '../../src/errors/index.js';
import { concreteShapes, regionCost } from '../../src/model/cost/index.js';
import type { Value } from '../../src/model/ir/value.js';
import type { ShapeTable } from '../../src/model/shape/index.js';
import { stepsOfCalls } from '../../src/runtime/schedule/index.js';
import { keptDifference, type Precision, precisionOption } from '../difference.js';
import {
  type FullSteps,
  fullSteps,
  fullStepsOptions,
  fullStepsRule,
  proposedBy,
} from '../full-steps.js';
import { NAME, readRow } from './range.js';
import { type BlockRun, RUN_STRATEGIES, runsSite } from './site.js';
import { readSizesBefore } from './sizes.js';

export interface DeltaCacheOptions extends ForecastOptions, FullSteps {
  readonly blocks?: number;
  readonly boundary?: number;
  readonly range?: string;
  readonly stage?: number;
  readonly strategy: 'delta' | 'reuse';
  readonly precision?: Precision;
}

/** The paper's: a step is full by the interval alone. */
const ENDS = { warmup: 0, cooldown: 0 };

export const deltaCache: Pass<DeltaCacheOptions> = {
  name: NAME,
  description:
    'Keep what a run of transformer blocks adds to the stream, and add it again for several steps (Δ-DiT, 2024).',
  example: 'delta-cache:blocks=14,interval=2,boundary=10',
  options: {
    type: 'object',
    properties: {
      ...fullStepsOptions('with a deviation in place of blocks', ENDS),
      blocks: {
        type: 'integer',
        minimum: 1,
        description: 'How many blocks a deviation stands for; `stepfold inspect` lists them.',
      },
      boundary: {
        type: 'integer',
        minimum: 0,
        description:
          'First late step: before it the rear blocks are replaced, from it on the front ones [half of the steps].',
      },
      range: {
        type: 'string',
        description: 'These blocks at every step, such as 4-9, instead of blocks and boundary.',
      },
      stage: {
        type: 'integer',
        minimum: 0,
        description: 'Stage of a U-Net to work on; by default every one that has so many blocks.',
      },
      strategy: {
        enum: ['delta', 'reuse'],
        default: 'delta',
        description: 'What is kept: the deviation, or naively the output (the ablation).',
      },
      precision: precisionOption('the deviation is kept'),
      ...forecastOptions(),
    },
  },
  fullSteps: fullStepsRule(() => deltaCache, ENDS),
  tuning: { choices: (context) => choicesOf(context.blocks().stages) },
  strategies: RUN_STRATEGIES,
  prepare(context, options) {
    const { model, shapes } = context;
    for (const stage of chosenStages(context, options))
      for (const run of runsOf(stage, options, context))
        if (refusalOf(model.graph, shapes, run)) readSizesBefore(model.graph, shapes, run);
  },
  propose(context, options) {
    const { guidance, model, shapes } = context;
    const steps = stepsOfCalls(context.calls, guidance);
    const stages = chosenStages(context, options);
    const single = context.blocks().stages.length === 1;
    const proposals = stages.map((stage) => {
      const runs = runsOf(stage, options, context);
      for (const run of runs) {
        const refusal = refusalOf(model.graph, shapes, run);
        if (refusal) throw blockLeaks(run.description, refusal.reason, refusal.node);
      }
      const id = single ? 'blocks' : `blocks.${stage[0]!.stage}`;
      const macsWithout = macsOfRuns(context, runs);
      const keptOf = (stream: Value) => keptDifference(shapes, stream, options.precision);
      const site = withForecasts(
        runsSite(id, runs, options.strategy, keptOf, macsWithout),
        forecastFrom(options, context),
        shapes,
      );
      return { site: byHalf(site, guidance), runs };
    });
    const strategyOf = (runs: readonly BlockRun[], which: BlockRun['which']) =>
      orForecast(runs.length === 1 ? options.strategy : `${options.strategy}-${which}`, options);
    const choiceOf = (which: BlockRun['which']) =>
      Object.fromEntries(proposals.map(({ site, runs }) => [site.id, strategyOf(runs, which)]));
    const isOne = proposals.every(({ runs }) => runs.length === 1);
    return proposedBy(
      proposals.map(({ site }) => site),
      fullSteps(NAME, steps, options, ENDS),
      // where the front blocks are the rear ones, both are one choice
      isOne ? [{}, choiceOf('rear')] : [{}, choiceOf('rear'), choiceOf('front')],
      context,
      isOne ? [{ choice: 1 }] : [{ choice: 1, ...boundaryOf(options) }, { choice: 2 }],
    );
  },
};

/** Of one stage all blocks, all but those at its ends, and half of them; of several so many of each. */
function choicesOf(stages: readonly Stage[]): Readonly<Record<string, unknown>>[] {
  const most = Math.max(0, ...stages.map(({ length }) => length));
  const half = { blocks: Math.ceil(most / 2) };
  if (most < 3) return most === 0 ? [] : [{ blocks: most }];
  if (stages.length > 1) return [{ blocks: most }, half];
  return [{ range: `1-${most - 2}` }, { range: `0-${most - 1}` }, half];
}

const boundaryOf = ({ boundary }: DeltaCacheOptions) =>
  boundary === undefined ? { beforePart: 0.5 } : { before: boundary };

type Stage = readonly TransformerBlock[];

/** @throws BLOCKS_NOT_FOUND, PASS_OPTION */
function chosenStages(context: PassContext, options: DeltaCacheOptions): Stage[] {
  const { stages, refused } = context.blocks();
  if (stages.length === 0) {
    const [nearest] = refused.length > 0 ? refused : context.attention().refused;
    throw noBlocks(nearest?.reason, nearest?.node);
  }
  const { blocks, boundary, range, stage } = options;
  if (range !== undefined) {
    const other = (['blocks', 'boundary', 'stage'] as const).find(
      (name) => options[name] !== undefined,
    );
    if (other) throw badOption(NAME, 'range', `it says which blocks, so leave out ${other}`);
    return [readRow(range, stages)];
  }
  if (blocks === undefined)
    throw badOption(NAME, 'blocks', 'it must be given, or a range of blocks');
  const steps = stepsOfCalls(context.calls, context.guidance);
  if (boundary !== undefined && boundary > steps)
    throw badOption(
      NAME,
      'boundary',
      `step ${boundary} does not exist in a loop of ${steps} steps`,
    );
  if (stage !== undefined && !stages[stage])
    throw badOption(NAME, 'stage', `the model has ${stages.length} (0 to ${stages.length - 1})`);
  const candidates = stage === undefined ? stages : [stages[stage]!];
  const fitting = candidates.filter((s) => s.length >= blocks);
  if (fitting.length > 0) return fitting;
  const most = Math.max(...candidates.map((s) => s.length));
  throw badOption(
    NAME,
    'blocks',
    `there are no ${blocks} blocks in a row: ${candidates.length > 1 ? `the longest of ${candidates.length} stages` : 'the stage'} has ${most}`,
  );
}

/** The runs of blocks that strategies replace; front and rear are one where they are all of the stage. */
function runsOf(
  stage: Stage,
  { blocks = stage.length, range }: DeltaCacheOptions,
  { model, shapes }: PassContext,
): BlockRun[] {
  const all = stage.length;
  const run = (which: BlockRun['which'], first: number, last: number): BlockRun => ({
    which,
    first: stage[first]!.index,
    last: stage[last]!.index,
    ...rangeOf(model.graph, shapes, stage.slice(first, last + 1)),
    description:
      first === last
        ? `block ${stage[first]!.index}`
        : `blocks ${stage[first]!.index} to ${stage[last]!.index}`,
  });
  if (range !== undefined || blocks === all) return [run('all', 0, all - 1)];
  const [front, rear] = [run('front', 0, blocks - 1), run('rear', all - blocks, all - 1)];
  if (rear.first <= front.last && !enterAlike(front, rear, shapes))
    throw badOption(
      NAME,
      'blocks',
      `${front.description} and ${rear.description} overlap, and the stream enters them in different layouts; take ${blocks - 1} or ${blocks + 1}, or a range`,
    );
  return [front, rear];
}

/** Where two runs overlap, what enters one is handed on to where the other begins. */
const enterAlike = (front: BlockRun, rear: BlockRun, shapes: ShapeTable): boolean =>
  rear.streams.every(({ stream, input }) => {
    const entering = front.streams.find((part) => part.stream === stream)?.input;
    return entering === undefined || sameShape(entering, input, shapes);
  });

/** What the blocks of all runs cost together, which may overlap, without those of one. */
function macsOfRuns({ model, shapes, bindings }: PassContext, runs: readonly BlockRun[]) {
  const nodes = new Map(runs.map((run) => [run, nodesOfRange(model.graph, run)]));
  const all = new Set([...nodes.values()].flatMap((own) => [...own]));
  const shapeOf = concreteShapes(shapes, bindings);
  return (without?: BlockRun): number => {
    const removed = without && nodes.get(without)!;
    const left = [...all].filter((node) => !removed?.has(node));
    return regionCost(left, shapeOf).macs.all;
  };
}
