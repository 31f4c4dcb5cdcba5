/** Nodes of a graph that is built, by their operators. */
import type { Attribute } from '../../../model/ir/attribute.js';
import { int } from '../../../model/ir/attribute.js';
import type { Graph } from '../../../model/ir/graph.js';
import {
  float32Tensor,
  float64Tensor,
  int64Tensor,
  type Tensor,
} from '../../../model/ir/tensor.js';
import { type DataType, dataTypeCode } from '../../../model/ir/types.js';
import type { Value } from '../../../model/ir/value.js';

export class Builder {
  readonly #doubles = new Map<Value, Value>();

  /** @param main the graph that constants lie in, which this one is or lies inside of */
  constructor(
    readonly graph: Graph,
    private readonly main: Graph = graph,
  ) {}

  add(
    opType: string,
    inputs: readonly (Value | null)[],
    attributes: Readonly<Record<string, Attribute>> = {},
  ): Value {
    const outputs = [`loop.${opType.toLowerCase()}`];
    return this.graph.addNode({ opType, inputs: [...inputs], outputs, attributes }).output;
  }

  constant(tensor: Tensor): Value {
    return this.main.addInitializer('loop.constant', tensor);
  }

  ints(values: readonly number[], dims: readonly number[] = [values.length]): Value {
    return this.constant(int64Tensor(values, [...dims]));
  }

  floats(values: readonly number[], dims: readonly number[] = [values.length]): Value {
    return this.constant(float32Tensor(values, [...dims]));
  }

  doubles(values: readonly number[], dims: readonly number[] = [values.length]): Value {
    return this.constant(float64Tensor(values, [...dims]));
  }

  /** A float32 value in float64; of each value once. */
  double(value: Value): Value {
    const known = this.#doubles.get(value);
    if (known) return known;
    const made = this.cast(value, 'float64');
    this.#doubles.set(value, made);
    return made;
  }

  single(value: Value): Value {
    return this.cast(value, 'float32');
  }

  cast(value: Value, to: DataType): Value {
    return this.add('Cast', [value], { to: int(dataTypeCode(to)) });
  }

  gather(from: Value, index: Value, axis = 0): Value {
    return this.add('Gather', [from, index], { axis: int(axis) });
  }

  concat(values: readonly Value[], axis = 0): Value {
    return this.add('Concat', values, { axis: int(axis) });
  }
}
