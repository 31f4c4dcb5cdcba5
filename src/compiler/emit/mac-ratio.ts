/** How many times the multiply-accumulates of a plan those of the source are, without writing anything. */
import { concreteShapes, graphCost } from '../../model/cost/index.js';
import type { Compilation } from '../pipeline/index.js';
import { macsOf } from './schedule.js';

/** Over the loop, products inside attention among them; undefined where the size of something is not known. */
export function macRatio(compilation: Compilation): number | undefined {
  const { canonical, shapes, bindings, instrumented } = compilation;
  const source = graphCost(canonical.graph, concreteShapes(shapes, bindings));
  const programs = macsOf(compilation);
  if (source.unknown.length > 0 || [...programs.values()].some(({ isWhole }) => !isWhole))
    return undefined;
  const planned = instrumented.calls.reduce((sum, name) => sum + programs.get(name)!.all, 0);
  return (source.macs.all * instrumented.calls.length) / planned;
}
