/**
 * The places at which the strategies of one attention module differ. Each is as small as can be, so
 * that in a merged model every projection stands once:
 *
 *   rows    the module's input: all images, or the half of a guidance pair that is computed
 *   core    from q, k, v to the product with v: full, or a band, with or without the kept residual
 *   copy    behind the output projection: the computed half stands for both
 *   output  the module's output: computed, or the one that an earlier call kept
 */
import {
  type Attention,
  doubled,
  halfOf,
  leavingValues,
  type RaisedCore,
} from '../../src/compiler/analysis/index.js';
import {
  COMPUTE,
  type LeafStrategy,
  type PlainSite,
  type SiteBuilder,
  type StateSpec,
  strategiesByName,
  strategyOf,
} from '../../src/compiler/plan/index.js';
import type { Value } from '../../src/model/ir/value.js';
import type { ShapeTable } from '../../src/model/shape/index.js';
import { conditionalHalf, type PairOrder } from '../../src/runtime/schedule/index.js';
import { difference, type KeptDifference, stateType, withDifference } from '../difference.js';
import { bandedAttention, type Window } from './band/index.js';

/** What all parts of a site are made from. */
export interface Module {
  readonly id: string;
  readonly attention: Attention;
  /** The attention in a form that can be banded; undefined where that was refused. */
  readonly core: RaisedCore | undefined;
  /** Undefined where it lies on a grid that is not known. */
  readonly window: Window | undefined;
  /** How what a band lacks is kept. */
  readonly kept: KeptDifference;
  readonly shapes: ShapeTable;
}

/** States for what leaves a module, by value: one, or one of each stream. */
function outputStates({ id, attention }: Module, half?: Half): StateSpec[] {
  const values = leavingValues(attention);
  return values.map((like, stream) => {
    const parts = [id, 'output', ...(values.length > 1 ? [stream] : []), ...(half ? [half] : [])];
    return { id: parts.join('.'), like };
  });
}

/** The states that keep what leaves the module, each with its value. */
const kept = (states: readonly StateSpec[]): NonNullable<LeafStrategy['writes']> =>
  Object.fromEntries(
    states.map(({ id, like }) => [id, (b: SiteBuilder) => b.value(like)] as const),
  );

/** What some states hold, in place of what leaves the module. */
const taken = (states: readonly StateSpec[]): Pick<LeafStrategy, 'reads' | 'produce'> => ({
  reads: states.map(({ id }) => id),
  produce: (b) => states.map(({ id }) => b.state(id)),
});

export const residualState = (id: string, half?: string) =>
  `${id}.residual${half ? `.${half}` : ''}`;

const conditional = (
  b: SiteBuilder,
  value: Value,
  order: PairOrder,
  size: number | undefined,
): Value => halfOf(b, value, conditionalHalf(order), { size });

/** The computed module input, or half of it. */
export function rowsPart({ id, attention, shapes }: Module, order: PairOrder): PlainSite {
  const { module } = attention;
  const input = attention.input as Value;
  return {
    id: `${id}.rows`,
    description: 'the images that are computed',
    outputs: [input],
    within: module,
    states: [],
    strategies: strategiesByName([
      strategyOf(COMPUTE, 'all images'),
      strategyOf('half', 'the conditional half', {
        produce: (b) => [conditional(b, b.value(input), order, leading(shapes, input))],
      }),
    ]),
  };
}

/** Both halves out of the one that was computed. */
export function copyPart({ id, attention }: Module): PlainSite {
  const { projected } = attention;
  return {
    id: `${id}.copy`,
    description: 'the images that are given back',
    outputs: [projected],
    states: [],
    strategies: strategiesByName([
      strategyOf(COMPUTE, 'each image its own'),
      strategyOf('copy', 'the conditional half for both', {
        produce: (b) => [doubled(b, b.value(projected))],
      }),
    ]),
  };
}

/** The band's output in the layout of the product with v. */
function banded(b: SiteBuilder, { core, window }: Module): Value {
  const { rank, tokens, scoresType: dtype } = core!;
  const mixed = bandedAttention(
    b,
    {
      ...core!.operands(b),
      rank,
      tokens,
      dtype,
      scale: (builder, scores) => core!.scale(builder, scores),
      weights: (builder, probabilities) => core!.weights(builder, probabilities),
    },
    window!,
  );
  return core!.lower(b, mixed);
}

/** What a band lacks of the full product: kept by calls that compute it, added by those with a band. */
const residualOf = (b: SiteBuilder, module: Module): Value =>
  difference(
    b,
    module.kept,
    [b.value(module.attention.mixed), banded(b, module)],
    `stepfold.${module.id}.residual`,
  );

const withResidual = (b: SiteBuilder, module: Module, residual: Value): Value =>
  withDifference(b, module.kept, [banded(b, module), residual], `stepfold.${module.id}.window`);

