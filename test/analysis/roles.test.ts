/** What a denoiser's inputs are for, found by structure: none of the names says anything. */
import { describe, expect, test } from 'vitest';
import { findInputRoles } from '../../src/analysis/index.js';
import { inferShapes } from '../../src/shape/index.js';
import { modelOf } from '../helpers/text.js';

function rolesOf(graph: string, overrides = {}) {
  const model = modelOf(graph);
  return findInputRoles(model.graph, inferShapes(model), overrides);
}

const EMBEDDING = `
  s = Sin (angle)
  c = Cos (angle)
  e = Concat <axis = 1> (s, c)`;

test('latent by its shape, timestep by its sines, the rest are conditions', () => {
  expect(
    rolesOf(`g (float[N,7,8] p, float[N] q, float[N,4,H,W] r) => (float[N,4,H,W] z)
    <float[1,2] f = {1, 2}, int64[1] axis = {1}, int64[2] axes = {2, 3}> {
      u = Unsqueeze (q, axis)
      angle = Mul (u, f)
      ${EMBEDDING}
      v = Unsqueeze (e, axes)
      m = ReduceMean (p)
      n = Add (v, m)
      z = Add (r, n)
    }`),
  ).toEqual({ latent: 'r', timestep: 'q', conditions: ['p'], prediction: 'z', problems: [] });
});

test('an output with more channels than the latent, as with a learned variance', () => {
  const roles =
    rolesOf(`g (float[N,4,H,W] r, float[N,8,H,W] other) => (float[N,8,H2,W] w, float[N,8,H,W] z)
  <float[8,4,1,1] k = {${Array(32).fill(1).join(', ')}}, int64[4] target = {0, 0, -1, 1}> {
    z0 = Conv (r, k)
    z = Neg (z0)
    w = Reshape (other, target)
  }`);
  expect(roles.prediction).toBe('z');
});

test('inputs with a default are none of them', () => {
  expect(
    rolesOf(`g (float[N,4,H,W] r, float[1] d) => (float[N,4,H,W] z) <float[1] d = {2}> {
      z = Mul (r, d) }`).conditions,
  ).toEqual([]);
});

test('what cannot be told is said, and can be given', () => {
  const graph = `g (float[N,4] r, float[N] q) => (float[N,4] z) { z = Identity (r) }`;
  const found = rolesOf(graph);
  expect(found).toMatchObject({ latent: undefined, timestep: undefined });
  expect(found.problems.join('\n')).toMatch(/no input of rank 0 or 1 reaches a Sin/);
  expect(found.problems.join('\n')).toMatch(/none is the latent/);
  expect(rolesOf(graph, { latent: 'r', timestep: 'q' })).toMatchObject({
    latent: 'r',
    timestep: 'q',
    conditions: [],
    problems: [],
  });
});

test('an input of whose size the timestep has as many is none', () => {
  const found = rolesOf(`g (float[N,4,H,W] r, float[1] q, int64[N] label) => (float[N,4,H,W] z)
  <int64[3] axes = {1, 2, 3}> {
    size = Shape (label)
    each = Expand (q, size)
    s = Sin (each)
    c = Cos (each)
    e = Add (s, c)
    v = Unsqueeze (e, axes)
    z = Add (r, v)
  }`);
  expect(found).toMatchObject({ timestep: 'q', conditions: ['label'], problems: [] });
});

describe('several timesteps', () => {
  test('are not chosen from', () => {
    const found = rolesOf(`g (float[N,4,H,W] r, float[N] q, float[N] p) => (float[N,4,H,W] z)
    <int64[3] axes = {1, 2, 3}> {
      angle = Add (q, p)
      s = Sin (angle)
      c = Cos (angle)
      e = Add (s, c)
      v = Unsqueeze (e, axes)
      z = Add (r, v)
    }`);
    expect(found.timestep).toBeUndefined();
    expect(found.problems).toEqual([expect.stringMatching(/several inputs .*\(q, p\)/)]);
  });
});
