/**
 * Where the main branch is cut before a join: the last value that everything deeper goes through. Mostly it is
 * the join's own input. It lies further back where the main branch comes in by several values (FreeU), or goes
 * around the join as well (the residual connection of a block that joins its skip inside, as in Stable Cascade).
 */
import type { Node } from '../../../model/ir/node.js';
import type { Value } from '../../../model/ir/value.js';
import type { Sides } from './sides.js';
import type { Surroundings } from './surroundings.js';

/** @param inner the next deeper join; undefined for the deepest one */
export function cutBefore(sides: Sides, inner: Sides | undefined, around: Surroundings) {
  return inner ? holding(sides, inner.node, around) : deepest(sides, around);
}

/** The last value before the join that holds a node; the join's input where it does. */
function holding(
  { node, main }: Sides,
  deep: Node,
  { dominance, ancestry }: Surroundings,
): Value | undefined {
  const [only, another] = main;
  if (!another && dominance.isOnlyFor(deep, only!)) return only;
  let last: Value | undefined;
  for (const value of dominance.valuesOver(deep)) {
    if (!node.inputs.some((input) => input && ancestry.follows(input, value))) break;
    last = value;
  }
  return last;
}

/** Before the deepest join: of the two places that can be asked for, the one that holds more layers. */
function deepest(sides: Sides, around: Surroundings): Value | undefined {
  const { main } = sides;
  const layers = deeperLayers(sides, around);
  const [first] = layers;
  const held = (value: Value) =>
    layers.filter((layer) => around.dominance.isOnlyFor(layer, value)).length;
  const further = first && holding(sides, first, around);
  if (main.length > 1) return further;
  return further && held(further) > held(main[0]!) ? further : main[0]!;
}

/** Values that everything goes through which is computed behind the deepest skip's origin. */
export function mainBranch(sides: Sides, around: Surroundings): ReadonlySet<Value> {
  const [first] = deeperLayers(sides, around);
  return new Set(first && around.dominance.valuesOver(first));
}

/** Layers behind the skip's origin that the main branch alone has gone through, in topological order. */
function deeperLayers({ main, origin }: Sides, { ancestry, layers }: Surroundings): Node[] {
  const fork = ancestry.lastAmong(origin, layers);
  return ancestry
    .allOnly(main[0]!, origin, layers)
    .filter((layer) => !fork || ancestry.dependsOn(layer.output, fork));
}
