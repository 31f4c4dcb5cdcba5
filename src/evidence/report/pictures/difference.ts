/** How two pictures differ, drawn: level by level, so many times as strong that it can be seen. */
import type { Picture } from '../../../io/images.js';

export interface DrawnDifferences {
  /** Differences are shown so many times as strong, all of them alike. */
  readonly factor: number;
  /** In the order in which they were given; undefined where a picture is the reference, pixel for pixel. */
  readonly pictures: readonly (Picture | undefined)[];
}

/** As strong as it gets without any level clipped, but a power of two, so that it can be thought back. */
const MOST = 64;

/** Black where nothing differs. Undefined where a picture has another size or other channels than the reference. */
export function drawDifferences(
  reference: Picture,
  others: readonly Picture[],
): DrawnDifferences | undefined {
  const isAlike = ({ width, height, channels }: Picture) =>
    width === reference.width && height === reference.height && channels === reference.channels;
  if (!others.every(isAlike)) return undefined;
  const { channels } = reference;
  /** Of the last channel where that is how much is seen of the others. */
  const isOpacity = (at: number) => (channels === 2 || channels === 4) && (at + 1) % channels === 0;
  const apart = others.map(({ data }) =>
    data.map((level, at) => (isOpacity(at) ? 0 : Math.abs(level - reference.data[at]!))),
  );
  const most = apart.reduce((found, levels) => levels.reduce((a, b) => Math.max(a, b), found), 0);
  let factor = 1;
  while (factor < MOST && 2 * factor * most <= 255) factor *= 2;
  return {
    factor,
    pictures: apart.map((levels) =>
      levels.some((level) => level > 0)
        ? { ...reference, data: levels.map((level, at) => (isOpacity(at) ? 255 : factor * level)) }
        : undefined,
    ),
  };
}
