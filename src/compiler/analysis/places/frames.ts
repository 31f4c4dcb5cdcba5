/** Attention from frame to frame of a clip, as PAB (Zhao et al., arXiv 2408.12588) tells it from attention within a frame. */
import type { Graph } from '../../../model/ir/graph.js';
import type { ShapeTable } from '../../../model/shape/index.js';
import type { Attention } from '../attention/attention.js';
import { findPlaces } from './find.js';

/** Of a clip's latent: batch, channels and frames in either order, height, width. */
const CLIP_RANK = 5;
const FRAME_AXES = [1, 2];

/**
 * Whether the queries of an attention are the frames of the latent and nothing else. Costs a walk over the graph where it
 * has frames.
 * @param latent name of the latent input
 */
export function alongFrames(
  graph: Graph,
  shapes: ShapeTable,
  latent: string | undefined,
): (attention: Attention) => boolean {
  const input = graph.inputs.find(({ name }) => name === latent);
  if (!input || shapes.shape(input)?.length !== CLIP_RANK) return () => false;
  const places = findPlaces(graph, shapes);
  return ({ q, queryAxis }) => {
    const [run, other] = (queryAxis !== undefined && places.get(q.value)?.[queryAxis]) || [];
    const [factor, second] = run ?? [];
    if (!factor?.of || second || other) return false;
    return factor.of.input === input && FRAME_AXES.includes(factor.of.axis);
  };
}
