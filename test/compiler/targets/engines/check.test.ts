/** What a check says of a model: each condition of a table, in words that name node, reason and remedy. */
import { expect, test } from 'vitest';
import { checkFor } from '../../../../src/compiler/targets/index.js';
import type { EngineRow, EngineTable } from '../../../../src/generated/engine.js';
import { ENGINE_TABLES } from '../../../../src/generated/engines.js';
import { modelOf } from '../../../helpers/text.js';

const engine = (rows: Record<string, EngineRow>, more: Partial<EngineTable> = {}): EngineTable => ({
  name: 'engine',
  title: 'the engine',
  sources: [{ for: ['operators'], url: 'https://engine.test', version: '2.0', read: '2026-01-02' }],
  controlFlow: 'elsewhere',
  openSizes: 'refused',
  elsewhere: 'cpu',
  matching: 'any',
  operators: { 'ai.onnx': rows },
  ...more,
});

const said = (text: string, table: EngineTable, opset?: number) =>
  checkFor(modelOf(text, opset), table).map(
    ({ severity, code, message, hint }) => `${severity} ${code}: ${message} ${hint}`,
  );

const TABLE = 'its table (2.0, read 2026-01-02)';
const ABS = 'g (float[2] x) => (float[2] y) { y = Abs (x) }';

test('a model whose nodes are all in the table has no findings', () => {
  expect(said(ABS, engine({ Abs: {} }))).toEqual([]);
});

test('nodes of an operator that is not there make one finding, which lists all', () => {
  const model = modelOf(
    'g (float[2] x) => (float[2] y) {\n a = Abs (x)\n b = Neg (a)\n y = Abs (b)\n}',
  );
  const findings = checkFor(model, engine({ Neg: {} }));
  expect(findings).toEqual([
    {
      severity: 'warning',
      code: 'TARGET_OPERATOR',
      message: `"Abs making a" and 1 more nodes (Abs) run on the CPU, not in the engine: ${TABLE} has no such operator.`,
      hint: 'Export the model in operators that the table has.',
      nodes: ['Abs making a', 'Abs making y'],
      opType: 'Abs',
    },
  ]);
});

test("operators of onnxruntime's optimizer are told from those of exporters", () => {
  const text = 'g (float[2] x) => (float[2] y) { y = com.microsoft.QuickGelu (x) }';
  expect(said(text, engine({}))[0]).toContain("the operator is of onnxruntime's optimizer");
});

test('the same is an error where the engine then takes nothing', () => {
  expect(said(ABS, engine({}, { elsewhere: 'refused' }))).toEqual([
    `error TARGET_OPERATOR: "Abs making y" (Abs) keeps the engine from the whole model: ${TABLE} has no such operator. Export the model in operators that the table has.`,
  ]);
});

test('open sizes are named by input, axis and symbol, with the way to fix them', () => {
  const text =
    'g (float[batch,4,height] sample, float[batch] t, float[2] c) => (float[] y) { y = Abs (sample) }';
  const [open] = said(text, engine({ Abs: {} }));
  expect(open).toBe(
    'error TARGET_OPEN_SIZE: the engine takes no node that follows from an open size, and inputs leave theirs open: "sample" (axis 0: batch, axis 2: height), "t" (axis 0: batch). Fix the sizes: --freeze batch=N --freeze height=N.',
  );
  for (const openSizes of ['slower', 'held'] as const)
    expect(said(text, engine({ Abs: {} }, { openSizes }))[0]).toMatch(/^warning TARGET_OPEN_SIZE/);
});

test('sizes without a name are fixed by their input', () => {
  const [open] = said(
    'g (float[?,4] sample) => (float[] y) { y = Abs (sample) }',
    engine({ Abs: {} }),
  );
  expect(open).toContain('"sample" (axis 0). Fix the sizes with --shape');
});

test('a symbol inside an expression is named as the one to fix', () => {
  const text = 'g (float["floor((n+1)/2)"] x) => (float[] y) { y = Abs (x) }';
  expect(said(text, engine({ Abs: {} }))[0]).toContain('Fix the sizes: --freeze n=N.');
});

const IF = `g (float[2] x, bool c) => (float[2] y) {
  y = If (c) <
    then_branch = yes () => (float[2] a) { a = Abs (x) },
    else_branch = no () => (float[2] b) { b = Neg (x) }
  >
}`;
test('control flow keeps an engine that refuses both from the model, and nodes inside it are looked at', () => {
  const refusing = engine({ If: {}, Abs: {} }, { elsewhere: 'refused', controlFlow: 'refused' });
  expect(said(IF, refusing).map((line) => line.slice(0, 60))).toEqual([
    expect.stringMatching(/^error TARGET_CONTROL_FLOW: "If making y" \(If\)/),
    expect.stringMatching(/^error TARGET_OPERATOR: "Neg making b" \(Neg\)/),
  ]);
  expect(said(IF, engine({ If: {}, Abs: {}, Neg: {} }))).toEqual([]);
});

