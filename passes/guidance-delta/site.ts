/** What the sites of this pass have in common, whether the halves of a pair are in one batch or not. */
import type { PassContext } from '../../src/compiler/pass/index.js';
import type { CompositeSite } from '../../src/compiler/plan/index.js';
import { halvesTogether } from '../../src/errors/index.js';
import type { Value } from '../../src/model/ir/value.js';
import { type KeptDifference, keptDifference } from '../difference.js';

export const NAME = 'guidance-delta';
export const SITE = 'guidance';
/** The strategy. */
export const DELTA = NAME;

/** What ids of states begin with. */
export const STATES = { delta: `${SITE}.delta`, first: `${SITE}.first` } as const;

export type DeltaSite = CompositeSite;

/** An output of which a half is had from the other. */
export interface DerivedOutput {
  readonly value: Value;
  /** State of what the halves differ by. */
  readonly delta: string;
  readonly kept: KeptDifference;
}

/**
 * @param values outputs that both halves have
 * @throws GUIDANCE_HALVES where there is none, or one is of whole numbers
 */
export function derivedOutputs(values: readonly Value[], { shapes }: PassContext): DerivedOutput[] {
  if (values.length === 0)
    throw halvesTogether('no output of it has rows of both halves', undefined);
  return values.map((value, i) => {
    const type = shapes.dtype(value);
    if (!['float32', 'float16', 'bfloat16'].includes(type ?? ''))
      throw halvesTogether(
        `the halves of the output "${value.name}" have no difference to be forecast, since it is of type ${type ?? 'unknown'}`,
        value.producer?.label,
      );
    return { value, delta: `${STATES.delta}.${i}`, kept: keptDifference(shapes, value) };
  });
}
