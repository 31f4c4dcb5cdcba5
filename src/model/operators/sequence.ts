/**
 * Sequences and optionals. Of a sequence only the type of its elements is followed: how many there are,
 * and of which sizes, depends on the run.
 */
import { type Operator, type Operators, operator } from './operator.js';
import type { Rule, RuleContext } from './rules/context.js';
import type { Facts } from './rules/facts.js';
import { always } from './rules/types.js';

const elementType = (c: RuleContext) => c.facts(0).sequence;

const hasNoShape = 'what a sequence holds is not followed';

const empty: Rule = (c) => ({
  sequence: c.typeAttribute('dtype') ?? 'float32',
  why: hasNoShape,
});

const ofInputs: Rule = (c) => ({ sequence: c.dtype(0), why: hasNoShape });

const same: Rule = (c) => ({ sequence: elementType(c), why: hasNoShape });

const inserted: Rule = (c) => ({ sequence: elementType(c) ?? c.dtype(1), why: hasNoShape });

const element: Rule = (c) => ({ dtype: elementType(c), why: hasNoShape });

const count: Rule = () => ({ dtype: 'int64', shape: [] });

/** Of which type an empty one would be stands in an attribute that is not looked into. */
const optional: Rule = (c) =>
  c.has(0) ? { optional: c.facts(0), why: 'it is optional' } : { why: 'it is optional' };

/** From opset 18 on, what is not optional may be asked for too. */
const got: Rule = (c): Facts => {
  const facts = c.facts(0);
  return facts.optional ?? facts;
};

const sequence = (required: number, shape: Rule, facets: Partial<Operator> = {}) =>
  operator({ required, shape, batch: 'unknown', elements: 'computed', ...facets });

export const SEQUENCE: Operators = {
  SequenceEmpty: sequence(0, empty),
  SequenceConstruct: sequence(1, ofInputs),
  SplitToSequence: sequence(1, ofInputs, { defaults: { axis: 0, keepdims: 1 } }),
  SequenceInsert: sequence(2, inserted),
  SequenceErase: sequence(1, same),
  SequenceAt: sequence(2, element),
  ConcatFromSequence: sequence(1, element, { defaults: { new_axis: 0 } }),
  SequenceLength: sequence(1, count, { types: always('int64') }),
  Optional: sequence(0, optional),
  OptionalGetElement: sequence(1, got),
  OptionalHasElement: sequence(0, () => ({ dtype: 'bool', shape: [] }), { types: always('bool') }),
};
