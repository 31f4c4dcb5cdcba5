/**
 * Skips that are added to the main branch, or of which and the main branch a weighted mean is taken, as in
 * hourglass transformers (Crowson et al., arXiv 2401.11605: `lerp(skip, up, factor)`). A sum alone says nothing:
 * every residual connection is one. It is a skip join where its main branch comes back from layers at a coarser
 * scale, or from joins further in, by whatever way it left the skip's origin.
 */
import { isOp, type Node } from '../../../model/ir/node.js';
import type { Value } from '../../../model/ir/value.js';
import type { Refusal } from '../refusal.js';
import { hasShapeOf } from './origin.js';
import type { Scales } from './scale.js';
import { compare, type Sides } from './sides.js';
import type { Surroundings } from './surroundings.js';

/** A difference is the first step of `skip + factor * (up - skip)`. */
export const isSum = (node: Node): boolean => isOp(node, 'Add', 'Sub', 'Sum');

/**
 * The sides of a sum that is a skip join; a refusal where it goes around coarser layers and is none all the
 * same, and undefined for a residual connection or any other sum.
 * @param inner joins that come before it in topological order
 */
export function sumSides(
  node: Node,
  inner: readonly Sides[],
  scales: Scales,
  around: Surroundings,
): Sides | Refusal | undefined {
  const { ancestry, shapes, layers } = around;
  const terms = node.inputs.filter((v): v is Value => v !== null);
  const [a, b] = terms;
  if (!a || !b || terms.length > 2 || (shapes.shape(node.output)?.length ?? 0) < 3)
    return undefined;
  if (!terms.every((v) => v.producer && hasShapeOf(v, node.output, shapes))) return undefined;
  const relation = compare(a, b, around);
  if (relation === 'same' || relation === 'apart') return undefined;
  const { origin, value: skip } = relation.skip;
  const main = relation.deeper;
  if (!around.firstLayer(origin)) return undefined;
  const scale = scales.ofMap(origin);
  if (scale === undefined) return undefined;
  const fork = ancestry.lastAmong(origin, layers)!;
  const coarser = ancestry
    .allOnly(main, origin, layers)
    .filter((layer) => (scales.of(layer) ?? scale) < scale)
    .filter((layer) => ancestry.dependsOn(layer.output, fork));
  const within = inner.filter((join) => ancestry.dependsOn(main, join.node));
  // without a coarser scale between, what comes out of the decoder is a residual connection of it
  const isAlike =
    within.length === 0 || within.some((join) => ancestry.dependsOn(origin, join.node));
  if (coarser.length === 0 && isAlike) return undefined;
  // a mean of both reads the inner skip twice, once behind the node that is taken for the join
  const joined = within.flatMap(({ node: join, origin: inside }) => [join, inside.producer!]);
  const stops = new Set([...coarser, ...joined]);
  const way = wayAround(main, origin, fork, stops, around);
  if (way === 'none') return undefined;
  if (way !== 'through')
    return coarser.length === 0
      ? undefined
      : {
          reason: `its main branch comes back from the coarser "${coarser[0]!.label}", and from "${way.label}" by a way at its own scale`,
          node: node.label,
        };
  // the steps of one weighted mean, or of a gate made of what a Concat joins, are one join
  const { hasOwnWork } = around;
  const isOne = within.some(
    (join) => !hasOwnWork(join.origin, origin) && !hasOwnWork(origin, join.origin),
  );
  return isOne ? undefined : { node, main: [main], skip, origin };
}

/**
 * Does every way from a skip's origin to its main branch go through one of some nodes? Else the node where
 * one that does not arrives, or `none` where no way goes through them.
 */
function wayAround(
  main: Value,
  origin: Value,
  fork: Node,
  stops: ReadonlySet<Node>,
  { ancestry }: Surroundings,
): 'through' | 'none' | Node {
  let stopped = false;
  const seen = new Set([main]);
  for (const value of seen) {
    const node = value.producer;
    if (!node || !ancestry.dependsOn(value, fork)) continue;
    if (stops.has(node)) stopped = true;
    else if (ancestry.dependsOn(origin, node)) return node;
    else for (const input of node.inputs) if (input) seen.add(input);
  }
  return stopped ? 'through' : 'none';
}
