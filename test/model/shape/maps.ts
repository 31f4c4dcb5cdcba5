/** A batch of maps, and the numbers that operators are told with them. */
export const X = 'float[batch, 6, height, width] x';
export const SIZES = [
  { batch: 1, height: 2, width: 3 },
  { batch: 3, height: 5, width: 1 },
  { batch: 1, height: 10, width: 7 },
] as const;
export const CONSTANTS = `
  int64 zero = {0}, int64 one = {1}, int64 two = {2}, int64 five = {5}, int64 minus = {-2}, int64[2] pair = {2, 3}, int64[2] large = {20, 20},
  int64[1] none = {0}, int64[3] at = {0, 2, -1}, int64[1] first = {0}, int64[2] same = {0, 1}, float f0 = {0.0}, float f1 = {1.0}, float f3 = {3.0}, float half = {0.5},
  float[2] onoff = {0.0, 1.0}, int64[2] onoff64 = {0, 1}, int64[4] sizes = {1, 6, 7, 4}, int64[2] both = {9, 4}, int64[1] i0 = {0},
  float[4] twice = {1.0, 1.0, 2.0, 1.5}, float[4] odd = {1.0, 1.0, 0.7, 0.3}, float[4] third = {1.0, 1.0, 0.33333334, 1.1}, float[4] up = {1.0, 1.0, 1.1, 1.7}, float[2] two2 = {0.5, 3.0}, float[8] roi = {0.0, 0.0, 0.2, 0.2, 1.0, 1.0, 0.8, 0.8}, float[0] noscale = {}`;
