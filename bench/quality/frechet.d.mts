export interface Moments {
  mean: number[];
  covariance: number[][];
}

export function moments(rows: readonly ArrayLike<number>[]): Moments;
export function frechetDistance(a: Moments, b: Moments): number;
