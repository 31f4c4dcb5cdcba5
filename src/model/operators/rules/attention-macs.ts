/**
 * MACs of the operators that are the whole of attention: scores take queries x keys x the width of q
 * over all heads, the product with v takes queries x keys x the width of v.
 */
import { attrNumber, attrNumbers } from '../../ir/attribute.js';
import type { Node } from '../../ir/node.js';
import type { Macs, ShapeOf } from '../counts.js';

function shapes(node: Node, shapeOf: ShapeOf): (readonly number[] | undefined)[] {
  return node.inputs.map((input) => (input ? shapeOf(input) : undefined));
}

const products = (all: number): Macs => ({ all, layers: 0 });

/** ONNX `Attention`: (batch, heads, tokens, width) or, with counts of heads, (batch, tokens, heads*width). */
export function standardAttention(node: Node, shapeOf: ShapeOf): Macs | undefined {
  const [q, k, v] = shapes(node, shapeOf);
  if (!q || !k || !v) return undefined;
  if (q.length === 4) return products(q[0]! * q[1]! * q[2]! * k[2]! * (q[3]! + v[3]!));
  const heads = attrNumber(node, 'q_num_heads', 1);
  const valueHeads = attrNumber(node, 'kv_num_heads', heads);
  return products(q[0]! * q[1]! * k[1]! * (q[2]! + (v[2]! / valueHeads) * heads));
}

/**
 * com.microsoft `MultiHeadAttention`: q, k, v apart as (batch, tokens, heads*width), k and v perhaps as
 * (batch, heads, tokens, width); or packed by head as (batch, tokens, heads, 3 or 2, width).
 */
export function multiHeadAttention(node: Node, shapeOf: ShapeOf): Macs | undefined {
  const [q, k, v] = shapes(node, shapeOf);
  if (!q) return undefined;
  if (q.length === 5) return products(q[0]! * q[1]! * q[1]! * 2 * q[2]! * q[4]!);
  if (!k) return undefined;
  const keys = k.length === 4 ? k[2]! : k[1]!;
  if (k.length === 5) return products(q[0]! * q[1]! * keys * (q[2]! + k[2]! * k[4]!));
  if (!v) return undefined;
  const valueWidth = v.length === 4 ? v[1]! * v[3]! : v[2]!;
  return products(q[0]! * q[1]! * keys * (q[2]! + valueWidth));
}

/** com.microsoft `Attention`, which projects (batch, tokens, channels) to q, k and v by itself. */
export function microsoftAttention(node: Node, shapeOf: ShapeOf): Macs | undefined {
  const [input, weight] = shapes(node, shapeOf);
  if (!input || !weight) return undefined;
  const [batch = 1, tokens = 1, channels = 1] = input;
  const widths = attrNumbers(node, 'qkv_hidden_sizes');
  const third = weight[1]! / 3;
  const layers = batch * tokens * channels * weight[1]!;
  const inner = batch * tokens * tokens * ((widths?.[0] ?? third) + (widths?.[2] ?? third));
  return { all: layers + inner, layers };
}
