/**
 * Zeros put around a convolution's input by a Pad of its own are the convolution's own padding, which
 * may differ from side to side: a copy of the map and two changes of layout less.
 */
import { attrNumbers, attrString, ints } from '../../../model/ir/attribute.js';
import { isOp, type Node } from '../../../model/ir/node.js';
import type { Value } from '../../../model/ir/value.js';
import type { Rewrite, RuleContext } from '../../canonicalize/rewrite.js';
import type { Miss, TargetRule } from '../target.js';
import { scalarConstant } from './operands.js';

export const paddedConvolution: TargetRule = {
  name: 'padded-convolution',
  description: 'Give a convolution the padding that a Pad of zeros before it does.',
  match(conv, context): Rewrite | Miss | undefined {
    if (!isOp(conv, 'Conv')) return undefined;
    const pad = conv.inputs[0]?.producer;
    if (!isOp(pad, 'Pad')) return undefined;
    const found = paddingOf(pad, context);
    if (typeof found === 'string') return { node: conv, reason: found };
    const { data, pads } = found;
    const rank = pads.length / 2;
    if ((attrString(conv, 'auto_pad') ?? 'NOTSET') !== 'NOTSET')
      return { node: conv, reason: 'it chooses its padding by itself (auto_pad)' };
    const own = attrNumbers(conv, 'pads');
    const spatial = [...pads.slice(2, rank), ...pads.slice(rank + 2)];
    const both = ints(spatial.map((n, i) => n + (own?.[i] ?? 0)));
    const attributes = { ...Object.fromEntries(conv.attributes), pads: both };
    const step = { opType: 'Conv', inputs: [data, ...conv.inputs.slice(1)], attributes };
    return {
      rule: 'padded-convolution',
      node: conv,
      why: `"${pad.label}" adds zeros around it`,
      replace: [{ from: conv.output, to: { steps: [step] } }],
    };
  },
};

function paddingOf(
  pad: Node,
  { shapes, opset }: RuleContext,
): { readonly data: Value; readonly pads: readonly number[] } | string {
  const [data, amounts, fill, axes] = pad.inputs;
  if ((attrString(pad, 'mode') ?? 'constant') !== 'constant')
    return `"${pad.label}" does not pad with a constant`;
  if (opset < 11 ? pad.attributes.has('value') : fill && scalarConstant(fill) !== 0)
    return `"${pad.label}" does not pad with zeros`;
  if (axes) return `"${pad.label}" names the axes it pads`;
  const pads =
    opset < 11
      ? attrNumbers(pad, 'pads')
      : amounts && shapes.contents(amounts)?.map((dim) => dim.constant);
  if (!pads?.every((n) => n !== undefined))
    return `how much "${pad.label}" pads is known only at run time`;
  const rank = pads.length / 2;
  if ([0, 1, rank, rank + 1].some((i) => pads[i] !== 0) || pads.some((n) => n < 0))
    return `"${pad.label}" pads other axes than the spatial ones, or takes away`;
  return { data: data!, pads };
}
