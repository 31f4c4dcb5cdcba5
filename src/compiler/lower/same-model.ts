/**
 * Are two models of programs the same but for the names of their states? Where guidance takes two calls a
 * step, both halves do the same, each with states of its own: one model then serves both, and its weights
 * are packed once.
 */
import type { Attribute } from '../../model/ir/attribute.js';
import type { Model } from '../../model/ir/model.js';
import type { Node } from '../../model/ir/node.js';
import type { Tensor } from '../../model/ir/tensor.js';
import type { Value } from '../../model/ir/value.js';

/**
 * By name of an input or output of `other`: the name of that of `model`. Undefined where the models are
 * not the same. Both must come from one source, so that equal nodes stand in equal order and equal
 * weights are one object. Costs O(nodes).
 */
export function sameModel(
  model: Model,
  other: Model,
  isState: (name: string) => boolean,
): Map<string, string> | undefined {
  const [a, b] = [model.graph, other.graph];
  if (a.nodes.size !== b.nodes.size) return undefined;
  const values = new Map<Value, Value>();
  const names = new Map<string, string>();
  const ports = (mine: readonly Value[], theirs: readonly Value[]): boolean =>
    mine.length === theirs.length &&
    mine.every((value, i) => {
      const counterpart = theirs[i]!;
      names.set(counterpart.name, value.name);
      return value.name === counterpart.name || [value, counterpart].every((v) => isState(v.name));
    });
  if (!ports(a.inputs, b.inputs)) return undefined;
  b.inputs.forEach((value, i) => {
    values.set(value, a.inputs[i]!);
  });
  const sameValue = (mine: Value | null, theirs: Value | null): boolean => {
    if (!mine || !theirs) return mine === theirs;
    if (values.has(theirs)) return values.get(theirs) === mine;
    values.set(theirs, mine);
    return sameTensor(mine.initializer, theirs.initializer);
  };
  const others = [...b.nodes];
  const sameNodes = [...a.nodes].every((node, i) => {
    const counterpart = others[i]!;
    if (!sameOperator(node, counterpart)) return false;
    if (!node.inputs.every((input, k) => sameValue(input, counterpart.inputs[k]!))) return false;
    return node.outputs.every((output, k) => {
      const theirs = counterpart.outputs[k]!;
      if (!output || !theirs) return output === theirs;
      values.set(theirs, output);
      return true;
    });
  });
  const sameOutputs = () =>
    ports(a.outputs, b.outputs) && b.outputs.every((v, i) => values.get(v) === a.outputs[i]);
  return sameNodes && sameOutputs() ? names : undefined;
}

const sameOperator = (a: Node, b: Node): boolean =>
  a.opType === b.opType &&
  a.domain === b.domain &&
  a.inputs.length === b.inputs.length &&
  a.outputs.length === b.outputs.length &&
  a.attributes.size === b.attributes.size &&
  [...a.attributes].every(([name, value]) => sameAttribute(value, b.attributes.get(name)));

/** Graphs are not looked into: nodes that hold some count as different. */
function sameAttribute(a: Attribute, b: Attribute | undefined): boolean {
  if (!b || a.type !== b.type) return false;
  if (Object.is(a.value, b.value)) return true;
  if (a.type === 'tensor' && b.type === 'tensor') return sameTensor(a.value, b.value);
  return (
    ['string', 'floats', 'ints'].includes(a.type) &&
    sameList(a.value as ArrayLike<unknown>, b.value as ArrayLike<unknown>)
  );
}

/** Small constants are compared by their bytes, weights by where they lie. */
function sameTensor(a: Tensor | undefined, b: Tensor | undefined): boolean {
  if (a === b || !a || !b) return a === b;
  if (a.data === b.data) return a.dtype === b.dtype && sameList(a.dims, b.dims);
  return (
    a.data.kind === 'bytes' &&
    b.data.kind === 'bytes' &&
    a.dtype === b.dtype &&
    sameList(a.dims, b.dims) &&
    sameList(a.data.bytes, b.data.bytes)
  );
}

const sameList = (a: ArrayLike<unknown>, b: ArrayLike<unknown>): boolean =>
  a.length === b.length && Array.from(a).every((v, i) => Object.is(v, b[i]));
