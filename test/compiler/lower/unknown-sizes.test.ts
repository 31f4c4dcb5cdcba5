/**
 * States whose shape or size cannot be told: what is said is true, and what is advised helps.
 */
import { describe, expect, it } from 'vitest';
import type { PlainSite } from '../../../src/compiler/plan/index.js';
import type { Model } from '../../../src/model/ir/model.js';
import { type Dim, tensorType } from '../../../src/model/ir/types.js';
import { fixInputShapes } from '../../../src/model/shape/index.js';
import { compileSites, scheduleOf } from '../../helpers/compile.js';
import { modelOf, named } from '../../helpers/text.js';

/** Keeps `kept` in one call and reuses it in the next. */
function keeping(model: Model): PlainSite[] {
  const like = named(model, 'kept');
  const plain = { description: '', reads: [], writes: {} };
  return [
    {
      id: 's',
      description: 's',
      outputs: [like],
      states: [{ id: 's.0', like }],
      strategies: {
        compute: { ...plain, name: 'compute', writes: { 's.0': (b) => b.value(like) } },
        reuse: { ...plain, name: 'reuse', reads: ['s.0'], produce: (b) => [b.state('s.0')] },
      },
    },
  ];
}

const compile = (model: Model) =>
  compileSites(model, keeping(model), [['compute'], ['reuse']], 'split');

const TWISTED = `g (float[batch, 4] x) => (float[batch, 4] y) {
  kept = own.Twist (x)
  y = Neg (kept)
}`;

const hintOf = (model: Model): string => {
  try {
    compile(model);
  } catch (error) {
    expect(error).toMatchObject({ code: 'PLAN_STATE_SHAPE' });
    return (error as { details: { hint: string } }).details.hint;
  }
  throw new Error('it is not refused');
};

describe('a state of unknown shape', () => {
  it('behind an operator without a rule: declaring it helps, fixing inputs would not', () => {
    const model = modelOf(TWISTED);
    expect(hintOf(model)).toContain('declare the shape of "kept"');
    fixInputShapes(model, { x: [2, 4] });
    expect(hintOf(model)).toContain('declare the shape of "kept"');
    named(model, 'kept').type = tensorType('float32', [2, 4]);
    expect(() => compile(model)).not.toThrow();
  });

  it('behind an input without a shape: fixing it helps', () => {
    const model = modelOf('g (float[] x) => (float[] y) { kept = Neg (x)  y = Exp (kept) }');
    expect(hintOf(model)).toContain('--shape');
    fixInputShapes(model, { x: [2, 4] });
    expect(() => compile(model)).not.toThrow();
  });
});

describe('the bytes of states', () => {
  const bytes = (shape: Dim[]) => {
    const model = modelOf(TWISTED);
    named(model, 'kept').type = tensorType('float32', shape);
    return scheduleOf(compile(model)).cost?.stateBytes;
  };

  it('are those at the sizes of the figures', () => {
    expect(bytes(['batch', 4])).toBe(16);
    expect(bytes([3, 5])).toBe(60);
  });

  it('are not said where a size follows from no input', () => {
    expect(bytes(['batch', 'found'])).toBeUndefined();
    expect(bytes([null, 4])).toBeUndefined();
  });
});
