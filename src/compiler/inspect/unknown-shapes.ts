/**
 * Where shapes begin to be unknown: an operator without a rule, or a node that cannot be what it says, such
 * as one that joins along an axis that its inputs do not have. Each place is said once, the first few of them.
 */
import type { Graph } from '../../model/ir/graph.js';
import type { ShapeTable } from '../../model/shape/index.js';

const MOST = 3;

/** Sentences without a full stop; none where all shapes are known. */
export function unknownShapes(graph: Graph, shapes: ShapeTable): string[] {
  const places = new Map<string, number>();
  for (const { outputs } of graph.nodes)
    for (const output of outputs) {
      const why = output && shapes.whyUnknown(output);
      if (why) places.set(why, (places.get(why) ?? 0) + 1);
    }
  const said = [...places]
    .slice(0, MOST)
    .map(
      ([why, values]) =>
        `${values === 1 ? 'a shape is' : `${values} shapes are`} not known: ${why}`,
    );
  const more = places.size - said.length;
  return more > 0 ? [...said, `shapes are not known for ${more} more reasons`] : said;
}
