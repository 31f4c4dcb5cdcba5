/** Segments hold what descends from the same sites, and what may cross their borders. */
import { describe, expect, test } from 'vitest';
import { partition } from '../../../src/evidence/calibrate/partition.js';
import type { Model } from '../../../src/model/ir/model.js';
import { modelOf, named, namesOf } from '../../helpers/text.js';

function cut(model: Model, ...sites: string[]) {
  return partition(
    model.graph,
    sites.map((name) => [named(model, name)]),
    sites,
  );
}

const shown = (model: Model, ...sites: string[]) =>
  cut(model, ...sites).segments.map(({ level, nodes }) => `${level}: ${namesOf(nodes).join(' ')}`);

describe('a chain of residual blocks', () => {
  const model = modelOf(`g (float[2] x, float[2] c) => (float[2] y) <float[2] w = {1, 2}> {
    m = Mul (c, w)
    n0 = Mul (x, w)
    a0 = Tanh (n0)
    h1 = Add (x, a0)
    n1 = Mul (h1, m)
    a1 = Tanh (n1)
    h2 = Add (h1, a1)
    y = Mul (h2, c)
  }`);

  test('is cut into one segment more than it has sites', () => {
    expect(shown(model, 'a0', 'a1')).toEqual(['-1: m n0 a0', '0: h1 n1 a1', '1: h2 y']);
  });

  test('borders are the values of sites, what is outside of them, and what segments hand on', () => {
    const { borders, level } = cut(model, 'a0', 'a1');
    // m is made for site 1 alone, but before site 0 is known; n0 and n1 never leave their segments
    expect(namesOf(borders).sort()).toEqual(['a0', 'a1', 'c', 'h1', 'h2', 'm', 'x', 'y']);
    expect(['m', 'n1', 'a1', 'y'].map((name) => level(named(model, name)))).toEqual([-1, 0, 1, 1]);
  });
});

test('branches side by side do not wait for each other', () => {
  const model = modelOf(`g (float[2] x) => (float[2] y) {
    h0 = Neg (x)
    a0 = Tanh (h0)
    h1 = Add (h0, a0)
    a1 = Sin (h1)
    left = Add (h1, a1)
    a2 = Cos (h1)
    right = Add (h1, a2)
    y = Add (left, right)
  }`);
  expect(shown(model, 'a0', 'a1', 'a2')).toEqual([
    '-1: h0 a0',
    '0: h1 a1 a2',
    '1: left',
    '2: right',
    '2: y',
  ]);
});

test('skip connections cross borders', () => {
  const model = modelOf(`g (float[2] x) => (float[2] y) {
    e = Neg (x)
    skip = Abs (e)
    a0 = Tanh (e)
    m = Add (e, a0)
    d = Add (m, skip)
    a1 = Tanh (d)
    y = Add (d, a1)
  }`);
  expect(shown(model, 'a0', 'a1')).toEqual(['-1: e skip a0', '0: m d a1', '1: y']);
  expect(namesOf(cut(model, 'a0', 'a1').borders)).toContain('skip');
});

test('what two sites need belongs to neither', () => {
  const model = modelOf(`g (float[2] x) => (float[2] y) {
    both = Neg (x)
    a0 = Tanh (both)
    h = Add (x, a0)
    n = Mul (h, both)
    a1 = Tanh (n)
    y = Add (h, a1)
  }`);
  expect(namesOf(cut(model, 'a0', 'a1').borders)).toContain('both');
});

test('a site that needs what descends from itself is refused', () => {
  const model = modelOf(`g (float[2] x) => (float[2] y) {
    a = Tanh (x)
    b = Neg (a)
    c = Tanh (b)
    y = Add (x, c)
  }`);
  const values = [[named(model, 'a'), named(model, 'c')], [named(model, 'b')]];
  expect(() => partition(model.graph, values, ['whole', 'inner'])).toThrow(
    expect.objectContaining({ code: 'CALIBRATE_NESTED' }),
  );
});
