/**
 * What a shape rule sees of its node: facts about the inputs, attributes, and the means to make up
 * symbols, to join sizes that must agree, and to give up with a reason.
 */
import { attrNumber, attrNumbers, attrString } from '../../ir/attribute.js';
import { constantTensor } from '../../ir/constants.js';
import type { Graph } from '../../ir/graph.js';
import type { Node } from '../../ir/node.js';
import { areNumbers, readNumbers, type Tensor } from '../../ir/tensor.js';
import { type DataType, dataTypeFromCode } from '../../ir/types.js';
import type { Value } from '../../ir/value.js';
import { areDifferent } from '../../sizes/bounds.js';
import { complexity, type DimExpr, equal, madeUp, NoSize } from '../../sizes/dim.js';
import {
  asIntegers,
  constantShape,
  type Facts,
  type Fraction,
  type Shape,
  whole,
} from './facts.js';

/** A shape rule: facts of the node's outputs, in order. It throws through `RuleContext.fail`. */
export type Rule = (c: RuleContext) => Facts | readonly Facts[];

/** Two sizes that a node forces to be the same. */
export interface Equality {
  readonly kept: DimExpr;
  readonly other: DimExpr;
  readonly node: Node;
  /**
   * `required`: the operator fails otherwise. `broadcast`: one of them could also be 1, which
   * inference takes not to happen.
   */
  readonly kind: 'required' | 'broadcast';
}

/** @internal Thrown by a rule that cannot tell; the message is the reason. */
export class Unresolved extends Error {
  constructor(
    reason: string,
    /** The reason is that of an input, and names the node where the trail ends. */
    readonly inherited = false,
  ) {
    super(reason);
  }
}

/** What rules need of the inference around them. */
export interface Inference {
  facts(value: Value): Facts;
  freshName(hint: string): string;
  readonly equalities: Equality[];
  /** Infers a graph inside a node; facts of its inputs are given in order. */
  enter(graph: Graph, inputs: readonly Facts[]): Facts[];
  /** How often a body may still be inferred once more: loops lie in loops, so there is an end to it. */
  repeatsLeft: number;
  /** What the model declares about a value, as facts. */
  declared(value: Value): Facts;
}

export class RuleContext {
  constructor(
    readonly node: Node,
    /** Version of the node's operator set. */
    readonly opset: number,
    readonly inference: Inference,
  ) {}

  fail(reason: string): never {
    throw new Unresolved(reason);
  }

  get inputCount(): number {
    return this.node.inputs.length;
  }

  get outputCount(): number {
    return this.node.outputs.length;
  }

  has(index: number): boolean {
    return this.node.inputs[index] != null;
  }

  value(index: number): Value {
    return this.node.inputs[index] ?? this.fail(`input ${index} is missing`);
  }

  facts(index: number): Facts {
    return this.inference.facts(this.value(index));
  }

  dtype(index: number): DataType | undefined {
    return this.has(index) ? this.facts(index).dtype : undefined;
  }

  shape(index: number): Shape {
    const { shape, why } = this.facts(index);
    if (shape) return shape;
    if (why) throw new Unresolved(why, true);
    return this.fail(`the shape of its input "${this.value(index).name}" is not known`);
  }

  /** Elements of an input, if known. */
  contents(index: number): readonly Fraction[] | undefined {
    return this.has(index) ? this.facts(index).contents : undefined;
  }

  /** Elements of an integer input, if known. */
  integers(index: number): DimExpr[] | undefined {
    const contents = this.contents(index);
    return contents && asIntegers(contents);
  }

  /** Elements of an integer input, if known and free of symbols. */
  constants(index: number): number[] | undefined {
    const integers = this.integers(index);
    return integers && constantShape(integers);
  }

  /** Elements of a constant input read from its tensor, floats included; at most 256 of them. */
  tensorNumbers(index: number): number[] | undefined {
    const tensor = this.has(index) ? constantTensor(this.value(index)) : undefined;
    return tensor && readSmall(tensor);
  }

  /** An attribute that is a whole number. */
  number(name: string): number | undefined;
  number(name: string, fallback: number): number;
  number(name: string, fallback?: number): number | undefined {
    const found = attrNumber(this.node, name);
    if (found !== undefined && !Number.isInteger(found)) this.fail(`its ${name} is ${found}`);
    return found ?? fallback;
  }

