/** What a model is told at each call, as tables inside it, and the state by which it looks them up. */
import { int } from '../../model/ir/attribute.js';
import type { Graph } from '../../model/ir/graph.js';
import { float32Tensor, int64Tensor } from '../../model/ir/tensor.js';
import { type DataType, dataTypeCode, tensorType } from '../../model/ir/types.js';
import type { Value } from '../../model/ir/value.js';

/** What an input is fed at each call. */
export interface CallRows {
  readonly type: DataType;
  readonly shape: readonly number[];
  readonly rows: readonly (readonly number[])[];
}

/** Elements of the types that states begin with and models are told. */
export function constantOf(
  graph: Graph,
  name: string,
  type: DataType,
  elements: readonly number[],
  dims: readonly number[],
): Value {
  if (type === 'int64') return graph.addInitializer(name, int64Tensor(elements, [...dims]));
  const value = graph.addInitializer(name, float32Tensor(elements, [...dims]));
  if (type === 'float32') return value;
  const to = int(dataTypeCode(type));
  return graph.addNode({
    opType: 'Cast',
    inputs: [value],
    outputs: [`${name}.cast`],
    attributes: { to },
  }).output;
}

export class CallTables {
  /** The input that counts, an int64 of one element, as models take them that know no scalars. */
  readonly input: Value;
  /** The number of the call, without dimensions. */
  readonly call: Value;

  /** @param input name of the input that counts */
  constructor(
    private readonly graph: Graph,
    input: string,
    private readonly calls: number,
  ) {
    this.input = graph.addInput(input, tensorType('int64', [1]));
    const none = graph.addInitializer(`${input}.scalar`, int64Tensor([], [0]));
    this.call = this.add('Reshape', [this.input, none], `${input}.now`);
  }

  /** What a table has for the call. */
  lookUp(name: string, { type, shape, rows }: CallRows): Value {
    const elements = rows.flat();
    const table = constantOf(this.graph, `${name}.calls`, type, elements, [rows.length, ...shape]);
    return this.add('Gather', [table, this.call], `${name}.now`);
  }

  /** Is it call 0? */
  isFirst(): Value {
    const zero = this.graph.addInitializer(`${this.input.name}.first`, int64Tensor([0], []));
    return this.add('Equal', [this.call, zero], `${this.input.name}.isFirst`);
  }

  /** The number of the call after this one, as the state is to have it; of the first, behind the last. */
  next(): Value {
    const following = Array.from({ length: this.calls }, (_, call) => (call + 1) % this.calls);
    const table = this.graph.addInitializer(
      `${this.input.name}.following`,
      int64Tensor(following, [this.calls]),
    );
    return this.add('Gather', [table, this.input], `${this.input.name}.next`);
  }

  private add(opType: string, inputs: Value[], name: string): Value {
    return this.graph.addNode({ opType, inputs, outputs: [name] }).output;
  }
}
