/**
 * Attention as one operator: com.microsoft `MultiHeadAttention` and `Attention`, which onnxruntime's
 * optimizer writes, and ONNX `Attention` (opset 23), which PyTorch's second exporter writes. Reads
 * where the operator keeps q, k and v, and what else it does to the scores.
 */
import { isAttentionOperator } from '../../../model/cost/index.js';
import { attrNumber, attrNumbers } from '../../../model/ir/attribute.js';
import { isStandard, MICROSOFT, type Node } from '../../../model/ir/node.js';
import type { Value } from '../../../model/ir/value.js';
import { attentionInputs } from '../../../model/operators/index.js';
import {
  type DimExpr,
  divideExactly,
  product,
  type ShapeTable,
  toDim,
} from '../../../model/shape/index.js';
import type { Refusal } from '../refusal.js';
import { beforeLayout } from './adapters.js';
import type { AttentionCore, AttentionOperand } from './attention.js';
import { isZeroConstant, type Mask, NO_MASK } from './mask.js';
import { operand } from './operands.js';

/** How an operator holds one of q, k and v. */
export interface OperandForm {
  readonly value: Value;
  /**
   * `tokens`: (batch, tokens, heads*size), or what becomes that; `heads`: (batch, heads, tokens,
   * size); `packed`: part of (batch, tokens, heads, parts, size).
   */
  readonly layout: 'tokens' | 'heads' | 'packed';
  /** Which part it is of what is packed: 0 for the first. */
  readonly part: number;
  readonly heads: DimExpr | undefined;
  readonly tokens: DimExpr | undefined;
  /** Elements per head. */
  readonly size: DimExpr | undefined;
}

export interface OperatorForm {
  readonly node: Node;
  readonly q: OperandForm;
  readonly k: OperandForm;
  readonly v: OperandForm;
  /** q, k and v are made inside; all three operands are what it reads. */
  readonly projectsItself: boolean;
  /** Added to q, k and v, one behind the other in a vector. */
  readonly bias: Value | undefined;
  /** Undefined for 1 over the root of the head size. */
  readonly scale: number | undefined;
  /** Scores s become c tanh(s / c); undefined for none. */
  readonly softcap: number | undefined;
  /** Code of the type in which the softmax is taken; undefined for that of q. */
  readonly precision: number | undefined;
  /** The result is (batch, heads, tokens, size), else (batch, tokens, heads*size). */
  readonly headsApart: boolean;
  /** What is added to the scores, and what says how many keys there are. */
  readonly masks: readonly Value[];
  readonly causal: boolean;
  /** Something it does that has no place in q, k, v and scores. */
  readonly more: string | undefined;
}

/** Is the node attention in one operator, whether or not it can be taken apart? */
export const isWholeAttention = (node: Node): boolean =>
  isAttentionOperator(node) || (node.domain === MICROSOFT && node.opType.endsWith('Attention'));

/** The attention that an operator is, or why it is not one that can be followed. */
export function coreOfOperator(node: Node, shapes: ShapeTable): AttentionCore | Refusal {
  const form = operatorForm(node, shapes);
  if ('reason' in form) return form;
  const sides = [form.q, form.k, form.v].map(({ value }) =>
    form.projectsItself
      ? { value, projections: [node], adapters: [], sources: [beforeLayout(value)] }
      : operand(value),
  );
  for (const side of sides) if ('reason' in side) return { reason: side.reason, node: node.label };
  const [q, k, v] = sides as [AttentionOperand, AttentionOperand, AttentionOperand];
  const mask = form.masks.find((m) => !isZeroConstant(m));
  const found: Mask = mask ? { mask, maskedBy: node } : NO_MASK;
  const batch = shapes.shape(form.q.value)?.[0];
  return {
    operator: node,
    softmax: node,
    scores: node,
    mix: node,
    q,
    k,
    v,
    ...found,
    causal: form.causal,
    queries: form.q.tokens,
    queryAxis: form.q.layout === 'heads' ? 2 : 1,
    keys: form.k.tokens,
    headSize: form.q.size,
    lead: batch && form.q.heads && product([batch, form.q.heads]),
  };
}

/** How an operator is to be read. */
export function operatorForm(node: Node, shapes: ShapeTable): OperatorForm | Refusal {
  const refuse = (reason: string): Refusal => ({ reason, node: node.label });
  const inputs = attentionInputs(node);
  if (!inputs) return refuse(`the operator ${node.domain}.${node.opType} is not taken apart`);
  if (inputs.kept.some((i) => node.inputs[i]))
    return refuse('it attends to keys and values that an earlier call has kept');
  if (isStandard(node)) return standardForm(node, shapes) ?? refuse('it lacks q, k or v');
  const heads = attrNumber(node, 'num_heads');
  if (!heads) return refuse('it does not say how many heads it has');
  return node.opType === 'Attention'
    ? (microsoftForm(node, heads, shapes) ?? refuse('it lacks its input or weight'))
    : (multiHeadForm(node, heads, shapes) ?? refuse('it lacks q, k or v'));
}

