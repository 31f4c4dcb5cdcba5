/**
 * Finds the modules of transformer blocks: what each branch of the stream computes between its norm and its gate. Blocks say
 * which sums there are and which attention each brings back; here the end of each module is found, and whether one projection
 * joins an attention with something else.
 */
import { multipliesWeight } from '../../../model/cost/index.js';
import type { Graph } from '../../../model/ir/graph.js';
import type { Node } from '../../../model/ir/node.js';
import type { Value } from '../../../model/ir/value.js';
import type { ShapeTable } from '../../../model/shape/index.js';
import { Ancestry } from '../ancestry.js';
import { activationOf } from '../attention/adapters.js';
import type { Attention, AttentionAnalysis } from '../attention/index.js';
import { reachBack } from '../attention/reach.js';
import type { BlockAnalysis, BlockLayer } from '../blocks/index.js';
import { beforeMoves } from '../blocks/moves.js';
import { alongFrames } from '../places/index.js';
import { beforeGate } from './before-gate.js';
import type { BlockModule, ModuleAnalysis, ModuleKind } from './module.js';

/** A module, or the part of one that lies on one stream. */
interface Part {
  readonly kind: ModuleKind;
  readonly outputs: readonly Value[];
  /** What the parts of one module have in common: an attention, or the layer that cuts its result for several streams. */
  readonly of: Attention | Node | undefined;
  readonly block: number | undefined;
}

/**
 * Costs a walk back from each sum to the layers before it, beside `Ancestry`.
 * @param latent name of the latent input, in whose frames `temporal` attention is told from other; without it none is
 */
export function findModules(
  graph: Graph,
  shapes: ShapeTable,
  attention: AttentionAnalysis,
  blocks: BlockAnalysis,
  latent?: string,
): ModuleAnalysis {
  const isTemporal = alongFrames(graph, shapes, latent);
  const kindOf: KindOf = (own) =>
    own.kind === 'cross' ? 'cross' : isTemporal(own) ? 'temporal' : 'self';
  const ancestry = new Ancestry(graph);
  const endOf = (layer: BlockLayer) =>
    beforeGate(layer.branch, beforeMoves(layer.from, shapes).at(-1)!, ancestry);
  const inBlocks = blocks.stages
    .flat()
    .flatMap(({ index, layers }) =>
      layers.flatMap((layer) => partsOf(layer, endOf(layer), index, kindOf)),
    );
  const inNone = blocks.alone.flatMap((layer) => partsOf(layer, endOf(layer), undefined, kindOf));
  const covered = new Set(
    blocks.stages.flat().flatMap(({ layers }) => layers.flatMap(({ attentions }) => attentions)),
  );
  const rest = attention.found.filter(isModule).filter((own) => !covered.has(own));
  const alone = rest
    .filter((own) => own.outputProjection)
    .map((own) => partOf(own, undefined, kindOf));
  const place = ({ outputs }: Part) =>
    Math.min(...outputs.map(({ producer }) => (producer ? ancestry.place(producer) : -1)));
  const modules = joined([...inBlocks, ...inNone, ...alone]).sort((a, b) => place(a) - place(b));
  const refused = rest
    .filter((own) => !own.outputProjection)
    .map(({ softmax }) => ({
      reason: 'no layer projects what it gives, and no sum brings it back to a stream',
      node: softmax.label,
    }));
  return { found: numbered(modules), refused: [...refused, ...blocks.outside] };
}

type KindOf = (attention: Attention) => ModuleKind;

/** @param end what the branch gives before its gate */
function partsOf(
  { attentions: all }: BlockLayer,
  end: Value,
  block: number | undefined,
  kindOf: KindOf,
): Part[] {
  const attentions = all.filter(isModule);
  const last = reachBack(end).heavy;
  const [layer] = last;
  const only = last.size === 1 && layer && multipliesWeight(layer) ? layer : undefined;
  const part = (kind: ModuleKind): Part => ({
    kind,
    outputs: [end],
    of: attentions[0] ?? only,
    block,
  });
  if (attentions.length === 0) return [part('feed-forward')];
  const projections = new Set(attentions.map(({ outputProjection }) => outputProjection));
  if (isWithin(last, projections)) return attentions.map((own) => partOf(own, block, kindOf));
  const mixes = new Set(attentions.map(({ mix }) => mix));
  const before = only ? reachBack(activationOf(only)).heavy : last;
  if (!isWithin(before, mixes)) return [part('parallel')];
  const [kind, other] = new Set(attentions.map(kindOf));
  return [part(other ? 'self' : kind!)];
}

/** What pools a sequence into one query is no branch of its own: it belongs to whatever lies around it. */
const isModule = ({ kind }: Attention): boolean => kind !== 'pooling';

const partOf = (own: Attention, block: number | undefined, kindOf: KindOf): Part => ({
  kind: kindOf(own),
  outputs: [own.output],
  of: own,
  block,
});

const isWithin = (nodes: ReadonlySet<Node>, others: ReadonlySet<Node | undefined>): boolean =>
  [...nodes].every((node) => others.has(node));

/** Modules of their parts: those of one attention or layer are one, as are those that end alike. */
function joined(parts: readonly Part[]): Part[] {
  const modules: Part[] = [];
  const numbers = new Map<Part['of'] | Value, number>();
  for (const part of parts) {
    const keys = [...(part.of ? [part.of] : []), ...part.outputs];
    const at = keys.map((key) => numbers.get(key)).find((n) => n !== undefined) ?? modules.length;
    const outputs = [...new Set([...(modules[at]?.outputs ?? []), ...part.outputs])];
    modules[at] = { ...(modules[at] ?? part), outputs };
    for (const key of keys) numbers.set(key, at);
  }
  return modules;
}

function numbered(modules: readonly Part[]): BlockModule[] {
  const counts = new Map<ModuleKind, number>();
  return modules.map(({ kind, outputs, block }) => {
    const number = counts.get(kind) ?? 0;
    counts.set(kind, number + 1);
    return { id: `${kind}.${number}`, kind, outputs, block };
  });
}
