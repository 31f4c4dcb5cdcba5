/** What Triton makes of a request before anything runs it. */
import type { ModelConfig, Port } from '../protoc.js';
import { countOf, engineType, type Tensor } from './tensors.js';

export interface SequenceFlags {
  /** Not 0. */
  readonly id: number;
  readonly start?: boolean;
  readonly end?: boolean;
}

export interface Request {
  readonly inputs: Readonly<Record<string, Tensor>>;
  readonly sequence?: SequenceFlags;
}

/** With the shapes that the model takes. @throws what does not fit the configuration */
export function normalized(
  config: ModelConfig,
  { inputs, sequence }: Request,
): Map<string, Tensor> {
  if (config.sequence_batching && !sequence?.id)
    throw new Error(`a request to '${config.name}' must specify a non-zero correlation ID`);
  const given = Object.keys(inputs);
  if (given.length !== config.input.length)
    throw new Error(`expected ${config.input.length} inputs but got ${given.length}`);
  let batch: number | undefined;
  return new Map(
    config.input.map((port) => {
      const tensor = inputs[port.name];
      if (!tensor) throw new Error(`input '${port.name}' is missing`);
      if (tensor.type !== engineType(port.data_type))
        throw new Error(`input '${port.name}' is ${tensor.type}, and ${port.data_type} expected`);
      if (countOf(tensor.dims) !== tensor.data.length)
        throw new Error(`input byte size mismatch for input '${port.name}'`);
      const { max_batch_size: most } = config;
      const [rows, ...rest] = tensor.dims;
      if (most > 0) {
        batch ??= rows;
        if (rows === undefined || rows !== batch)
          throw new Error(`input '${port.name}' batch size does not match other inputs`);
        if (rows > most) throw new Error(`inference request batch-size must be <= ${most}`);
      }
      const own = matched(port, most > 0 ? rest : tensor.dims);
      return [port.name, { ...tensor, dims: most > 0 ? [rows!, ...own] : own }] as const;
    }),
  );
}

function matched({ name, dims, reshape }: Port, shape: readonly number[]): readonly number[] {
  const fits =
    dims.length === shape.length && dims.every((dim, i) => dim === -1 || dim === shape[i]);
  if (!fits)
    throw new Error(`unexpected shape for input '${name}'. Expected [${dims}], got [${shape}]`);
  if (!reshape) return shape;
  const open = shape.filter((_, i) => dims[i] === -1);
  return reshape.shape.map((dim) => (dim === -1 ? open.shift()! : dim));
}
