/**
 * Latents in pixel space to pictures, grids of pictures, and PNG bytes.
 *
 * Pictures are small (a demo's grid), so everything is a plain copy; PNG is fast-png's work.
 */
import { decode, encode } from 'fast-png';
import { gridEmpty, gridOption, notPicture, notPng, picturesDiffer } from '../errors/index.js';

/** Eight bits per channel, channels interleaved, rows from the top. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  /** 1 grey, 3 RGB, 4 RGB and alpha. */
  readonly channels: number;
  readonly data: Uint8Array;
}

/**
 * The pictures of a batch.
 *
 * @param values row-major [batch, channels, height, width]
 * @param range the values that become black and white; default [-1, 1]. Beyond it values are clamped,
 * and what is not a number becomes black.
 * @throws IMAGE_SHAPE when there are not 1, 3 or 4 channels
 */
export function toPictures(
  values: Float32Array,
  dims: readonly number[],
  range: readonly [black: number, white: number] = [-1, 1],
): Picture[] {
  const [batch = 0, channels = 0, height = 0, width = 0] = dims;
  const perImage = channels * height * width;
  if (dims.length !== 4 || ![1, 3, 4].includes(channels) || values.length !== batch * perImage) {
    throw notPicture(dims);
  }
  const [black, white] = range;
  const plane = height * width;
  return Array.from({ length: batch }, (_, image) => {
    const data = new Uint8Array(perImage);
    for (let channel = 0; channel < channels; channel++) {
      for (let pixel = 0; pixel < plane; pixel++) {
        const value = values[image * perImage + channel * plane + pixel]!;
        const share = Math.min(Math.max((value - black) / (white - black), 0), 1);
        data[pixel * channels + channel] = Math.round(share * 255);
      }
    }
    return { width, height, channels, data };
  });
}

export interface GridOptions {
  /** Each pixel becomes scale x scale equal ones; default 1. */
  readonly scale?: number;
  /** Pixels between pictures and around the grid, after scaling; default 2. */
  readonly padding?: number;
  /** Pixels between groups of rows, in place of the padding; default 3 times the padding. */
  readonly groupGap?: number;
  /** Grey level behind the pictures, 0 to 255; default 255. Alpha, where there is one, is 255. */
  readonly background?: number;
}

/**
 * Lays pictures out in groups of rows, such as a baseline above and each variant below it.
 *
 * @param groups groups, from the top, of rows, from the top, of pictures, from the left
 * @throws IMAGE_GRID when pictures differ in size or channels, IMAGE_GRID_EMPTY, IMAGE_GRID_OPTION
 */
export function pictureGrid(
  groups: readonly (readonly (readonly Picture[])[])[],
  options: GridOptions = {},
): Picture {
  const { scale = 1, padding = 2, background = 255 } = options;
  const { groupGap = 3 * padding } = options;
  checkWhole('scale', scale, 1);
  checkWhole('padding', padding, 0);
  checkWhole('groupGap', groupGap, 0);
  const filled = groups.filter((rows) => rows.length > 0);
  const [sample] = filled.flat(2);
  if (!sample) throw gridEmpty();
  const describe = (p: Picture) => `${p.width}x${p.height} (${p.channels} channels)`;
  for (const picture of filled.flat(2)) {
    if (describe(picture) !== describe(sample)) {
      throw picturesDiffer(describe(picture), describe(sample));
    }
  }

  const columns = Math.max(...filled.flat().map((row) => row.length));
  const rows = filled.flat().length;
  const cellWidth = sample.width * scale + padding;
  const cellHeight = sample.height * scale + padding;
  const width = padding + columns * cellWidth;
  const height = padding + rows * cellHeight + (filled.length - 1) * (groupGap - padding);
  const grid: Picture = {
    width,
    height,
    channels: sample.channels,
    data: new Uint8Array(width * height * sample.channels).fill(background),
  };
  if (sample.channels === 4) {
    for (let alpha = 3; alpha < grid.data.length; alpha += 4) grid.data[alpha] = 255;
  }

  let top = padding;
  for (const group of filled) {
    for (const row of group) {
      row.forEach((picture, column) => {
        paste(grid, picture, padding + column * cellWidth, top, scale);
      });
      top += cellHeight;
    }
    top += groupGap - padding;
  }
  return grid;
}

function checkWhole(option: string, found: number, least: number): void {
  if (!Number.isInteger(found) || found < least) throw gridOption(option, found, least);
}

function paste(grid: Picture, picture: Picture, left: number, top: number, scale: number): void {
  const { channels } = picture;
  for (let y = 0; y < picture.height * scale; y++) {
    for (let x = 0; x < picture.width * scale; x++) {
      const from = Math.floor(y / scale) * picture.width + Math.floor(x / scale);
      const to = (top + y) * grid.width + left + x;
      for (let channel = 0; channel < channels; channel++) {
        grid.data[to * channels + channel] = picture.data[from * channels + channel]!;
      }
    }
  }
}

export function encodePng(picture: Picture): Uint8Array {
  const { width, height, channels, data } = picture;
  return encode({ width, height, channels, depth: 8, data });
}

/**
 * Reads a PNG of eight bits per channel.
 *
 * @param file named in errors
 * @throws PNG_INVALID
 */
export function decodePng(bytes: Uint8Array, file: string): Picture {
  let png: ReturnType<typeof decode>;
  try {
    png = decode(bytes, { checkCrc: true });
  } catch (error) {
    throw notPng(file, error instanceof Error ? error.message : String(error));
  }
  const { width, height, channels, data } = png;
  if (!(data instanceof Uint8Array) || png.depth !== 8 || png.palette) {
    throw notPng(file, 'it has a palette or not eight bits per channel');
  }
  return { width, height, channels, data };
}