const given = (node: Node, ...indices: number[]): Value[] =>
  indices.map((i) => node.inputs[i]).filter((v): v is Value => v != null);

const masksOf = (node: Node): Value[] => given(node, ...(attentionInputs(node)?.masks ?? []));

function standardForm(node: Node, shapes: ShapeTable): OperatorForm | undefined {
  const [q, k, v] = node.inputs;
  if (!q || !k || !v) return undefined;
  const heads = attrNumber(node, 'q_num_heads');
  const keyHeads = attrNumber(node, 'kv_num_heads');
  const isApart = (value: Value) => shapes.shape(value)?.length === 4;
  const form = (value: Value, count: number | undefined) =>
    count && !isApart(value) ? joined(value, count, shapes) : apart(value, shapes);
  const isWindow = ['left_window_size', 'right_window_size'].some(
    (name) => attrNumber(node, name, -1) >= 0,
  );
  return {
    node,
    q: form(q, heads),
    k: form(k, keyHeads),
    v: form(v, keyHeads),
    projectsItself: false,
    bias: undefined,
    scale: attrNumber(node, 'scale'),
    softcap: attrNumber(node, 'softcap', 0) || undefined,
    precision: attrNumber(node, 'softmax_precision'),
    headsApart: isApart(q),
    masks: masksOf(node),
    causal: attrNumber(node, 'is_causal', 0) === 1,
    more: isWindow ? 'it attends within a window of its own' : undefined,
  };
}

function multiHeadForm(node: Node, heads: number, shapes: ShapeTable): OperatorForm | undefined {
  const [q, k, v] = node.inputs;
  if (!q || (!k && v)) return undefined;
  const isApart = (value: Value) => shapes.shape(value)?.length === 4;
  const form = (value: Value) =>
    isApart(value) ? apart(value, shapes) : joined(value, heads, shapes);
  return {
    node,
    ...(k
      ? {
          q: form(q),
          k: v ? form(k) : packed(k, 0, shapes),
          v: v ? form(v) : packed(k, 1, shapes),
        }
      : { q: packed(q, 0, shapes), k: packed(q, 1, shapes), v: packed(q, 2, shapes) }),
    projectsItself: false,
    bias: node.inputs[3] ?? undefined,
    scale: attrNumber(node, 'scale', 0) || undefined,
    softcap: undefined,
    precision: undefined,
    headsApart: false,
    masks: masksOf(node),
    causal: attrNumber(node, 'unidirectional', 0) === 1,
    more: undefined,
  };
}

function microsoftForm(node: Node, heads: number, shapes: ShapeTable): OperatorForm | undefined {
  const [input, weight, bias] = node.inputs;
  if (!input || !weight) return undefined;
  const width = shapes.shape(weight)?.[1];
  const third = width && divideExactly(width, 3);
  const widths = attrNumbers(node, 'qkv_hidden_sizes')?.map(toDim) ?? [third, third, third];
  const tokens = shapes.shape(input)?.[1];
  const part = (index: number): OperandForm => {
    const own = widths[index];
    const size = own && divideExactly(own, heads);
    return { value: input, layout: 'tokens', part: 0, heads: toDim(heads), tokens, size };
  };
  return {
    node,
    q: part(0),
    k: part(1),
    v: part(2),
    projectsItself: true,
    bias: bias ?? undefined,
    scale: attrNumber(node, 'scale', 0) || undefined,
    softcap: undefined,
    precision: undefined,
    headsApart: false,
    masks: masksOf(node),
    causal: attrNumber(node, 'unidirectional', 0) === 1,
    more:
      attrNumber(node, 'do_rotary', 0) === 1 ? 'it turns q and k by their positions' : undefined,
  };
}

function joined(value: Value, heads: number, shapes: ShapeTable): OperandForm {
  const [, tokens, width] = shapes.shape(value) ?? [];
  const size = width && divideExactly(width, heads);
  return { value, layout: 'tokens', part: 0, heads: toDim(heads), tokens, size };
}

function apart(value: Value, shapes: ShapeTable): OperandForm {
  const [, heads, tokens, size] = shapes.shape(value) ?? [];
  return { value, layout: 'heads', part: 0, heads, tokens, size };
}

function packed(value: Value, part: number, shapes: ShapeTable): OperandForm {
  const [, tokens, heads, , size] = shapes.shape(value) ?? [];
  return { value, layout: 'packed', part, heads, tokens, size };
}
