// The Frechet distance between two normal distributions (Dowson and Landau 1982), which on features of a
// network is what FID is (Heusel et al., arXiv 1706.08500):
//   d^2 = |m1 - m2|^2 + tr(C1 + C2 - 2 (C1^1/2 C2 C1^1/2)^1/2)
// The product is taken in its symmetric form, whose eigenvalues are real and not negative.
import { EigenvalueDecomposition, Matrix } from 'ml-matrix';

/** @typedef {{ mean: number[], covariance: number[][] }} Moments */

/**
 * Mean and covariance (with n - 1) of feature vectors.
 * @param {readonly ArrayLike<number>[]} rows as many as there are pictures
 * @returns {Moments}
 */
export function moments(rows) {
  const [first] = rows;
  const size = first.length;
  const mean = Array(size).fill(0);
  for (const row of rows) for (let i = 0; i < size; i++) mean[i] += row[i] / rows.length;
  const covariance = Array.from({ length: size }, () => Array(size).fill(0));
  for (const row of rows)
    for (let i = 0; i < size; i++)
      for (let j = 0; j <= i; j++)
        covariance[i][j] += ((row[i] - mean[i]) * (row[j] - mean[j])) / (rows.length - 1);
  for (let i = 0; i < size; i++) for (let j = 0; j < i; j++) covariance[j][i] = covariance[i][j];
  return { mean, covariance };
}

/**
 * The squared distance, as FID is reported.
 * @param {Moments} a
 * @param {Moments} b
 */
export function frechetDistance(a, b) {
  const apart = a.mean.reduce((sum, m, i) => sum + (m - b.mean[i]) ** 2, 0);
  const [first, second] = [new Matrix(a.covariance), new Matrix(b.covariance)];
  const root = squareRoot(first);
  const product = root.mmul(second).mmul(root);
  const crossed = eigen(product).values.reduce((sum, v) => sum + Math.sqrt(Math.max(0, v)), 0);
  return apart + first.trace() + second.trace() - 2 * crossed;
}

function eigen(matrix) {
  // rounding leaves a product a little off symmetry
  const symmetric = Matrix.add(matrix, matrix.transpose()).mul(0.5);
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(symmetric, {
    assumeSymmetric: true,
  });
  return { values: realEigenvalues, vectors: eigenvectorMatrix };
}

function squareRoot(matrix) {
  const { values, vectors } = eigen(matrix);
  const roots = Matrix.diag(values.map((v) => Math.sqrt(Math.max(0, v))));
  return vectors.mmul(roots).mmul(vectors.transpose());
}
