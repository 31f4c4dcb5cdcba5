/** Both halves in one batch: the rows of the conditional one are chosen of every input, and both halves given back. */
import {
  followImages,
  halfOf,
  type ImageFlow,
  joined,
  type RowSource,
} from '../../src/compiler/analysis/index.js';
import { madeOutputs, type PassContext } from '../../src/compiler/pass/index.js';
import {
  COMPUTE,
  compositeOf,
  type PlainSite,
  type SiteBuilder,
  strategiesByName,
  strategyOf,
} from '../../src/compiler/plan/index.js';
import { halvesTogether } from '../../src/errors/index.js';
import type { Value } from '../../src/model/ir/value.js';
import {
  conditionalHalf,
  type GuidancePair,
  type PairOrder,
} from '../../src/runtime/schedule/index.js';
import { difference, stateType, withDifference } from '../difference.js';
import { DELTA, type DeltaSite, type DerivedOutput, derivedOutputs, SITE } from './site.js';

const HALF = 'half';

/** @throws GUIDANCE_HALVES naming a node and why the images of a batch cannot be told apart there */
export function inBatch(context: PassContext, { order }: GuidancePair): DeltaSite {
  const { shapes } = context;
  const flow = imageFlow(context);
  const outputs = derivedOutputs(
    madeOutputs(context).filter((value) => flow.axes.has(value)),
    context,
  );
  const folded = outputs.find(({ value }) => flow.axes.get(value) !== 0);
  if (folded)
    throw halvesTogether(
      `the output "${folded.value.name}" has the batch on another axis than the first`,
      folded.value.producer?.label,
    );
  const half = conditionalHalf(order);
  const sizeOf = (value: Value, axis: number) => shapes.shape(value)?.[axis]?.constant;
  const rows = flow.sources.map((source, i) =>
    rowsPart(`${SITE}.rows.${i}`, source, (b) =>
      halfOf(b, b.value(source.value), half, {
        axis: source.axis,
        size: sizeOf(source.value, source.axis),
        orOne: source.orOne,
      }),
    ),
  );
  const out = outputPart(outputs, { flow, order, sizeOf });
  const choice = Object.fromEntries([...rows, out].map(({ id }) => [id, HALF]));
  return {
    id: SITE,
    description: `guidance: what both halves give, ${outputs.map(({ value }) => `"${value.name}"`).join(', ')}`,
    outputs: outputs.map(({ value }) => value),
    parts: [...rows, out],
    halves: { half, axisOf: (value) => flow.axes.get(value) },
    strategies: strategiesByName([
      compositeOf(COMPUTE, 'run both halves of each pair'),
      compositeOf(
        DELTA,
        'run the conditional half, and take from it what both differed by at the last call that ran both',
        () => choice,
        { pairs: true },
      ),
    ]),
  };
}

/** @throws GUIDANCE_HALVES */
export function imageFlow({ model, roles, shapes }: PassContext): ImageFlow {
  const latent = model.graph.inputs.find(({ name }) => name === roles.latent);
  if (!latent)
    throw halvesTogether(
      `it is not known which input is the latent (${roles.problems.join('; ')})`,
      undefined,
    );
  const flow = followImages(model.graph, latent, shapes);
  if ('reason' in flow) throw halvesTogether(flow.reason, flow.node);
  return flow;
}

function rowsPart(
  id: string,
  { value, readers }: RowSource,
  take: (b: SiteBuilder) => Value,
): PlainSite {
  return {
    id,
    description: `the rows of "${value.name}"`,
    outputs: [value],
    ...(readers && { within: readers }),
    states: [],
    strategies: strategiesByName([
      strategyOf(COMPUTE, 'all images'),
      strategyOf(HALF, 'the conditional half', { program: HALF, produce: (b) => [take(b)] }),
    ]),
  };
}

function outputPart(
  outputs: readonly DerivedOutput[],
  {
    flow,
    order,
    sizeOf,
  }: {
    readonly flow: ImageFlow;
    readonly order: PairOrder;
    readonly sizeOf: (value: Value, axis: number) => number | undefined;
  },
): PlainSite {
  const axisOf = (value: Value) => flow.axes.get(value)!;
  const deltaOf = (b: SiteBuilder, { value, kept }: DerivedOutput) => {
    const axis = axisOf(value);
    const halves = (['first', 'second'] as const).map((half) =>
      halfOf(b, b.value(value), half, { axis, size: sizeOf(value, axis) }),
    ) as [Value, Value];
    const [conditional, other] = inOrder(order, halves);
    return difference(b, kept, [conditional, other], 'stepfold.guidance.delta');
  };
  const pairOf = (b: SiteBuilder, { value, delta, kept }: DerivedOutput) => {
    const conditional = b.value(value);
    const other = withDifference(
      b,
      kept,
      [conditional, b.state(delta)],
      'stepfold.guidance.other',
      'Sub',
    );
    return joined(b, inOrder(order, [conditional, other]), axisOf(value));
  };
  return {
    id: `${SITE}.out`,
    description: 'what both halves give',
    outputs: outputs.map(({ value }) => value),
    leaves: true,
    states: outputs.map(({ value, delta, kept }) => ({
      id: delta,
      like: value,
      halved: axisOf(value),
      ...stateType(kept),
    })),
    strategies: strategiesByName([
      strategyOf(COMPUTE, 'each its own', {
        writes: Object.fromEntries(
          outputs.map((output) => [output.delta, (b) => deltaOf(b, output)]),
        ),
      }),
      strategyOf(HALF, 'the conditional half, and that less what both differed by', {
        program: HALF,
        reads: outputs.map(({ delta }) => delta),
        produce: (b) => outputs.map((output) => pairOf(b, output)),
      }),
    ]),
  };
}

/** From the order of the pair to conditional and unconditional, or back. */
const inOrder = <T>(order: PairOrder, [a, b]: readonly [T, T]): [T, T] =>
  order === 'cond-first' ? [a, b] : [b, a];
