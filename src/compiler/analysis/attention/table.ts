/** What each attention of a model is and costs: the table that `inspect` prints, as plain data. */
import { concreteShapes, type Macs } from '../../../model/cost/index.js';
import type { Node } from '../../../model/ir/node.js';
import type { Dim } from '../../../model/ir/types.js';
import type { Value } from '../../../model/ir/value.js';
import type { DimExpr, ShapeTable } from '../../../model/shape/index.js';
import { type Places, tokenGrid } from '../places/index.js';
import type { Refusal } from '../refusal.js';
import {
  type Attention,
  type AttentionAnalysis,
  type AttentionOperand,
  leavingValues,
} from './attention.js';
import { type AttentionCost, attentionCost } from './cost.js';
import { raiseCore } from './raise.js';

export interface AttentionInfo {
  /** `attention.0`, …: the site of a self-attention; null for other attention. */
  readonly id: string | null;
  /** `pooling`: one query makes one token of a sequence; `linear`: without a Softmax, keys with values first. */
  readonly kind: 'self' | 'cross' | 'pooling' | 'linear';
  /** Queries; symbols kept. */
  readonly tokens: Dim;
  readonly keys: Dim;
  readonly heads: Dim;
  /** Elements per head. */
  readonly headSize: Dim;
  /** Null when a shape is not known. */
  readonly macs: AttentionCost | null;
  /** The MACs as fractions of all of the model's, attention products included. */
  readonly share: AttentionCost | null;
  /** The value that hides keys, or chooses among them. */
  readonly mask: string | null;
  /** The operator hides later keys by itself. */
  readonly causal: boolean;
  /** Whether queries can be limited to a window of keys, and if not, why. */
  readonly window: { readonly possible: true } | ({ readonly possible: false } & Refusal);
  /**
   * Where the tokens of an image lie, and on which grid, or why that is not known; null where it is no self-attention.
   */
  readonly grid: { readonly from: number; readonly sizes: readonly number[] } | Refusal | null;
  /** What the projections read; null for what is not one value. */
  readonly input: string | null;
  /** What leaves the module, one of each stream. */
  readonly output: string;
  readonly nodes: {
    /** The fused operator that is all of the core, by its kind; null for products around a Softmax. */
    readonly operator: string | null;
    readonly q: string | null;
    readonly k: string | null;
    readonly v: string | null;
    readonly scores: string;
    readonly softmax: string;
    readonly mix: string;
    readonly outputProjection: string | null;
  };
}

/**
 * @param bindings a size for each symbol of the inputs' shapes
 * @param model MACs of the whole model at these sizes
 * @param places what lies along the axes of its values
 */
export function attentionTable(
  analysis: AttentionAnalysis,
  shapes: ShapeTable,
  bindings: ReadonlyMap<string, number>,
  model: Macs,
  places: Places,
): AttentionInfo[] {
  const shapeOf = concreteShapes(shapes, bindings);
  return analysis.found.map((attention): AttentionInfo => {
    const macs = attentionCost(attention, shapeOf) ?? null;
    const raised = raiseCore(attention, shapes);
    return {
      id: attention.id ?? null,
      kind: attention.kind,
      tokens: sizeOf(attention.queries),
      keys: sizeOf(attention.keys),
      heads: sizeOf(attention.heads),
      headSize: sizeOf(attention.headSize),
      macs,
      share: macs && {
        projections: macs.projections / model.all,
        products: macs.products / model.all,
      },
      mask: attention.mask?.name ?? null,
      causal: attention.causal,
      window: 'reason' in raised ? { possible: false, ...raised } : { possible: true },
      grid: attention.id === undefined ? null : gridOf(attention, places),
      input: attention.input?.name ?? null,
      output: namesOf(leavingValues(attention)),
      nodes: nodesOf(attention),
    };
  });
}

function gridOf(attention: Attention, places: Places): AttentionInfo['grid'] {
  const grid = tokenGrid(attention, places);
  return 'reason' in grid ? grid : { from: grid.from, sizes: grid.sizes };
}

const namesOf = (values: readonly Value[]): string => values.map(({ name }) => name).join(', ');

const sizeOf = (size: DimExpr | undefined): Dim => (size ? size.stated : null);

function nodesOf(attention: Attention): AttentionInfo['nodes'] {
  const { operator, scores, softmax, mix, outputProjection, streams } = attention;
  const ends = [outputProjection, ...streams.map((end) => end.outputProjection)];
  const last = ends.filter((node) => node !== undefined);
  const label = (node: Node | undefined) => node?.label ?? null;
  const projection = ({ projections }: AttentionOperand) =>
    projections.length > 0 ? projections.map(label).join(', ') : null;
  return {
    operator: operator ? [operator.domain, operator.opType].filter(Boolean).join('.') : null,
    q: projection(attention.q),
    k: projection(attention.k),
    v: projection(attention.v),
    scores: scores.label,
    softmax: softmax.label,
    mix: mix.label,
    outputProjection: last.length > 0 ? last.map(label).join(', ') : null,
  };
}