  /** An attribute that is the number of an element type. */
  typeAttribute(name: string): DataType | undefined {
    const code = this.number(name);
    return code === undefined ? undefined : dataTypeFromCode(code);
  }

  /** An attribute that is a list of whole numbers. */
  numbers(name: string): number[] | undefined {
    const found = attrNumbers(this.node, name);
    const wrong = found?.find((n) => !Number.isInteger(n));
    if (wrong !== undefined) this.fail(`its ${name} holds ${wrong}`);
    return found;
  }

  floats(name: string): number[] | undefined {
    return attrNumbers(this.node, name);
  }

  /** One size of an input. */
  size(index: number, axis: number): DimExpr {
    const shape = this.shape(index);
    return (
      shape.at(axis) ??
      this.fail(`input ${index} has rank ${shape.length}, and no size number ${axis}`)
    );
  }

  text(name: string): string | undefined {
    return attrString(this.node, name);
  }

  /** An axis of a tensor of that rank, counted from 0. */
  axis(axis: number, rank: number): number {
    const at = axis < 0 ? axis + rank : axis;
    return at >= 0 && at < rank ? at : this.fail(`axis ${axis} is out of range for rank ${rank}`);
  }

  /** A made-up symbol for a size, which is not negative. */
  freshSize(axis: number): DimExpr {
    return madeUp(this.inference.freshName(`${this.outputName}_dim_${axis}`), 0n);
  }

  /** A made-up symbol for an element of which not even the sign is known. */
  freshNumber(): Fraction {
    return whole(madeUp(this.inference.freshName(`${this.outputName}_value`), undefined));
  }

  /** An element as it is made, or a made-up symbol where it is not known or too long to make. */
  element(make: () => Fraction | undefined): Fraction {
    try {
      return make() ?? this.freshNumber();
    } catch (error) {
      if (!(error instanceof NoSize)) throw error;
      return this.freshNumber();
    }
  }

  private get outputName(): string {
    return this.node.outputs.find((o) => o)?.name ?? this.node.opType;
  }

  /** One size for two that the operator forces to be equal: the one that is easier to read. */
  same(a: DimExpr, b: DimExpr): DimExpr {
    if (equal(a, b)) return a;
    if (areDifferent(a, b)) this.fail(`the sizes ${a} and ${b} must be equal`);
    return this.join(a, b, 'required');
  }

  /** The size that numpy-style broadcasting makes of two. */
  broadcastSize(a: DimExpr, b: DimExpr): DimExpr {
    if (equal(a, b) || b.constant === 1) return a;
    if (a.constant === 1) return b;
    if (a.constant !== undefined && b.constant !== undefined)
      this.fail(`the sizes ${a} and ${b} do not broadcast`);
    // with a constant, which a symbolic one is equal to or 1, the result is the constant either way
    return this.join(a, b, 'broadcast');
  }

  broadcast(...shapes: readonly Shape[]): Shape {
    if (shapes.length === 0) this.fail('it has no inputs');
    return shapes.reduce((a, b) => {
      const [long, short] = a.length >= b.length ? [a, b] : [b, a];
      const offset = long.length - short.length;
      return long.map((dim, i) => {
        const other = short[i - offset];
        return other === undefined ? dim : this.broadcastSize(dim, other);
      });
    });
  }

  private join(a: DimExpr, b: DimExpr, kind: Equality['kind']): DimExpr {
    const second = b.constant !== undefined || complexity(b) < complexity(a);
    const [kept, other] = second ? [b, a] : [a, b];
    this.inference.equalities.push({ kept, other, node: this.node, kind });
    return kept;
  }
}

/** Elements of a small tensor that lies in memory or in the model file; external data is not read. */
export function readSmall(tensor: Tensor, limit = 256): number[] | undefined {
  const { kind } = tensor.data;
  if (kind !== 'bytes' && kind !== 'range' && kind !== 'typed') return undefined;
  const count = tensor.dims.reduce((n, d) => n * d, 1);
  if (count > limit || !areNumbers(tensor.dtype)) return undefined;
  return readNumbers(tensor);
}
