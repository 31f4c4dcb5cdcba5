/** What a loop starts from, and what of it is known: clean latents and a mask, as long as its latents. */
import type { Tensor } from 'onnxruntime-common';
import { initShape, initType, maskShape, maskValues } from '../../errors/index.js';
import { decodeFloat16 } from '../../io/float16.js';
import { elementCount } from '../../model/ir/tensor.js';
import type { DenoiseOptions } from '../../runtime/samplers/index.js';
import type { LoopParts } from './loop-parts.js';

/**
 * @param dims of the loop's latents
 * @param start steps that the loop leaves out
 * @throws INIT_SHAPE, INIT_TYPE, MASK_SHAPE, MASK_VALUES
 */
export function startOf(
  latent: string,
  dims: readonly number[],
  { init, mask }: LoopParts,
  start: number,
): Pick<DenoiseOptions, 'init' | 'known'> {
  if (!init) return {};
  const rows = init.dims[0];
  const fits =
    init.dims.slice(1).join() === dims.slice(1).join() && (rows === 1 || rows === dims[0]);
  if (!fits) throw initShape(latent, init.dims, dims);
  const values = numbersIn(init, 'latents to start from');
  const clean = Float32Array.from(
    { length: elementCount(dims) },
    (_, i) => values[i % values.length]!,
  );
  if (!mask) return { init: clean };
  const known = { latent: clean, mask: maskOf(mask, dims) };
  return start > 0 ? { init: clean, known } : { known };
}

/** @throws INIT_TYPE */
function numbersIn({ type, data }: Tensor, what: string): ArrayLike<number> {
  if (type === 'float16' && data instanceof Uint16Array) return decodeFloat16(data);
  if (!ArrayBuffer.isView(data) || type === 'int64' || type === 'uint64')
    throw initType(what, type);
  return data as Float32Array;
}

/** A mask for every element. Where it is finer than the latent, the first of each block counts, as diffusers has it. */
export function maskOf(mask: Tensor, dims: readonly number[]): Float32Array {
  const own = mask.dims;
  const lead = dims.length - own.length;
  if (lead < 0) throw maskShape(own, dims);
  // by axis of the latent: how many elements of the mask are one of it, or 0 where one is for all
  const steps = dims.map((size, axis) => {
    const has = own[axis - lead] ?? 1;
    if (has === 1) return 0;
    const isSpatial = dims.length >= 4 && axis >= dims.length - 2;
    if (has !== size && !(isSpatial && has % size === 0)) throw maskShape(own, dims);
    return has / size;
  });
  const strides = own.map((_, axis) => elementCount(own.slice(axis + 1)));
  const values = numbersIn(mask, 'mask');
  const made = new Float32Array(elementCount(dims));
  const place = dims.map(() => 0);
  for (let i = 0; i < made.length; i++) {
    let at = 0;
    for (let axis = lead; axis < dims.length; axis++)
      at += place[axis]! * steps[axis]! * strides[axis - lead]!;
    const value = values[at]!;
    if (!(value >= 0 && value <= 1)) throw maskValues(value);
    made[i] = value;
    for (let axis = dims.length - 1; axis >= 0; axis--) {
      place[axis] = place[axis]! + 1;
      if (place[axis]! < dims[axis]!) break;
      place[axis] = 0;
    }
  }
  return made;
}