test('constants are no nodes to an engine', () => {
  expect(
    said(
      'g () => (float[2] y) {\n c = Constant <value = float[2] {1, 2}> ()\n y = Abs (c)\n}',
      engine({ Abs: {} }),
    ),
  ).toEqual([]);
});

const RESHAPE = (inputs: string, attributes = '') =>
  `g (float[2,3] x${inputs}) => (float[] y) { y = Reshape${attributes} (x, s) }`;
test.each<[string, string, Record<string, EngineRow>, string | undefined]>([
  [
    'a constant that is computed',
    RESHAPE(', int64[1] s'),
    { Reshape: { constant: [1] } },
    'input 1 has to be a constant, and here it is "s"',
  ],
  ['a rank', ABS, { Abs: { ranks: { 0: [3, 4] } } }, 'input 0 has rank 3 or 4, and here 1'],
  [
    'operands of one type',
    'g (uint8[2,4] x, int8[4,3] z) => (int32[] y) { y = MatMulInteger (x, z) }',
    { MatMulInteger: { alike: [0, 1] } },
    'its operands are of one type, and here uint8 and int8',
  ],
  ['a rank that it may have', ABS, { Abs: { ranks: { 0: [1] } } }, undefined],
  ['a type', ABS, { Abs: { types: ['float16'] } }, 'it is for other element types than float32'],
  ['a type that it may have', ABS, { Abs: { types: ['float32'] } }, undefined],
  [
    'an input too many',
    'g (float[2] x, float[2] z) => (float[2] y) { y = Add (x, z) }',
    { Add: { absent: [1] } },
    'input 1 has to be left out',
  ],
  [
    'an attribute',
    RESHAPE(', int64[1] s', ' <allowzero = 1>'),
    { Reshape: { attributes: { allowzero: [0] } } },
    'attribute allowzero is 0, and here 1',
  ],
  [
    'an attribute that is a text',
    'g (float[1,1,2,2] x) => (float[] y) { y = DepthToSpace <mode = "CRD", blocksize = 1> (x) }',
    { DepthToSpace: { attributes: { mode: ['DCR'] } } },
    'attribute mode is DCR, and here CRD',
  ],
  [
    'an attribute too many',
    'g (float[2] x) => (float[2] y) { y = Elu <alpha = 2> (x) }',
    { Elu: { attributes: { alpha: [] } } },
    'attribute alpha has to be left out',
  ],
  [
    'outputs',
    'g (float[4] x) => (float[2] y, float[2] z) { y, z = Split <num_outputs = 2> (x) }',
    { Split: { outputs: 1 } },
    'it has 1 outputs at most, and here 2',
  ],
  [
    'an index from the end',
    'g (float[4] x) => (float[] y) {\n i = Constant <value = int64 {-1}> ()\n y = Gather (x, i)\n}',
    { Gather: { positive: [1] } },
    'input 1 must hold nothing below 0',
  ],
  [
    'an index from the start',
    'g (float[4] x) => (float[] y) {\n i = Constant <value = int64 {1}> ()\n y = Gather (x, i)\n}',
    { Gather: { positive: [1] } },
    undefined,
  ],
])('a condition on %s', (_, text, rows, why) => {
  expect(said(text, engine(rows))).toEqual(
    why === undefined ? [] : [expect.stringContaining(`by ${TABLE}, ${why}.`)],
  );
});

const COS = 'g (float[2] x) => (float[2] y) { y = Cos (x) }';
test.each<[EngineTable['matching'], number[], number, string | undefined]>([
  // Cos is of sets 7 and 22
  ['exact', [7], 21, undefined],
  ['exact', [7], 22, 'version 22 of the operator. Export the model with operator set 21'],
  ['from', [7], 22, undefined],
  ['from', [20], 17, 'version 7 of the operator'],
  ['ranges', [7, 22], 21, undefined],
  ['ranges', [7], 22, 'version 22 of the operator. Export the model with operator set 21'],
  ['any', [7], 22, undefined],
])('versions by %s of %j in operator set %i', (matching, versions, opset, why) => {
  expect(said(COS, engine({ Cos: { versions } }, { matching }), opset)).toEqual(
    why === undefined ? [] : [expect.stringContaining(why)],
  );
});

test("a version that a kernel's range holds counts, and one behind the last does not", () => {
  // ReduceMax is of sets 1, 11, 12, 13, 18 and 20, CUDA's kernels begin at 1 and at 18
  const text = 'g (float[2] x) => (float[] y) { y = ReduceMax (x) }';
  const codes = (opset: number) =>
    checkFor(modelOf(text, opset), ENGINE_TABLES['cuda-graph']).map(({ code }) => code);
  expect([codes(13), codes(18), codes(20)]).toEqual([[], [], ['TARGET_OPERATOR_VERSION']]);
});
