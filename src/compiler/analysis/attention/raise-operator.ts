/**
 * Raises attention that is one operator. Heads are folded out of (batch, tokens, heads*size), packed
 * operands are cut apart, and the operator's own scale goes onto q, where it costs least.
 */
import { int } from '../../../model/ir/attribute.js';
import type { Node } from '../../../model/ir/node.js';
import { int64Tensor } from '../../../model/ir/tensor.js';
import { type DataType, dataTypeFromCode } from '../../../model/ir/types.js';
import type { Value } from '../../../model/ir/value.js';
import { type DimExpr, multiply, type ShapeTable } from '../../../model/shape/index.js';
import type { SiteBuilder } from '../../plan/site.js';
import type { Refusal } from '../refusal.js';
import type { Attention } from './attention.js';
import { arranged, cast, transposed, withNumber } from './building.js';
import { type OperandForm, type OperatorForm, operatorForm } from './operator.js';
import type { RaisedCore } from './raised-core.js';

/** What the axes of an operand become: k is turned for the scores' product, q and v are not. */
const FROM_TOKENS = { row: [0, 2, 1, 3], column: [0, 2, 3, 1] } as const;
const FROM_HEADS = { row: [0, 1, 2, 3], column: [0, 1, 3, 2] } as const;

export function raiseOperator(
  attention: Attention,
  tokens: DimExpr,
  shapes: ShapeTable,
): RaisedCore | Refusal {
  const node = attention.mix;
  const name = attention.id ?? 'attention';
  const refuse = (reason: string): Refusal => ({ reason, node: node.label });
  const form = operatorForm(node, shapes);
  if ('reason' in form) return form;
  if (form.more) return refuse(form.more);
  if (node.outputs.slice(1).some((output) => output && output.uses.size > 0))
    return refuse('more is read of it than its result');
  const { q, k, v } = form;
  const heads = q.heads?.constant;
  if (heads === undefined) return refuse('its number of heads is not known');
  const shared = k.heads?.constant;
  // each head of k and v may serve a group of those of q
  if (shared === undefined || v.heads?.constant !== shared || heads % shared !== 0)
    return refuse(`q has ${heads} heads, k ${k.heads ?? '?'} and v ${v.heads ?? '?'}`);
  if (form.bias && ['packed', 'heads'].some((layout) => [q, k, v].some((o) => o.layout === layout)))
    return refuse('it adds a bias to operands whose heads are apart');
  const type = shapes.dtype(q.value);
  const size = q.size?.constant;
  const factor = form.scale ?? (size && 1 / Math.sqrt(size));
  if (!type || !factor || size === undefined)
    return refuse('the type or the size of its heads is not known');
  const starts = partStarts(form);
  if (form.bias && !starts) return refuse('the parts of its bias are not known');
  const batch = shapes.shape(q.value)?.[0];
  const scoresType = form.precision === undefined ? type : dataTypeFromCode(form.precision);
  const as = (b: SiteBuilder, value: Value, from: DataType, to: DataType, role: string) =>
    from === to ? value : cast(b, value, to, `${name}.${role}`);
  return {
    operands: (b) => {
      const build = new OperandBuilding(b, form, starts ?? [], attention.module, name);
      return {
        q: withNumber(b, 'Mul', build.part(q, 'q', 'row'), factor, type, `${name}.q`),
        k: build.repeated(k, 'k', 'column', heads),
        v: build.repeated(v, 'v', 'row', heads),
      };
    },
    rank: 4,
    tokens,
    lead: batch && multiply(batch, heads),
    size: q.size,
    valueSize: v.size,
    scoresType,
    scale: (b, scores) => as(b, capped(b, scores, form, type, name), type, scoresType, 'scores'),
    weights: (b, probabilities) => as(b, probabilities, scoresType, type, 'weights'),
    lower: (b, mixed) => {
      if (form.headsApart) return mixed;
      const behind = transposed(b, mixed, [0, 2, 1, 3], `${name}.mixed`);
      return reshaped(b, behind, [0, 0, -1], `${name}.mixed`);
    },
  };
}