/** For calls that compute both halves of a pair, or images without guidance. */
export function corePart(module: Module, order: PairOrder | undefined): PlainSite {
  const { id, attention, shapes } = module;
  const { mixed } = attention;
  const state = residualState(id);
  const half = (b: SiteBuilder, value: Value) =>
    conditional(b, value, order ?? 'cond-first', leading(shapes, mixed));
  const paired = [
    strategyOf('compute-half', 'all keys, one half', {
      writes: { [state]: (b) => doubled(b, residualOf(b, module)) },
    }),
    strategyOf('window-half', 'a band of keys, one half, and the kept rest', {
      reads: [state],
      produce: (b) => [withResidual(b, module, half(b, b.state(state)))],
    }),
  ];
  return {
    id: `${id}.core`,
    description: 'the keys that each query sees',
    outputs: [mixed],
    states: [{ id: state, like: mixed, ...stateType(module.kept) }],
    strategies: strategiesByName([
      strategyOf(COMPUTE, 'all keys', { writes: { [state]: (b) => residualOf(b, module) } }),
      strategyOf('window', 'a band of keys, and the kept rest', {
        reads: [state],
        produce: (b) => [withResidual(b, module, b.state(state))],
      }),
      strategyOf('window-only', 'a band of keys', { produce: (b) => [banded(b, module)] }),
      ...(order ? paired : []),
    ]),
  };
}

/** The module's output, kept and reused. */
export function outputPart(module: Module): PlainSite {
  const states = outputStates(module);
  return {
    id: `${module.id}.output`,
    description: 'what leaves the module',
    outputs: leavingValues(module.attention),
    states,
    strategies: strategiesByName([
      strategyOf(COMPUTE, 'run the module', { writes: kept(states) }),
      strategyOf('reuse', 'take what the last call that ran it kept', taken(states)),
    ]),
  };
}

const leading = (shapes: ShapeTable, value: Value): number | undefined =>
  shapes.shape(value)?.[0]?.constant;

/** What another call of the same step made is taken as it is: there is nothing to forecast. */
export const takesEarlierStep = ({ name }: LeafStrategy): boolean => !name.startsWith('copy');

/** The two halves of a pair in two calls: the first call of a step, then the second. */
export const HALVES = ['first', 'second'] as const;
export type Half = (typeof HALVES)[number];

/** The core of a module whose halves run in different calls: each half keeps a residual of its own. */
export function corePartByHalf(module: Module): PlainSite {
  const { id, attention } = module;
  const { mixed } = attention;
  return {
    id: `${id}.core`,
    description: 'the keys that each query sees',
    outputs: [mixed],
    states: HALVES.map((half) => ({
      id: residualState(id, half),
      like: mixed,
      ...stateType(module.kept),
    })),
    strategies: strategiesByName([
      strategyOf(COMPUTE, 'all keys'),
      strategyOf('window-only', 'a band of keys', { produce: (b) => [banded(b, module)] }),
      ...HALVES.flatMap((half) => {
        const state = residualState(id, half);
        return [
          strategyOf(`compute-${half}`, `all keys, in the ${half} call`, {
            writes: { [state]: (b) => residualOf(b, module) },
          }),
          strategyOf(`window-${half}`, `a band of keys and the kept rest, in the ${half} call`, {
            reads: [state],
            produce: (b) => [withResidual(b, module, b.state(state))],
          }),
        ];
      }),
    ]),
  };
}

/**
 * The output of such a module: kept for each half, and handed from the first call to the second.
 * @param banded the module's core keeps residuals
 */
export function outputPartByHalf(module: Module, banded: boolean): PlainSite {
  const { id, attention } = module;
  const second = residualState(id, 'second');
  const [ofFirst, ofSecond] = HALVES.map((half) => outputStates(module, half)) as [
    StateSpec[],
    StateSpec[],
  ];
  const copied: Pick<LeafStrategy, 'reads' | 'produce' | 'writes'> = {
    ...taken(ofFirst),
    writes: kept(ofSecond),
  };
  return {
    id: `${id}.output`,
    description: 'what leaves the module',
    outputs: leavingValues(attention),
    states: [...ofFirst, ...ofSecond],
    strategies: strategiesByName([
      strategyOf(COMPUTE, 'run the module'),
      ...HALVES.flatMap((half) => {
        const states = outputStates(module, half);
        return [
          strategyOf(`compute-${half}`, `run the module, in the ${half} call`, {
            writes: kept(states),
          }),
          strategyOf(
            `reuse-${half}`,
            `take what the last ${half} call that ran it kept`,
            taken(states),
          ),
        ];
      }),
      // as in one batch: a full module that is shared refreshes the residual, a band does not
      strategyOf('copy', 'take the output and the residual that the first call of the step has', {
        ...copied,
        writes: {
          ...copied.writes,
          ...(banded && { [second]: (b: SiteBuilder) => b.state(residualState(id, 'first')) }),
        },
      }),
      strategyOf('copy-output', 'take the output that the first call of the step has', copied),
    ]),
  };
}
