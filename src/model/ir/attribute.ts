/** Node attributes: one variant per ONNX attribute type, 64-bit integers as `bigint`. */

import type { Graph } from './graph.js';
import type { Node } from './node.js';
import { pushAll } from './push-all.js';
import type { Tensor } from './tensor.js';
import type { ValueType } from './types.js';

export type AttributeValue =
  | { readonly type: 'float'; readonly value: number }
  | { readonly type: 'int'; readonly value: bigint }
  /** Bytes, since nothing forces them to be UTF-8. */
  | { readonly type: 'string'; readonly value: Uint8Array }
  | { readonly type: 'tensor'; readonly value: Tensor }
  | { readonly type: 'graph'; readonly value: Graph }
  | { readonly type: 'floats'; readonly value: readonly number[] }
  | { readonly type: 'ints'; readonly value: readonly bigint[] }
  | { readonly type: 'strings'; readonly value: readonly Uint8Array[] }
  | { readonly type: 'tensors'; readonly value: readonly Tensor[] }
  | { readonly type: 'graphs'; readonly value: readonly Graph[] }
  /** Sparse tensors, types and references to a function's attributes: carried, not looked into. */
  | {
      readonly type: 'opaque';
      readonly value: unknown;
      /** What a sparse tensor is, of which only the elements are not looked at. */
      readonly tensor?: ValueType;
    };

export type Attribute = AttributeValue & {
  /** Fields of the file that the graph does not model, written back as they were. */
  readonly extra?: unknown;
};

const utf8 = new TextDecoder();
const toUtf8 = new TextEncoder();

/** The attribute as a number; integers beyond 2^53 lose precision. */
export function attrNumber(node: Node, name: string): number | undefined;
export function attrNumber(node: Node, name: string, fallback: number): number;
export function attrNumber(node: Node, name: string, fallback?: number): number | undefined {
  const a = node.attributes.get(name);
  return a?.type === 'int' || a?.type === 'float' ? Number(a.value) : fallback;
}

export function attrNumbers(node: Node, name: string): number[] | undefined {
  const a = node.attributes.get(name);
  return a?.type === 'ints' || a?.type === 'floats' ? Array.from(a.value, Number) : undefined;
}

export function attrString(node: Node, name: string): string | undefined {
  const a = node.attributes.get(name);
  return a?.type === 'string' ? utf8.decode(a.value) : undefined;
}

export function attrTensor(node: Node, name: string): Tensor | undefined {
  const a = node.attributes.get(name);
  return a?.type === 'tensor' ? a.value : undefined;
}

export const int = (value: number | bigint): Attribute => ({ type: 'int', value: BigInt(value) });
export const ints = (value: readonly (number | bigint)[]): Attribute => ({
  type: 'ints',
  value: value.map(BigInt),
});
export const float = (value: number): Attribute => ({ type: 'float', value });
export const string = (value: string): Attribute => ({
  type: 'string',
  value: toUtf8.encode(value),
});
export const tensor = (value: Tensor): Attribute => ({ type: 'tensor', value });
export const graph = (value: Graph): Attribute => ({ type: 'graph', value });

/** Every graph held in a node's attributes, such as the branches of an `If`. */
export function subgraphs(node: Node): Graph[] {
  const found: Graph[] = [];
  for (const a of node.attributes.values()) {
    if (a.type === 'graph') found.push(a.value);
    else if (a.type === 'graphs') pushAll(found, a.value);
  }
  return found;
}

/** Nodes, the graphs inside them, the nodes of those, and so on. */
export function withContents(nodes: Iterable<Node>): Set<Node | Graph> {
  const found = new Set<Node | Graph>();
  const stack = [...nodes];
  for (let node = stack.pop(); node; node = stack.pop()) {
    found.add(node);
    for (const inner of subgraphs(node)) {
      found.add(inner);
      pushAll(stack, inner.nodes);
    }
  }
  return found;
}
