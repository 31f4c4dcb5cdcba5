/**
 * The configuration of a model as Triton reads it: `ModelConfig` of its model_config.proto (read at Triton 2.73), of which a
 * bundle needs little. Inputs and states together are all that the model takes, as the onnxruntime backend demands.
 */
import { VERSION } from '../../../version.js';
import { dimsOf, type Tensor } from './tensors.js';
import { enumerator, type Message, printMessage } from './text-proto.js';

export interface StatePair {
  readonly input: Tensor;
  readonly output: Tensor;
}

interface SequenceSettings {
  /** How many images are under way at a time in each instance of the model. */
  readonly sequences: number;
  /** Seconds from one request of a sequence to the next, behind which it is given up. */
  readonly idle: number;
}

export interface ServedModel {
  readonly name: string;
  /** Without states. */
  readonly inputs: readonly Tensor[];
  /** Without states. */
  readonly outputs: readonly Tensor[];
  /** 0: requests are not batched, and shapes are whole. */
  readonly maxBatch: number;
  /** Of a model that is called once a step. */
  readonly sequence?: SequenceSettings & { readonly states: readonly StatePair[] };
  readonly warmUp?: Message;
}

export function configOf({
  name,
  inputs,
  outputs,
  maxBatch,
  sequence,
  warmUp,
}: ServedModel): string {
  const scalars = sequence?.states.map(({ output }) => output).filter(isScalar) ?? [];
  const config: Message = {
    name,
    backend: 'onnxruntime',
    max_batch_size: maxBatch,
    input: inputs.map((tensor) => portOf(tensor, maxBatch)),
    // of scalars the backend takes the shape from here, those of states among them
    output: [...outputs, ...scalars].map((tensor) => portOf(tensor, maxBatch)),
    sequence_batching: sequence && sequenceBatching(sequence),
    dynamic_batching: maxBatch > 0 ? {} : undefined,
    // by itself the backend has two on a processor, each with the weights in memory
    instance_group: { count: 1 },
    model_warmup: warmUp,
  };
  return `# Written by stepfold ${VERSION}; README.md beside it says what it means.\n${printMessage(config)}`;
}

const isScalar = ({ shape }: Tensor) => shape.length === 0;

/** Without the batch, where Triton adds it. */
export const ownShape = (tensor: Tensor, maxBatch: number): Tensor =>
  maxBatch > 0 ? { ...tensor, shape: tensor.shape.slice(1) } : tensor;

function portOf(tensor: Tensor, maxBatch: number): Message {
  const { name, type, shape } = ownShape(tensor, maxBatch);
  return {
    name,
    data_type: enumerator(type),
    dims: dimsOf(shape),
    // an array of one number for each image is sent as one of [1]
    reshape: maxBatch > 0 && shape.length === 0 ? { shape: [] } : undefined,
  };
}

/**
 * The strategy `direct` has as many places for sequences as a batch has rows: one, where nothing is batched. So it is
 * `oldest`, which has as many as it is told.
 */
const sequenceBatching = ({
  sequences,
  idle,
  states,
}: NonNullable<ServedModel['sequence']>): Message => ({
  max_sequence_idle_microseconds: Math.round(idle * 1e6),
  oldest: { max_candidate_sequences: sequences },
  state: states.map(({ input, output }) => ({
    input_name: input.name,
    output_name: output.name,
    data_type: enumerator(input.type),
    dims: dimsOf(input.shape),
    initial_state: {
      name: 'zeros',
      data_type: enumerator(input.type),
      // open sizes begin as 1 whatever is said here
      dims: dimsOf(input.shape, 1),
      zero_data: true,
    },
  })),
});
