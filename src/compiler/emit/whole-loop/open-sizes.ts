/** Zeros for states to begin with, of the sizes that they will have: engines that plan memory ahead want those to stay. */
import { int64Tensor } from '../../../model/ir/tensor.js';
import type { Dim } from '../../../model/ir/types.js';
import type { Value } from '../../../model/ir/value.js';
import { parseDim } from '../../../model/shape/index.js';
import type { Atom, DimExpr } from '../../../model/sizes/dim.js';
import type { StateInfo } from '../../lower/index.js';
import type { Compilation } from '../../pipeline/index.js';
import { constantOf } from '../call-tables.js';
import type { Builder } from './builder.js';
import type { LoopPorts } from './loop-inputs.js';

export class OpenSizes {
  /** By symbol, where its size is to be had: a value, an axis of it, and how often that is. */
  private readonly places = new Map<string, { value: Value; axis: number; times: number }>();
  private readonly known = new Map<string, Value | undefined>();

  constructor(
    private readonly builder: Builder,
    { guidance }: Pick<Compilation, 'guidance'>,
    { latent, rows, others }: LoopPorts,
    {
      noise,
      conditions,
    }: { readonly noise: Value; readonly conditions: ReadonlyMap<string, Value> },
  ) {
    const place = (shape: readonly Dim[], value: Value, timesFirst: number) => {
      shape.forEach((dim, axis) => {
        if (typeof dim === 'string' && !this.places.has(dim))
          this.places.set(dim, { value, axis, times: axis === 0 ? timesFirst : 1 });
      });
    };
    place(latent.shape, noise, guidance ? 2 : 1);
    for (const { name, shape } of [...rows, ...others]) place(shape, conditions.get(name)!, 1);
  }

  /** Of one element along an axis whose size does not follow from the inputs. */
  zeros({ type, shape, initial, input }: StateInfo): Value {
    const { builder } = this;
    if (initial || shape.every((dim) => typeof dim === 'number'))
      return constantOf(
        builder.graph,
        builder.graph.scope.fresh(`${input.name}.zeros`),
        type,
        initial ?? Array<number>(shape.reduce((n: number, d) => n * Number(d), 1)).fill(0),
        shape as number[],
      );
    const sizes = builder.concat(
      shape.map((dim) => {
        const size = typeof dim === 'string' ? this.sizeOf(parseDim(dim)) : undefined;
        return size
          ? builder.add('Reshape', [size, builder.ints([1])])
          : builder.ints([typeof dim === 'number' ? dim : 1]);
      }),
    );
    const zeros = builder.add('ConstantOfShape', [sizes]);
    return type === 'float32' ? zeros : builder.cast(zeros, type);
  }

  private sizeOf(size: DimExpr): Value | undefined {
    if (!this.known.has(size.key)) this.known.set(size.key, this.compute(size));
    return this.known.get(size.key);
  }

  private compute({ terms }: DimExpr): Value | undefined {
    const { builder } = this;
    const parts: Value[] = [];
    for (const { coefficient, factors } of terms) {
      let product: Value | undefined;
      for (const factor of factors) {
        const value = this.atom(factor);
        if (!value) return undefined;
        product = product ? builder.add('Mul', [product, value]) : value;
      }
      const times = () => builder.constant(int64Tensor([coefficient], []));
      if (!product) parts.push(times());
      else parts.push(coefficient === 1n ? product : builder.add('Mul', [product, times()]));
    }
    return parts.reduce((all, part) => builder.add('Add', [all, part]));
  }

  private atom(atom: Atom): Value | undefined {
    const { builder } = this;
    if (atom.kind === 'symbol') {
      const place = this.places.get(atom.name);
      if (!place) return undefined;
      const shape = builder.add('Shape', [place.value]);
      const size = builder.gather(shape, builder.ints([place.axis], []));
      return place.times === 1 ? size : builder.add('Mul', [size, builder.ints([place.times], [])]);
    }
    if (atom.kind === 'floor') {
      const [over, under] = [this.sizeOf(atom.numerator), this.sizeOf(atom.denominator)];
      // sizes are never negative, so that rounding towards zero is rounding down
      return over && under && builder.add('Div', [over, under]);
    }
    const operands = atom.operands.map((operand) => this.sizeOf(operand));
    if (operands.some((operand) => !operand)) return undefined;
    return builder.add(atom.kind === 'max' ? 'Max' : 'Min', operands as Value[]);
  }
}
