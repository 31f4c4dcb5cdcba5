/**
 * Raises attention of any spelling to one form: q, k and v with heads in leading axes, the scores'
 * scale and casts as functions of scores of any shape, and the way back to the layout of the source.
 * What replaces the products (a window, for one) is then written once. Nodes are added only where the
 * source has another layout.
 */
import { equal, type ShapeTable } from '../../../model/shape/index.js';
import type { Refusal } from '../refusal.js';
import type { Attention } from './attention.js';
import { raiseOperator } from './raise-operator.js';
import { raiseProducts } from './raise-products.js';
import type { RaisedCore } from './raised-core.js';

/**
 * The raised form of a self-attention without a mask, or which condition it fails, and at which node.
 * Changes nothing; the graph is only added to when the form's functions are called.
 */
export function raiseCore(attention: Attention, shapes: ShapeTable): RaisedCore | Refusal {
  const { kind, mask, maskedBy, causal, queries, keys, scores, softmax } = attention;
  const refuse = (reason: string, node = softmax): Refusal => ({ reason, node: node.label });
  if (kind === 'cross')
    return refuse('it attends to another sequence, in which a query has no neighbours', scores);
  if (kind === 'linear')
    return refuse(
      'it is linear attention, which has no scores: keys are summed up before a query meets them',
    );
  if (kind === 'pooling')
    return refuse('it pools a sequence with one query, which has no neighbours');
  if (causal) return refuse('it hides later keys, and a window would change what it hides', scores);
  if (mask)
    return refuse(
      `a mask ("${mask.name}") meets the scores, and a window would change what it hides`,
      maskedBy,
    );
  if (!queries || !keys) return refuse('its token counts are not known');
  if (!equal(queries, keys))
    return refuse(`it has ${queries} queries and ${keys} keys, so that they are not neighbours`);
  if (attention.operator && attention.q.projections.includes(attention.operator))
    return refuse('it projects q, k and v by itself, so that they are no values of the graph');
  for (const { value } of [attention.q, attention.k, attention.v])
    if (!value.producer || !attention.module.has(value.producer))
      return refuse(`"${value.name}" is what the module reads, with no layer between`, scores);
  return attention.operator
    ? raiseOperator(attention, queries, shapes)
    : raiseProducts(attention, queries, shapes);
}
