/** Checks a constant of a run: as many elements as its shape says, each within its type. */
import type { Problem } from '../../errors/index.js';
import type { Constant } from '../../generated/schedule.js';

/** Smallest and largest integer of each type; null where any number goes. */
const RANGES: Record<Constant['type'], readonly [number, number] | null> = {
  float32: null,
  float64: null,
  int8: [-(2 ** 7), 2 ** 7 - 1],
  uint8: [0, 2 ** 8 - 1],
  int16: [-(2 ** 15), 2 ** 15 - 1],
  uint16: [0, 2 ** 16 - 1],
  int32: [-(2 ** 31), 2 ** 31 - 1],
  uint32: [0, 2 ** 32 - 1],
  // JSON numbers are exact only so far; strategy inputs are small.
  int64: [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
  bool: [0, 1],
};

/** Types that constants and initial values have. */
export const isConstantType = (type: string): type is Constant['type'] =>
  Object.hasOwn(RANGES, type);

export function checkConstant(path: string, { type, shape, data }: Constant): Problem[] {
  const count = shape.reduce((product, size) => product * size, 1);
  if (data.length !== count)
    return [
      {
        path: `${path}/data`,
        message: `must have ${count} elements by its shape, found ${data.length}`,
      },
    ];
  const range = RANGES[type];
  if (!range) return [];
  return data.flatMap((value, i) =>
    Number.isInteger(value) && value >= range[0] && value <= range[1]
      ? []
      : [
          {
            path: `${path}/data/${i}`,
            message: `must be an integer that ${type} holds, found ${value}`,
          },
        ],
  );
}
