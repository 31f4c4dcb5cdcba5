/** One call of a denoiser, whose states Triton keeps for as long as a sequence of requests goes on. */
import { tritonStates } from '../../../errors/index.js';
import type { Graph } from '../../../model/ir/graph.js';
import { carriedStates, fedBackAs, type Schedule } from '../../../runtime/schedule/index.js';
import type { ServedModel, StatePair } from './config.js';
import { DEFAULTS, refuse, type TritonOptions } from './options.js';
import { inputsOf, outputsOf } from './tensors.js';

/** @throws TRITON_OPTION, TRITON_STATES, TRITON_TYPE, TRITON_SHAPE */
export function sequenceModel(
  name: string,
  graph: Graph,
  schedule: Schedule,
  options: TritonOptions,
): ServedModel {
  const { sequences = DEFAULTS.sequences, idle = DEFAULTS.idle } = options;
  const none = 'a bundle of the form "stateful" has none in Triton';
  refuse(options.maxBatch, 'max-batch', 'batches of requests', none);
  refuse(options.warmUp, 'warm-up', 'a request for warming up', none);
  refuse(options.sizes, 'size', 'a request for warming up', none);
  const inputs = inputsOf(graph);
  const outputs = outputsOf(graph);
  const states = [...carriedStates(schedule).keys()].sort().map((input): StatePair => {
    const [taken, given] = [inputs, outputs].map((tensors, way) =>
      tensors.find((tensor) => tensor.name === (way === 0 ? input : fedBackAs(input))),
    );
    if (!taken) throw tritonStates(options.bundle, input, 'is not there');
    if (!given) throw tritonStates(options.bundle, input, `has no output "${fedBackAs(input)}"`);
    return { input: taken, output: given };
  });
  const carried = new Set(states.flatMap(({ input, output }) => [input.name, output.name]));
  const own = <T extends { readonly name: string }>(tensors: readonly T[]) =>
    tensors.filter((tensor) => !carried.has(tensor.name));
  return {
    name,
    inputs: own(inputs),
    outputs: own(outputs),
    maxBatch: 0,
    sequence: { sequences, idle, states },
  };
}
