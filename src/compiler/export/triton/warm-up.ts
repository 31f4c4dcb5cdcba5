/**
 * The request that Triton runs before it serves a model. Zeros: its random data are random bytes, which as numbers are no
 * numbers or past the end of any table, and a model whose request fails is never served.
 */
import { tritonNoSize, tritonSize } from '../../../errors/index.js';
import type { Dim } from '../../../model/ir/types.js';
import { sizeOf } from '../../../model/shape/stated.js';
import { parseDim, symbolsOf } from '../../../model/sizes/index.js';
import { dimsOf, type Tensor } from './tensors.js';
import { enumerator, type Message } from './text-proto.js';

/** Sizes by symbol. */
export interface Sizes {
  /** Asked for: each must be of use. */
  readonly asked: Readonly<Record<string, number>>;
  readonly known: Readonly<Record<string, number>>;
}

/**
 * @param inputs with the shapes that are in the configuration: without the batch where Triton adds it
 * @throws TRITON_SIZE
 */
export function warmUpOf(inputs: readonly Tensor[], { asked, known }: Sizes): Message {
  const symbols = new Set(inputs.flatMap(({ shape }) => shape.flatMap(symbolsIn)));
  const useless = Object.keys(asked).find((symbol) => !symbols.has(symbol));
  if (useless !== undefined) throw tritonNoSize(useless, [...symbols]);
  const sizes = new Map(Object.entries({ ...known, ...asked }));
  return {
    name: 'an image of zeros',
    batch_size: 1,
    inputs: inputs.map(({ name, type, shape }) => ({
      key: name,
      value: {
        data_type: enumerator(type),
        dims: dimsOf(
          shape.map((dim) => {
            const size = sizeOf(dim, sizes);
            if (size === undefined) throw tritonSize(name, dim as string | null);
            return size;
          }),
        ),
        zero_data: true,
      },
    })),
  };
}

const symbolsIn = (dim: Dim): string[] =>
  typeof dim === 'string' ? [...symbolsOf(parseDim(dim))] : [];
