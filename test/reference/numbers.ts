/**
 * The few operations that a transformer is made of, in plain loops over float64, after their
 * textbook definitions. A matrix is its rows in one array. Nothing here is fast: a forward pass of
 * the digits transformer takes about a quarter of a second per image.
 */

/** A matrix: rows of equal width, one after the other. */
export type Matrix = Float64Array;

/**
 * x W + b for every row of x: [rows, inputs] by [inputs, outputs]. Four inputs in one go, as all widths
 * here allow, which halves the time.
 */
export function affine(x: Matrix, weight: Matrix, bias: Matrix): Matrix {
  const outputs = bias.length;
  const inputs = weight.length / outputs;
  const rows = x.length / inputs;
  const result = new Float64Array(rows * outputs);
  for (let row = 0; row < rows; row++) {
    const sums = result.subarray(row * outputs, (row + 1) * outputs);
    sums.set(bias);
    for (let i = 0; i < inputs; i += 4) {
      const at = row * inputs + i;
      const [a, b, c, d] = [x[at]!, x[at + 1]!, x[at + 2]!, x[at + 3]!];
      const first = i * outputs;
      const second = first + outputs;
      const third = second + outputs;
      const fourth = third + outputs;
      for (let o = 0; o < outputs; o++)
        sums[o] =
          sums[o]! +
          a * weight[first + o]! +
          b * weight[second + o]! +
          c * weight[third + o]! +
          d * weight[fourth + o]!;
    }
  }
  return result;
}

/** [rows, columns] to [columns, rows]. */
export function transpose(x: Matrix, columns: number): Matrix {
  const rows = x.length / columns;
  return Float64Array.from(x, (_, i) => x[(i % rows) * columns + Math.floor(i / rows)]!);
}

/** Every row to mean 0 and variance 1, without a learned scale: Ba et al., arXiv 1607.06450. */
export function layerNorm(x: Matrix, width: number, epsilon: number): Matrix {
  const result = new Float64Array(x.length);
  for (let start = 0; start < x.length; start += width) {
    const row = x.subarray(start, start + width);
    const mean = row.reduce((sum, value) => sum + value, 0) / width;
    const variance = row.reduce((sum, value) => sum + (value - mean) * (value - mean), 0) / width;
    for (let i = 0; i < width; i++)
      result[start + i] = (row[i]! - mean) / Math.sqrt(variance + epsilon);
  }
  return result;
}

/** x sigmoid(x). */
export const silu = (x: Matrix): Matrix => x.map((value) => value / (1 + Math.exp(-value)));

/** The approximation by tanh: Hendrycks and Gimpel, arXiv 1606.08415, section 2. */
export const gelu = (x: Matrix): Matrix =>
  x.map(
    (value) =>
      0.5 *
      value *
      (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (value + 0.044715 * value * value * value))),
  );

export const add = (a: Matrix, b: Matrix): Matrix => a.map((value, i) => value + b[i]!);
export const subtract = (a: Matrix, b: Matrix): Matrix => a.map((value, i) => value - b[i]!);

/** Matrices one after the other. */
export const flat = (matrices: readonly Matrix[]): Matrix =>
  Float64Array.from(matrices.flatMap((x) => [...x]));

/** Largest difference, over the largest magnitude of what was expected. */
export function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) return Number.POSITIVE_INFINITY;
  let difference = 0;
  let magnitude = 0;
  for (let i = 0; i < expected.length; i++) {
    // a NaN makes every comparison false: it must not pass for no difference
    if (Number.isNaN(actual[i]! - expected[i]!)) return Number.POSITIVE_INFINITY;
    difference = Math.max(difference, Math.abs(actual[i]! - expected[i]!));
    magnitude = Math.max(magnitude, Math.abs(expected[i]!));
  }
  return difference / magnitude;
}
