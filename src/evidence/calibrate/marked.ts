/**
 * The instrumented graph with the values of every site pointed out in it. Strategies may have put
 * nodes behind a site's value, so where it went is seen from an output added for the purpose.
 */

import { type Instrumented, instrument } from '../../compiler/lower/index.js';
import type { Model } from '../../model/ir/model.js';
import type { Node } from '../../model/ir/node.js';
import type { Value } from '../../model/ir/value.js';
import type { ShapeTable } from '../../model/shape/index.js';
import type { SearchSpace } from './space.js';

/** @returns beside the instrumented graph, what leaves each site, behind every choice made for it */
export function instrumentMarked(
  model: Model,
  shapes: ShapeTable,
  { sites, covering }: SearchSpace,
): { instrumented: Instrumented; values: Value[][] } {
  const { graph } = model;
  const before = graph.outputs.length;
  const marks = sites.flatMap((site) =>
    site.outputs.map((value) => {
      const mark = graph.addNode({
        opType: 'Identity',
        inputs: [value],
        outputs: ['stepfold.mark'],
      });
      graph.addOutput(mark.output);
      return mark;
    }),
  );
  try {
    const instrumented = instrument(model, shapes, covering.plan);
    const copy = instrumented.model.graph;
    const copies = copy.outputs.slice(before).map((value) => value.producer as Node);
    const found = copies.map((mark) => mark.inputs[0] as Value);
    copy.filterOutputs((_, index) => index < before);
    copy.removeNodes(new Set(copies));
    const values = sites.map((site) => found.splice(0, site.outputs.length));
    return { instrumented, values };
  } finally {
    graph.filterOutputs((_, index) => index < before);
    graph.removeNodes(new Set(marks));
  }
}
