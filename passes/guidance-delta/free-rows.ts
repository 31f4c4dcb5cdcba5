/** Lets a model whose batch is written down as a number run on some of its rows; it computes what it did. */
import { followImages, freeImages } from '../../src/compiler/analysis/index.js';
import type { PassContext } from '../../src/compiler/pass/index.js';
import { halvesTogether } from '../../src/errors/index.js';

/** @throws GUIDANCE_HALVES where a size cannot follow its tensor */
export function freeRows({ model, roles, shapes }: PassContext): void {
  const latent = model.graph.inputs.find(({ name }) => name === roles.latent);
  // what stands in the way is said where sites are made
  if (!latent || shapes.shape(latent)?.[0]?.constant === undefined) return;
  const flow = followImages(model.graph, latent, shapes);
  if ('reason' in flow) return;
  const edit = freeImages(model.graph, flow.axes, shapes);
  if ('reason' in edit) throw halvesTogether(edit.reason, edit.node);
  edit();
}
