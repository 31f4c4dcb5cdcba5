/** A call for each half: the second call of a step runs nothing where it is had from the first. */
import { madeOutputs, type PassContext } from '../../src/compiler/pass/index.js';
import {
  COMPUTE,
  compositeOf,
  type PlainSite,
  type SiteBuilder,
  strategiesByName,
  strategyOf,
} from '../../src/compiler/plan/index.js';
import type { GuidancePair, PairOrder } from '../../src/runtime/schedule/index.js';
import { difference, stateType, withDifference } from '../difference.js';
import { DELTA, type DeltaSite, type DerivedOutput, derivedOutputs, SITE, STATES } from './site.js';

const OUT = `${SITE}.out`;

/** @throws GUIDANCE_HALVES where an output is of whole numbers */
export function inTwoCalls(context: PassContext, { order }: GuidancePair): DeltaSite {
  const outputs = derivedOutputs(madeOutputs(context), context);
  const isFirst = (call: number) => call % 2 === 0;
  return {
    id: SITE,
    description: `guidance: what each half gives, ${outputs.map(({ value }) => `"${value.name}"`).join(', ')}`,
    outputs: outputs.map(({ value }) => value),
    parts: [outputPart(outputs, order)],
    strategies: strategiesByName([
      compositeOf(COMPUTE, 'run both halves of each pair', (call) => ({
        [OUT]: isFirst(call) ? 'first' : 'second',
      })),
      compositeOf(
        DELTA,
        'run the first half, and take the second from it and what both differed by at the last step that ran both',
        (call) => ({ [OUT]: isFirst(call) ? 'first' : 'derived' }),
      ),
    ]),
  };
}

function outputPart(outputs: readonly DerivedOutput[], order: PairOrder): PlainSite {
  const firstOf = (i: number) => `${STATES.first}.${i}`;
  /** What the halves differ by is the conditional one less the other, whichever comes first. */
  const deltaOf = (b: SiteBuilder, { value, kept }: DerivedOutput, i: number) => {
    const halves = [b.state(firstOf(i)), b.value(value)] as const;
    const [conditional, other] = order === 'cond-first' ? halves : halves.toReversed();
    return difference(b, kept, [conditional!, other!], 'stepfold.guidance.delta');
  };
  const secondOf = (b: SiteBuilder, { delta, kept }: DerivedOutput, i: number) =>
    withDifference(
      b,
      kept,
      [b.state(firstOf(i)), b.state(delta)],
      'stepfold.guidance.other',
      order === 'cond-first' ? 'Sub' : 'Add',
    );
  return {
    id: OUT,
    description: 'what each half gives',
    outputs: outputs.map(({ value }) => value),
    leaves: true,
    states: [
      ...outputs.map(({ value }, i) => ({ id: firstOf(i), like: value })),
      ...outputs.map(({ value, delta, kept }) => ({ id: delta, like: value, ...stateType(kept) })),
    ],
    strategies: strategiesByName([
      strategyOf(COMPUTE, 'run it'),
      strategyOf('first', 'run it, for the second half to be had from', {
        writes: Object.fromEntries(
          outputs.map(({ value }, i) => [firstOf(i), (b: SiteBuilder) => b.value(value)]),
        ),
      }),
      strategyOf('second', 'run it, and keep what the halves differ by', {
        writes: Object.fromEntries(
          outputs.map((output, i) => [output.delta, (b: SiteBuilder) => deltaOf(b, output, i)]),
        ),
      }),
      strategyOf('derived', 'the first half, and what both differed by', {
        program: 'derived',
        reads: outputs.flatMap(({ delta }, i) => [firstOf(i), delta]),
        produce: (b) => outputs.map((output, i) => secondOf(b, output, i)),
      }),
    ]),
  };
}
