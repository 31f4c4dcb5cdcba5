/**
 * What the records of operators say of images, with onnxruntime: every operator that is said to work on each
 * element, or on each image, gives for half of them half of what it gives for all.
 */
import { describe, expect, test } from 'vitest';
import { OPERATORS } from '../../../src/model/operators/index.js';
import { flow, isOfHalf, modelFor, openBatch, type Region, run } from '../../helpers/halves.js';

const named = (flows: readonly string[]): (readonly [domain: string, name: string])[] =>
  [...OPERATORS].flatMap(([domain, records]) =>
    [...records].flatMap(([name, { batch }]) =>
      flows.includes(batch) ? [[domain, name] as const] : [],
    ),
  );

const C = 'float[4, 1] c = {1, 2, -3, 0.5}';
const BIAS = 'float[6] c = {1, 2, -3, 0.5, 0, 4}';

const truth = (call: string) => `p = Cast <to = 9> (x)  b = ${call}  y = Cast <to = 1> (b)`;
const comparison = (name: string) => `b = ${name} (x, c)  y = Cast <to = 1> (b)`;
const integer = (call: string, type: 7 | 13) =>
  `p = Abs (x)  i = Cast <to = ${type}> (p)  b = ${call}  y = Cast <to = 1> (b)`;

/** Bodies of those that do not read x, or x and c. */
const BODIES: Readonly<Record<string, string>> = {
  And: truth('And (p, p)'),
  Or: truth('Or (p, p)'),
  Xor: truth('Xor (p, p)'),
  Not: truth('Not (p)'),
  Equal: comparison('Equal'),
  Greater: comparison('Greater'),
  GreaterOrEqual: comparison('GreaterOrEqual'),
  Less: comparison('Less'),
  LessOrEqual: comparison('LessOrEqual'),
  IsNaN: 'b = IsNaN (x)  y = Cast <to = 1> (b)',
  IsInf: 'b = IsInf (x)  y = Cast <to = 1> (b)',
  BitShift: integer('BitShift <direction = "LEFT"> (i, i)', 13),
  BitwiseAnd: integer('BitwiseAnd (i, i)', 7),
  BitwiseOr: integer('BitwiseOr (i, i)', 7),
  BitwiseXor: integer('BitwiseXor (i, i)', 7),
  BitwiseNot: integer('BitwiseNot (i)', 7),
  Where: 'p = Cast <to = 9> (x)  y = Where (p, x, c)',
  Cast: 'y = Cast <to = 1> (x)',
  CastLike: 'y = CastLike (x, c)',
  Mod: 'y = Mod <fmod = 1> (x, c)',
};

async function followsHalves(region: Region, axis: number): Promise<void> {
  const model = modelFor(region);
  const { axes } = flow(model);
  expect(axes).toBeInstanceOf(Map);
  const [y] = model.graph.outputs;
  expect((axes as Map<unknown, number>).get(y)).toBe(axis);
  const full = await run(model, 4);
  expect(full).toBeDefined();
  openBatch(model);
  expect(await isOfHalf(model, full!, axis)).toBe(true);
}

describe('on each element', () => {
  test.each(named(['elementwise']))('%s %s', async (domain, name) => {
    const { required } = OPERATORS.get(domain)!.get(name)!;
    const opType = domain ? `${domain}.${name}` : name;
    const body = BODIES[name] ?? `y = ${opType} (${required > 1 ? 'x, c' : 'x'})`;
    const constants = name === 'BiasGelu' ? BIAS : C;
    await followsHalves({ body, constants, opset: 20 }, 0);
  });
});

describe('on each image', () => {
  const CHANNELS = 'float[4] s = {1, 2, -3, 0.5}, float[4] v = {1, 2, 3, 0.5}';
  const WEIGHT = `float[4, 4, 1, 1] w = {${Array.from({ length: 16 }, (_, i) => i - 7)}}`;
  const CALLS: Readonly<Record<string, string>> = {
    Conv: 'Conv (x, w)',
    ConvTranspose: 'ConvTranspose (x, w)',
    AveragePool: 'AveragePool <kernel_shape = [2, 2]> (x)',
    MaxPool: 'MaxPool <kernel_shape = [2, 2]> (x)',
    LpPool: 'LpPool <kernel_shape = [2, 2]> (x)',
    BatchNormalization: 'BatchNormalization (x, s, s, s, v)',
    InstanceNormalization: 'InstanceNormalization (x, s, s)',
    GroupNormalization: 'GroupNormalization <num_groups = 2> (x, s, s)',
    LRN: 'LRN <size = 3> (x)',
    DepthToSpace: 'DepthToSpace <blocksize = 2> (x)',
    SpaceToDepth: 'SpaceToDepth <blocksize = 2> (x)',
  };
  /** Quantized, or in blocks of channels: with batch-halves.test.ts, behind what makes their inputs. */
  const ELSEWHERE = ['ConvInteger', 'QLinearConv', 'ReorderInput', 'ReorderOutput', 'Upsample'];
  /** Only other processors run them: NHWC, and images first by definition. */
  const NOT_HERE = ['GroupNorm', 'BiasSplitGelu', 'NhwcConv'];
  const here = named(['outermost']).filter(
    ([domain, name]) =>
      domain !== 'com.microsoft.nchwc' && ![...ELSEWHERE, ...NOT_HERE].includes(name),
  );

  test('those that only other processors run are no more', () => {
    const others = named(['outermost-summed', 'outermost']).filter(
      ([domain]) => domain === 'com.microsoft',
    );
    expect(others.map(([, name]) => name).sort()).toEqual(
      [...NOT_HERE, 'BiasAdd', 'SkipGroupNorm'].sort(),
    );
  });

  test.each(here)('%s %s', async (_, name) => {
    const body = `y = ${CALLS[name] ?? `${name} (x)`}`;
    const opset = name === 'GroupNormalization' ? 21 : 18;
    await followsHalves(
      { x: 'batch, 4, 6, 6', body, constants: `${CHANNELS}, ${WEIGHT}`, opset },
      0,
    );
  });

  test.each(['Softmax', 'LogSoftmax', 'Hardmax'])('along an axis: %s', async (name) => {
    await followsHalves({ body: `y = ${name} <axis = 1> (x)` }, 0);
    const across = modelFor({ body: `y = ${name} <axis = 0> (x)` });
    expect(flow(across).axes).toMatchObject({ reason: 'it works across the batch' });
  });
});

describe('a BatchNormalization that is trained', () => {
  const constants = 'float[4] s = {1, 2, -3, 0.5}, float[4] v = {1, 2, 3, 0.5}';

  test('works across the batch', async () => {
    const body = 'y, mean, var = BatchNormalization <training_mode = 1> (x, s, s, s, v)';
    const model = modelFor({ body, constants });
    expect(flow(model).axes).toMatchObject({ reason: 'it works across the batch' });
    const full = await run(model, 4);
    openBatch(model);
    expect(await isOfHalf(model, full!, 0)).toBe(false);
  });

  test('shows so by its results before opset 14', () => {
    const body = 'y, mean, var, m, n = BatchNormalization (x, s, s, s, v)';
    const { axes } = flow(modelFor({ body, constants, opset: 9 }));
    expect(axes).toMatchObject({ reason: 'its further results are of all images together' });
  });
});
