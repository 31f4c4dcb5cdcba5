/** Types and sizes of a schedule's ports against what models declare: what is so passes, each word changed alone is found. */
import { describe, expect, test } from 'vitest';
import {
  fixedSize,
  portProblems,
  sameSize,
} from '../../../../src/evidence/measure/statements/ports.js';
import { sourceProblems } from '../../../../src/evidence/measure/statements/source.js';
import type { Dimension, Schedule } from '../../../../src/runtime/schedule/index.js';
import { modelOf } from '../../../helpers/text.js';

type Sizes = readonly [says: Dimension, declares: Dimension];

describe('a size', () => {
  test.each<Sizes>([
    [4, 4],
    ['batch', 'batch'],
    ['2*batch', 'batch*2'],
    ['a + b', 'b + a'],
    [null, 4],
    [null, 'batch'],
    [4, null],
    ['batch', null],
    [null, null],
  ])('%j is %j to a model of the bundle, and to the source', (says, declares) => {
    expect([sameSize(says, declares), sameSize(declares, says)]).toEqual([true, true]);
  });

  test.each<Sizes>([
    [4, 5],
    ['batch', 'rows'],
    ['2*batch', 'batch'],
    ['batch', 4],
    [4, 'batch'],
  ])('%j is not %j to a model of the bundle', (says, declares) => {
    expect(sameSize(says, declares)).toBe(false);
  });

  test.each<[...Sizes, fine: boolean]>([
    [4, 4, true],
    [5, 4, false],
    ['batch', 4, false],
    [null, 4, false],
    [4, 'batch', true],
    ['rows', 'batch', true],
    [4, null, true],
  ])('%j is %j to the source, which may have been given numbers: %j', (says, declares, fine) => {
    expect(fixedSize(says, declares)).toBe(fine);
  });
});

describe('a port', () => {
  const { graph } = modelOf('g (float[a,4] x, float s) => (float y) { y = ReduceSum (x) }');
  const [x, scalar] = graph.inputs as [(typeof graph.inputs)[0], (typeof graph.inputs)[0]];
  const { output: unknown } = graph.addNode({ opType: 'Relu', inputs: [x], outputs: ['u'] });
  const check = (type: string, shape: Dimension[], value = x) =>
    portProblems(['p', 0], { type, shape }, value, sameSize, 'it').map((p) => p.path);

  test('is of the type and shape that are declared', () => {
    expect(check('float32', ['a', 4])).toEqual([]);
    expect(check('float32', [], scalar)).toEqual([]);
    expect(check('float16', ['a', 4])).toEqual(['/p/0/type']);
    expect(check('float32', ['a', 5])).toEqual(['/p/0/shape']);
    expect(check('float32', [4, 'a'])).toEqual(['/p/0/shape']);
    expect(check('float32', ['a'])).toEqual(['/p/0/shape']);
    expect(check('float32', ['a', 4, 1])).toEqual(['/p/0/shape']);
    expect(check('float32', [1], scalar)).toEqual(['/p/0/shape']);
    expect(check('int64', [4, 4])).toEqual(['/p/0/type', '/p/0/shape']);
  });

  test('is held against what is declared alone', () => {
    expect(check('int64', [7], unknown)).toEqual([]);
    unknown.type = { kind: 'tensor', elem: 'float32' };
    expect(check('float32', [7], unknown)).toEqual([]);
    expect(check('int64', [7], unknown)).toEqual(['/p/0/type']);
    unknown.type = { kind: 'tensor', elem: 'undefined', shape: [7] };
    expect(check('int64', [7], unknown)).toEqual([]);
    expect(check('int64', [8], unknown)).toEqual(['/p/0/shape']);
  });

  test('is said with what is open', () => {
    const [problem] = portProblems([], { type: 'float32', shape: [null, 5] }, x, sameSize, 'it');
    expect(problem!.message).toBe('says [?, 5], where it is [a, 4]');
  });
});

describe('inputs and outputs of the source', () => {
  const model = modelOf(
    'g (float[b,4] x, float t, float[2] w) => (float[b,4] y, float z) <float[2] w = {1, 2}> { y = Add (x, t) z = Neg (t) }',
  );
  const x = { name: 'x', type: 'float32', shape: ['b', 4] };
  const t = { name: 't', type: 'float32', shape: [] };
  const [y, z] = [
    { ...x, name: 'y' },
    { ...t, name: 'z' },
  ];
  const problems = (inputs: object[], outputs: object[]) =>
    sourceProblems({ source: { inputs, outputs } } as unknown as Schedule, model);
  const paths = (...of: Parameters<typeof problems>) => problems(...of).map((p) => p.path);

  test('are all of them, in order, and as declared', () => {
    expect(paths([x, t], [y, z])).toEqual([]);
    expect(paths([{ ...x, shape: [2, 4] }, t], [y, z])).toEqual([]);
    expect(paths([t, x], [y, z])).toEqual(['/source/inputs']);
    expect(paths([x], [y, z])).toEqual(['/source/inputs']);
    expect(paths([x, t, { ...t, name: 'w' }], [y, z])).toEqual(['/source/inputs']);
    expect(paths([x, t], [z, y])).toEqual(['/source/outputs']);
    expect(paths([x, t], [y])).toEqual(['/source/outputs']);
    expect(paths([x, { ...t, type: 'int64' }], [y, { ...z, shape: [1] }])).toEqual([
      '/source/inputs/1/type',
      '/source/outputs/1/shape',
    ]);
  });

  test('and are listed by their names', () => {
    expect(problems([t, x], [y, z])[0]!.message).toBe(
      'lists "t", "x", where the source has "x", "t"',
    );
  });
});
