/** The whole loop, whose requests know nothing of one another: Triton joins them to batches where all has rows. */
import { tritonNoBatch } from '../../../errors/index.js';
import type { Graph } from '../../../model/ir/graph.js';
import type { Schedule } from '../../../runtime/schedule/index.js';
import { ownShape, type ServedModel } from './config.js';
import { DEFAULTS, refuse, type TritonOptions } from './options.js';
import { giveRows } from './rows.js';
import { inputsOf, outputsOf } from './tensors.js';
import { warmUpOf } from './warm-up.js';

/**
 * @param graph is given rows where it can be
 * @returns why requests are not batched, too, where that is so
 * @throws TRITON_OPTION, TRITON_NO_BATCH, TRITON_SIZE, TRITON_TYPE, TRITON_SHAPE
 */
export function loopModel(
  name: string,
  graph: Graph,
  { cost, whole }: Schedule,
  options: TritonOptions,
): { readonly model: ServedModel; readonly alone?: string | undefined } {
  const none = 'a bundle of the form "loop" has none in Triton';
  refuse(options.sequences, 'sequences', 'sequences', none);
  refuse(options.idle, 'idle', 'sequences', none);
  const alone = giveRows(graph);
  if (alone !== undefined && options.maxBatch !== undefined) throw tritonNoBatch(alone);
  const maxBatch = alone === undefined ? (options.maxBatch ?? DEFAULTS.maxBatch) : 0;
  const inputs = inputsOf(graph);
  const [images] = whole?.inputs[0]?.shape ?? [];
  const known = {
    ...cost?.macs?.bindings,
    // the costs may be of a pair
    ...(typeof images === 'string' && { [images]: 1 }),
  };
  const { sizes: asked = {}, warmUp = true } = options;
  if (!warmUp)
    refuse(options.sizes, 'size', 'a request for warming up', '--no-warm-up leaves it out');
  return {
    model: {
      name,
      inputs,
      outputs: outputsOf(graph),
      maxBatch,
      ...(warmUp && {
        warmUp: warmUpOf(
          inputs.map((tensor) => ownShape(tensor, maxBatch)),
          { asked, known },
        ),
      }),
    },
    alone,
  };
}
