/**
 * Which stretches of a file stand for all of it: evenly spread, the first and the last among them, 2 MiB
 * together. Reading them takes milliseconds whatever the size; another model's weights differ in every
 * stretch, and a file that is cut short or half copied in some. A change that lies between them is not
 * seen: only reading the whole file tells that. Free of Node imports.
 */
const COUNT = 128;
const LENGTH = 16 * 1024;

export interface Stretch {
  readonly offset: number;
  readonly length: number;
}

/** In order. A file of up to 2 MiB is one stretch. */
export function sampledStretches(size: number): Stretch[] {
  if (size <= COUNT * LENGTH) return [{ offset: 0, length: size }];
  return Array.from({ length: COUNT }, (_, i) => ({
    offset: Math.floor(((size - LENGTH) * i) / (COUNT - 1)),
    length: LENGTH,
  }));
}