/** Where in a bias the channels of q, k and v begin, and where the last end. */
function partStarts({ q, k, v }: OperatorForm): number[] | undefined {
  const starts = [0];
  for (const { heads, size } of [q, k, v]) {
    const width = heads && size && multiply(heads, size).constant;
    if (width === undefined) return undefined;
    starts.push(starts.at(-1)! + width);
  }
  return starts;
}

class OperandBuilding {
  constructor(
    private readonly b: SiteBuilder,
    private readonly form: OperatorForm,
    private readonly starts: readonly number[],
    private readonly module: ReadonlySet<Node>,
    private readonly name: string,
  ) {}

  part(operand: OperandForm, role: 'q' | 'k' | 'v', as: 'row' | 'column'): Value {
    const { b, module } = this;
    const name = `${this.name}.${role}`;
    switch (operand.layout) {
      case 'heads':
        return arranged(b, operand.value, FROM_HEADS[as], module, name);
      case 'packed': {
        // a scalar index takes its axis away
        const index = b.graph.addInitializer(`${name}.part`, int64Tensor([operand.part], []));
        const part = b.add({
          opType: 'Gather',
          inputs: [b.value(operand.value), index],
          outputs: [name],
          attributes: { axis: int(3) },
        });
        return transposed(b, part, FROM_TOKENS[as], name);
      }
      case 'tokens':
        return this.headsOut(this.withBias(operand, role, name), operand, as, name);
    }
  }

  /** Each head as often as there are heads of q to it, one behind the other (ONNX Attention, grouped queries). */
  repeated(operand: OperandForm, role: 'k' | 'v', as: 'row' | 'column', heads: number): Value {
    const part = this.part(operand, role, as);
    const own = operand.heads!.constant!;
    if (own === heads) return part;
    const group = heads / own;
    const order = Array.from({ length: heads }, (_, head) => Math.floor(head / group));
    const name = `${this.name}.${role}`;
    return this.b.add({
      opType: 'Gather',
      inputs: [part, this.b.constant(`${name}.heads`, order)],
      outputs: [name],
      attributes: { axis: int(1) },
    });
  }

  private withBias(operand: OperandForm, role: 'q' | 'k' | 'v', name: string): Value {
    const { b, form, starts } = this;
    const value = b.value(operand.value);
    if (!form.bias) return value;
    const part = ['q', 'k', 'v'].indexOf(role);
    const bounds = starts.slice(part, part + 2).map((at) => b.constant(`${name}.bound`, [at]));
    const bias = b.add({
      opType: 'Slice',
      inputs: [b.value(form.bias), ...bounds],
      outputs: [`${name}.bias`],
    });
    return b.add({ opType: 'Add', inputs: [value, bias], outputs: [name] });
  }

  /** From (batch, tokens, heads*size). */
  private headsOut(
    value: Value,
    { heads }: OperandForm,
    as: 'row' | 'column',
    name: string,
  ): Value {
    const apart = reshaped(this.b, value, [0, 0, heads!.constant!, -1], name);
    return transposed(this.b, apart, FROM_TOKENS[as], name);
  }
}

function reshaped(b: SiteBuilder, value: Value, shape: readonly number[], name: string): Value {
  const inputs = [value, b.constant(`${name}.shape`, shape)];
  return b.add({ opType: 'Reshape', inputs, outputs: [name] });
}

/** c tanh(scores / c), where the operator has a cap. */
function capped(
  b: SiteBuilder,
  scores: Value,
  { softcap }: OperatorForm,
  type: DataType,
  name: string,
): Value {
  if (softcap === undefined) return scores;
  const divided = withNumber(b, 'Div', scores, softcap, type, `${name}.scores`);
  const bent = b.add({ opType: 'Tanh', inputs: [divided], outputs: [`${name}.scores`] });
  return withNumber(b, 'Mul', bent, softcap, type, `${name}.scores`);
}
