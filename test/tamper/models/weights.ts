/**
 * Parts of graphs in ONNX's text form: weights by hand, numbers that no two tensors share, of unit gain, and
 * the embedding of a timestep.
 */

/** An initializer of so many inputs a unit (by default all sizes but the first). */
export function weights(
  name: string,
  dims: readonly number[],
  inputs = dims.slice(1).reduce((a, b) => a * b, 1),
): string {
  const count = dims.reduce((a, b) => a * b, 1);
  const seed = [...name].reduce((sum, letter) => (31 * sum + letter.charCodeAt(0)) % 9973, 7);
  const numbers = Array.from({ length: count }, (_, i) =>
    (wave(seed + 0.713 * i * i + 2.1 * i) / Math.sqrt(inputs)).toFixed(4),
  );
  return `float[${dims.join(',')}] ${name} = {${numbers.join(', ')}}`;
}

/** From -1.5 to 1.5, and far from its neighbours. */
const wave = (x: number): number => 1.5 * Math.sin(12.9898 * x);

/** The same around one, for gains. */
export function gains(name: string, size: number): string {
  const numbers = Array.from({ length: size }, (_, i) =>
    (1 + 0.3 * wave(i + name.length)).toFixed(4),
  );
  return `float[${size}] ${name} = {${numbers.join(', ')}}`;
}

/** Sines and cosines of a timestep `t`, from `frequencies`; `last` is the axis of the columns, 1. */
export const WAVES = `  time = Cast <to = 1> (t)
  column = Unsqueeze (time, last)
  angle = Mul (column, frequencies)
  sines = Sin (angle)
  cosines = Cos (angle)
  waves = Concat <axis = 1> (cosines, sines)`;
