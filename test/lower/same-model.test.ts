/** Models of two programs are one only where whatever goes in and comes out is the same but for states. */
import { expect, test } from 'vitest';
import { sameModel } from '../../src/lower/same-model.js';
import { modelOf } from '../helpers/text.js';

const isState = (name: string) => /^s\.(in|out)\./.test(name);

/** x and a state go in; the sum comes out, and one of what it is made of is kept. */
const program = (half: string, kept: 'a' | 'b', operator = 'Add') => {
  const [a, b] = (['a', 'b'] as const).map((v) => (v === kept ? `"s.out.${half}"` : v));
  return modelOf(`g (float[2] x, float[2] "s.in.${half}") => (float[2] y, float[2] "s.out.${half}") {
    ${a} = Neg (x)
    ${b} = Neg ("s.in.${half}")
    y = ${operator} (${a}, ${b})
  }`);
};

const same = (first: ReturnType<typeof program>, second: ReturnType<typeof program>) => {
  const names = sameModel(first, second, isState);
  return names && Object.fromEntries(names);
};

test('names of states may differ, and are told', () => {
  expect(same(program('first', 'a'), program('second', 'a'))).toEqual({
    x: 'x',
    's.in.second': 's.in.first',
    y: 'y',
    's.out.second': 's.out.first',
  });
});

test('programs that keep different values are not the same', () => {
  expect(same(program('first', 'a'), program('second', 'b'))).toBeUndefined();
});

test('nor are programs of another operator, or with inputs of other names', () => {
  expect(same(program('first', 'a'), program('second', 'a', 'Sub'))).toBeUndefined();
  const other = program('second', 'a');
  other.graph.rename(other.graph.inputs[0]!, 'z');
  expect(same(program('first', 'a'), other)).toBeUndefined();
});

test('an input of the source is never taken for a state', () => {
  const first = program('first', 'a');
  const second = program('second', 'a');
  second.graph.rename(second.graph.inputs[1]!, 'image');
  expect(same(first, second)).toBeUndefined();
  expect(same(second, first)).toBeUndefined();
});
