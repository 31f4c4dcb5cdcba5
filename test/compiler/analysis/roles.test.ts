/** What a denoiser's inputs are for, found by structure: none of the names says anything. */
import { describe, expect, test } from 'vitest';
import { findInputRoles } from '../../../src/compiler/analysis/index.js';
import { inferShapes } from '../../../src/model/shape/index.js';
import { modelOf } from '../../helpers/text.js';

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

describe('a step that is counted', () => {
  const of = (angle: string) =>
    rolesOf(`g (float[N,4,L] r, float[N] total, float[N] step) => (float[N,4,L] z)
    <int64[2] axes = {1, 2}> {
      ${angle}
      s = Sin (angle)
      c = Cos (angle)
      e = Add (s, c)
      v = Unsqueeze (e, axes)
      n = Unsqueeze (total, axes)
      d = Div (v, n)
      z = Add (r, d)
    }`);
  test('is what is divided by how many there are', () => {
    const found = of('angle = Div (step, total)');
    expect(found).toMatchObject({ timestep: 'step', conditions: ['total'], problems: [] });
    expect(of('t = Div (step, total)\n angle = Neg (t)').timestep).toBe('step');
  });
  test('is not told where both are divided, or one is added as well', () => {
    for (const angle of [
      'a = Div (step, total)\n b = Div (total, step)\n angle = Add (a, b)',
      'a = Div (step, total)\n angle = Add (a, total)',
      'angle = Mul (step, total)',
    ])
      expect(of(angle).problems).toEqual([expect.stringMatching(/several inputs/)]);
  });
});

describe('the timestep', () => {
  const of = (inputs: string, body: string) =>
    rolesOf(`g (${inputs}) => (float[N,4,H,W] z) <float[2] f = {1, 2}> {
      ${body}
      z = Identity (r)
    }`);
  const SINES = 's = Sin (angle)\n c = Cos (angle)';
  test.each<[string, string, string, string | undefined]>([
    ['of no axis', 'float[N,4,H,W] r, float q', `angle = Mul (q, f)\n ${SINES}`, 'q'],
    ['of unknown rank', 'float[N,4,H,W] r, float[] q', `angle = Mul (q, f)\n ${SINES}`, 'q'],
    ['of one axis', 'float[N,4,H,W] r, float[N] q', `angle = Neg (q)\n ${SINES}`, 'q'],
    ['of two axes', 'float[N,4,H,W] r, float[N,1] q', `angle = Neg (q)\n ${SINES}`, undefined],
    ['that is the angle', 'float[N,4,H,W] r, float[N] angle', SINES, 'angle'],
    [
      'beside the latent itself',
      'float[1,4,1,1] r, float[1] q',
      `angle = Mul (r, q)\n ${SINES}`,
      'q',
    ],
    [
      'by a sine and a cosine of other angles',
      'float[N,4,H,W] r, float[N] q',
      's = Sin (q)\n o = Neg (q)\n c = Cos (o)',
      undefined,
    ],
    ['by a sine alone', 'float[N,4,H,W] r, float[N] q', 's = Sin (q)', undefined],
    [
      'by a value that was read twice',
      'float[N,4,H,W] r, float[N] q',
      `a = Neg (q)\n angle = Mul (a, a)\n ${SINES}`,
      'q',
    ],
    [
      'not by how many there are',
      'float[N,4,H,W] r, float[N] q',
      `n = Size (q)\n m = Cast <to = 1> (n)\n angle = Mul (m, f)\n ${SINES}`,
      undefined,
    ],
  ])('%s', (_, inputs, body, expected) => {
    expect(of(inputs, body).timestep).toBe(expected);
  });
});

describe('the latent and what is predicted', () => {
  test.each<[string, string, string, string | undefined, string]>([
    ['of the same shape', 'float[N,4,H,W] a', 'float[N,4,H,W] z', 'a', 'z'],
    ['the first of two inputs', 'float[N,4,H,W] a, float[N,4,H,W] b', 'float[N,4,H,W] z', 'a', 'z'],
    [
      'the first of two outputs',
      'float[N,4,H,W] a',
      'float[N,4,H,W] y, float[N,4,H,W] z',
      'a',
      'y',
    ],
    ['the output that fits', 'float[N,4,H,W] a', 'float[N,9] y, float[N,4,H,W] z', 'a', 'z'],
    [
      'sooner of the same channels',
      'float[N,8,H,W] a, float[N,4,H,W] b',
      'float[N,4,H,W] z',
      'b',
      'z',
    ],
    ['sooner of the same size', 'float[N,4,A,B] a, float[N,8,H,W] b', 'float[N,4,H,W] z', 'b', 'z'],
    ['of three axes', 'float[N,4,L] a', 'float[N,4,L] z', 'a', 'z'],
    ['of three axes and other channels', 'float[N,4,L] a', 'float[N,8,L] z', 'a', 'z'],
    ['not of two axes', 'float[N,4] a', 'float[N,4] z', undefined, 'z'],
    ['of four axes, whatever the sizes', 'float[N,4,A,B] a', 'float[N,4,H,W] z', 'a', 'z'],
    [
      'of five axes, sooner than of four',
      'float[N,4,A,B] a, float[N,4,A,B,C] b',
      'float[N,4,H,W,D] z',
      'b',
      'z',
    ],
    ['not of three axes of other sizes', 'float[N,4,A] a', 'float[N,4,L] z', undefined, 'z'],
  ])('%s', (_, inputs, outputs, latent, prediction) => {
    // what computes the outputs does not matter, and its results have the shapes that are declared
    const names = outputs.match(/\w+(?=,|$)/g)!.filter((name) => /^[yz]$/.test(name));
    const body = names.map((name) => `${name} = own.Net (a)`).join('\n');
    const found = rolesOf(`g (${inputs}) => (${outputs}) { ${body} }`);
    expect([found.latent, found.prediction]).toEqual([latent, prediction]);
  });

  test('are said where they are given, and the others found', () => {
    const graph = `g (float[N,4,H,W] a, float[N,4,H,W] b, float[N] q) => (float[N,4,H,W] z) {
      s = Sin (q)  c = Cos (q)  z = Add (a, b) }`;
    expect(rolesOf(graph, { latent: 'b' })).toMatchObject({
      latent: 'b',
      timestep: 'q',
      conditions: ['a'],
    });
    expect(rolesOf(graph, { timestep: 'a' })).toMatchObject({
      latent: 'b',
      timestep: 'a',
      conditions: ['q'],
    });
    const small = `g (float[N,4] a, float[N] q) => (float[N,4] z) { s = Sin (q)  c = Cos (q)  z = Neg (a) }`;
    expect(rolesOf(small, { latent: 'a' }).problems).toEqual([]);
    expect(rolesOf(small).problems).toHaveLength(1);
  });
});
