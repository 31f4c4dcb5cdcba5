/** Element types of results, against the schemas: of an input's type, or of the one that is allowed. */
import { expect, test } from 'vitest';
import { Graph } from '../../../src/model/ir/graph.js';
import { type DataType, dataTypeCode } from '../../../src/model/ir/types.js';
import { parseModel } from '../../../src/model/onnx/text/index.js';
import { OPERATORS } from '../../../src/model/operators/index.js';
import { inferShapes } from '../../../src/model/shape/index.js';
import { modelOf, named } from '../../helpers/text.js';
import { schemaOf } from './schemas.js';

/** What such a node makes follows from an attribute, a graph inside it, or the elements of a sequence. */
const UNTOLD =
  /^(Cast|Constant|If|Loop|Scan|Sequence\w*|SplitToSequence|ConcatFromSequence|Optional\w*)$/;

/** In place of each type that has a name in the schema, one that no operator makes by itself. */
const STANDS_FOR: readonly DataType[] = ['complex64', 'complex128', 'uint16', 'int16', 'uint32'];

const ALL = [...OPERATORS].flatMap(([domain, records]) =>
  [...records].flatMap(([name, record]) =>
    UNTOLD.test(name) ? [] : [[domain, name, record] as const],
  ),
);

const isElementType = (type: string): type is DataType => dataTypeCode(type as DataType) > 0;

test.each(ALL)('%s %s', (domain, name, { types }) => {
  const schema = schemaOf(domain, name).types;
  const names = [...new Set(schema.inputs)].filter((type) => !isElementType(type));
  expect(names.length).toBeLessThanOrEqual(STANDS_FOR.length);
  const typeOf = (type: string | undefined): DataType | undefined =>
    type !== undefined && isElementType(type) ? type : STANDS_FOR[names.indexOf(type ?? '')];
  const node = new Graph('g').addNode({ domain, opType: name, inputs: [], outputs: ['y'] });
  schema.outputs.forEach((type, output) => {
    const said = types(node, output, (index) => typeOf(schema.inputs[index]));
    if (output === 0) expect(said).toBeDefined();
    const expected = typeOf(type);
    if (said && expected) expect(said, `of output ${output}`).toBe(expected);
  });
});

test.each([
  ['RMSNormalization', 'y = RMSNormalization (x, s)', 23],
  ["onnxruntime's own", 'y = SimplifiedLayerNormalization (x, s)', 17],
  ['statistics', 'n, y, v = BatchNormalization <training_mode = 1> (x, h, h, s, s)', 17],
])('a norm whose scale is of another type: %s', (_, body, opset) => {
  const model = parseModel(`<ir_version: 10, opset_import: ["": ${opset}]>
    g (float16[2, 4] x, float[4] s, float16[4] h) => (y) { ${body} }`);
  expect(inferShapes(model).dtype(named(model, 'y'))).toBe('float32');
});

test('what is known of a type without a shape', () => {
  const model = modelOf(
    'g (float[3, 4] x, int64 n) => (y, z) { y = Multinomial (x)  z = HannWindow (n) }',
  );
  const shapes = inferShapes(model);
  expect(['y', 'z'].map((name) => shapes.dtype(named(model, name)))).toEqual(['int32', 'float32']);
  expect(shapes.shape(named(model, 'y'))).toBeUndefined();
});
