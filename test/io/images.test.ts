import { inflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import {
  decodePng,
  encodePng,
  type Picture,
  pictureGrid,
  toPictures,
} from '../../src/io/images.js';

const grey = (width: number, height: number, ...data: number[]): Picture => ({
  width,
  height,
  channels: 1,
  data: Uint8Array.from(data),
});

describe('toPictures', () => {
  it('maps [-1, 1] to 0..255, clamps, and interleaves the channels', () => {
    const planes = [
      [-1, 1, 0, -3], // red
      [1, -1, 0.5, 3], // green
      [0, 0, -0.5, Number.NaN], // blue
    ];
    const [picture] = toPictures(Float32Array.from(planes.flat()), [1, 3, 2, 2]);
    expect(picture).toEqual({
      width: 2,
      height: 2,
      channels: 3,
      // 127.5 rounds up; 0.75 * 255 is 191.25 and 0.25 * 255 is 63.75.
      data: Uint8Array.of(0, 255, 128, 255, 0, 128, 128, 191, 64, 0, 255, 0),
    });
  });

  it('takes another range, and gives one picture per image', () => {
    const pictures = toPictures(Float32Array.of(0, 1, 0.2, 0.4), [2, 1, 1, 2], [0, 1]);
    expect(pictures.map(({ data }) => [...data])).toEqual([
      [0, 255],
      [51, 102],
    ]);
  });

  it.each([[[1, 2, 2, 2]], [[1, 4, 2]], [[2, 1, 2, 2]]])(
    'refuses the shape %j for eight values',
    (dims) => {
      const values = new Float32Array(dims[0] === 2 ? 7 : 8);
      expect(() => toPictures(values, dims)).toThrow(
        expect.objectContaining({ code: 'IMAGE_SHAPE' }),
      );
    },
  );
});

describe('pictureGrid', () => {
  const show = ({ width, data }: Picture) =>
    Array.from({ length: data.length / width }, (_, y) =>
      [...data.subarray(y * width, (y + 1) * width)]
        .map((value) => (value === 255 ? '.' : String(value)))
        .join(''),
    );

  it('lays rows out with padding, and groups with a wider gap', () => {
    const row = (value: number) => [grey(2, 1, value, value + 1), grey(2, 1, value + 2, value + 3)];
    const grid = pictureGrid([[row(0)], [row(4), [grey(2, 1, 8, 9)]]], { padding: 1, groupGap: 2 });
    expect(show(grid)).toEqual([
      '.......',
      '.01.23.',
      '.......',
      '.......',
      '.45.67.',
      '.......',
      '.89....',
      '.......',
    ]);
  });

  it('enlarges each pixel to a square', () => {
    const grid = pictureGrid([[[grey(2, 2, 1, 2, 3, 4)]]], { scale: 2, padding: 0 });
    expect(show(grid)).toEqual(['1122', '1122', '3344', '3344']);
  });

  it('keeps channels, and makes the background opaque', () => {
    const picture = { width: 1, height: 1, channels: 4, data: Uint8Array.of(1, 2, 3, 4) };
    const grid = pictureGrid([[[picture]]], { padding: 1, background: 9 });
    expect(grid.data.subarray(0, 4)).toEqual(Uint8Array.of(9, 9, 9, 255));
    expect(grid.data.subarray(16, 20)).toEqual(Uint8Array.of(1, 2, 3, 4));
  });

  it('refuses pictures of different sizes, none at all, and broken options', () => {
    const pixel = grey(1, 1, 0);
    expect(() => pictureGrid([[[pixel, grey(2, 1, 0, 0)]]])).toThrow(
      expect.objectContaining({ code: 'IMAGE_GRID' }),
    );
    expect(() => pictureGrid([[], [[]]])).toThrow(
      expect.objectContaining({ code: 'IMAGE_GRID_EMPTY' }),
    );
    for (const options of [{ scale: 0 }, { scale: 1.5 }, { padding: -1 }, { groupGap: 0.5 }]) {
      expect(() => pictureGrid([[[pixel]]], options)).toThrow(
        expect.objectContaining({ code: 'IMAGE_GRID_OPTION' }),
      );
    }
  });
});

describe('PNG', () => {
  it.each([1, 3, 4])('comes back as it went, %i channels', (channels) => {
    const data = Uint8Array.from({ length: 5 * 3 * channels }, (_, i) => (i * 37) % 256);
    const picture = { width: 5, height: 3, channels, data };
    expect(decodePng(encodePng(picture), 'a.png')).toEqual(picture);
  });

  it('holds the pixels as the PNG specification lays them out', () => {
    const bytes = Buffer.from(encodePng(grey(2, 2, 10, 20, 30, 40)));
    expect(bytes.subarray(1, 4).toString('latin1')).toBe('PNG');
    expect([bytes.readUInt32BE(16), bytes.readUInt32BE(20), bytes[24], bytes[25]]).toEqual([
      2, 2, 8, 0,
    ]);
    const start = bytes.indexOf('IDAT');
    const length = bytes.readUInt32BE(start - 4);
    const rows = inflateSync(bytes.subarray(start + 4, start + 4 + length));
    // Filter 0 before each row: the bytes as they are.
    expect([...rows]).toEqual([0, 10, 20, 0, 30, 40]);
  });

  it('refuses what is not PNG, is cut short or damaged', () => {
    const bytes = encodePng(grey(2, 2, 1, 2, 3, 4));
    const damaged = bytes.slice();
    // The first chunk's checksum; the pixels are all there.
    damaged[30]! ^= 0xff;
    for (const broken of [new Uint8Array(8), new Uint8Array(), bytes.subarray(0, 40), damaged]) {
      expect(() => decodePng(broken, 'a.png')).toThrow(
        expect.objectContaining({ code: 'PNG_INVALID' }),
      );
    }
  });
});
