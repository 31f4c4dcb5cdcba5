/** Inputs that an operator cannot do without: by ONNX's and onnxruntime's own schemas, and refused where missing. */
import { describe, expect, test } from 'vitest';
import { Graph } from '../../../src/model/ir/graph.js';
import { OPERATORS } from '../../../src/model/operators/index.js';
import { checkRequirements } from '../../../src/model/operators/requirements.js';
import { required, schemaOf } from './schemas.js';

const ALL = [...OPERATORS].flatMap(([domain, records]) =>
  [...records].map(([name, record]) => [domain, name, record] as const),
);

test.each(ALL)('%s %s needs what its schema says', (domain, name, record) => {
  const { versions } = schemaOf(domain, name);
  expect(record.required).toBe(Math.min(...versions.map(required)));
});

describe('is refused without', () => {
  const graphWith = (domain: string, opType: string, inputs: number, outputs = ['y']) => {
    const graph = new Graph('g');
    const given = Array.from({ length: inputs }, (_, i) => graph.addInput(`x${i}`, undefined));
    graph.addNode({ domain, opType, inputs: given, outputs });
    return graph;
  };
  const needing = ALL.flatMap(([domain, name, record]) =>
    record.required > 0 ? [[domain, name, record.required] as const] : [],
  );

  test.each(needing)('its last input: %s %s', (domain, name, count) => {
    const check = (inputs: number) => () => checkRequirements(graphWith(domain, name, inputs));
    expect(check(count)).not.toThrow();
    expect(check(count - 1)).toThrowError(expect.objectContaining({ code: 'GRAPH_MISSING_INPUT' }));
  });

  test.each(ALL)('its first output: %s %s', (domain, name, record) => {
    const graph = graphWith(domain, name, record.required, []);
    expect(() => checkRequirements(graph)).toThrowError(
      expect.objectContaining({ code: 'GRAPH_MISSING_OUTPUT' }),
    );
  });

  test('nothing, where nobody knows the operator', () => {
    expect(() => checkRequirements(graphWith('own', 'Conv', 0, []))).not.toThrow();
    expect(() => checkRequirements(graphWith('com.microsoft', 'Conv', 0, []))).not.toThrow();
  });
});
