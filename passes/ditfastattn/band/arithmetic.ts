/** Integer arithmetic in the graph, on int64 scalars, with operators that opset 11 has. */

import { integers, stored } from '../../../src/compiler/analysis/index.js';
import type { SiteBuilder } from '../../../src/compiler/plan/index.js';
import type { Value } from '../../../src/model/ir/value.js';
import { cast, node } from './nodes.js';

/** Sums, differences and comparisons of scalars that only a run knows. */
export class Arithmetic {
  constructor(private readonly b: SiteBuilder) {}

  number(value: number): Value {
    return integers(this.b.graph, [value], []);
  }

  add(x: Value, y: Value): Value {
    return node(this.b, 'Add', [x, y]);
  }

  subtract(x: Value, y: Value): Value {
    return node(this.b, 'Sub', [x, y]);
  }

  multiply(x: Value, y: Value): Value {
    return node(this.b, 'Mul', [x, y]);
  }

  /** Of operands that are not negative. */
  ceilDivide(x: Value, y: Value): Value {
    return node(this.b, 'Div', [this.add(x, this.subtract(y, this.number(1))), y]);
  }

  min(x: Value, y: Value): Value {
    return node(this.b, 'Where', [node(this.b, 'Less', [x, y]), x, y]);
  }

  max(x: Value, y: Value): Value {
    return node(this.b, 'Where', [node(this.b, 'Less', [x, y]), y, x]);
  }

  /** `from` up to, not including, `to`. */
  range(from: Value, to: Value): Value {
    return node(this.b, 'Range', [from, to, this.number(1)]);
  }

  /** `factor` times x, rounded down: in float64, so that it is what JavaScript's numbers give. */
  scaled(x: Value, factor: number): Value {
    const exact = stored(this.b.graph, `float64 ${factor}`, () => {
      const bytes = new Uint8Array(8);
      new DataView(bytes.buffer).setFloat64(0, factor, true);
      return { dtype: 'float64', dims: [], data: { kind: 'bytes', bytes } };
    });
    return cast(this.b, node(this.b, 'Mul', [cast(this.b, x, 'float64'), exact]), 'int64');
  }

  /** The square root of x, rounded down, likewise. */
  root(x: Value): Value {
    return cast(this.b, node(this.b, 'Sqrt', [cast(this.b, x, 'float64')]), 'int64');
  }
}
