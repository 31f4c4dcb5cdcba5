/** Pictures side by side and what differs, level by level. */
import { parseHTML } from 'linkedom';
import { describe, expect, test } from 'vitest';
import { drawDifferences } from '../../../src/evidence/report/pictures/difference.js';
import { type PictureSet, picturePanel } from '../../../src/evidence/report/pictures/panel.js';
import { decodePng, encodePng, type Picture } from '../../../src/io/images.js';

const grey = (...levels: number[]): Picture => ({
  ...{ width: levels.length, height: 1, channels: 1, data: Uint8Array.from(levels) },
});

describe('a difference', () => {
  test('is as strong as it gets without a level clipped, the same for all', () => {
    const drawn = drawDifferences(grey(100, 100, 100), [grey(100, 92, 110), grey(101, 100, 100)])!;
    // 16 times 10 is 160, and 32 times would be clipped
    expect(drawn.factor).toBe(16);
    expect(drawn.pictures.map((picture) => [...picture!.data])).toEqual([
      [0, 128, 160],
      [16, 0, 0],
    ]);
  });

  test('is never weaker than it is, and of equals none', () => {
    expect(drawDifferences(grey(0, 255), [grey(255, 255)])!.factor).toBe(1);
    expect(drawDifferences(grey(7, 8), [grey(7, 8)])!.pictures).toEqual([undefined]);
    expect(drawDifferences(grey(7, 8), [grey(7)])).toBeUndefined();
  });

  test('leaves opacity alone', () => {
    const pixel = (...data: number[]): Picture => ({
      ...{ width: 1, height: 1, channels: 4, data: Uint8Array.from(data) },
    });
    const { factor, pictures } = drawDifferences(pixel(9, 9, 9, 0), [pixel(9, 8, 9, 200)])!;
    expect([...pictures[0]!.data]).toEqual([0, factor, 0, 255]);
  });
});

describe('side by side', () => {
  const panel = (reference: Uint8Array, ...others: Uint8Array[]) => {
    const set: PictureSet = {
      id: 'p',
      name: undefined,
      reference: { what: 'source', png: reference },
      others: others.map((png, i) => ({ what: `other ${i}`, png, distance: '30.0 dB' })),
    };
    const { document } = parseHTML(`<html><body>${picturePanel(set).text}</body></html>`);
    return document;
  };
  const bytes = (image: Element) =>
    Uint8Array.from(Buffer.from(image.getAttribute('src')!.split(',')[1]!, 'base64'));

  test('each is there once, can be enlarged, and says what it is', () => {
    const [a, b, c] = [grey(10, 20), grey(14, 20), grey(10, 21)].map(encodePng);
    const document = panel(a!, b!, c!);
    const images = [...document.querySelectorAll('img')];
    expect(images.slice(0, 3).map(bytes)).toEqual([a, b, c]);
    expect([...decodePng(bytes(images[3]!), 'x').data]).toEqual([4 * 32, 0]);
    expect([...decodePng(bytes(images[4]!), 'x').data]).toEqual([0, 32]);
    expect(images.map((image) => image.getAttribute('alt'))).toEqual([
      'source',
      'other 0',
      'other 1',
      'source and other 0: difference, 32 times as strong',
      'source and other 1: difference, 32 times as strong',
    ]);
    for (const button of document.querySelectorAll('.enlarge')) {
      const held = document.getElementById(button.getAttribute('popovertarget')!)!;
      expect(held.querySelectorAll('img')).toHaveLength(1);
    }
    // such small ones are shown pixel by pixel
    expect(document.querySelectorAll('img.pixels')).toHaveLength(5);
  });

  test('says why no difference is drawn', () => {
    const png = encodePng(grey(1, 2));
    expect(panel(png, encodePng(grey(1))).body.textContent).toContain('of different sizes');
    const broken = panel(png, Uint8Array.of(1, 2, 3));
    expect(broken.querySelectorAll('img')).toHaveLength(2);
    expect(broken.body.textContent).toMatch(/No difference is drawn: .*other 0/);
    expect(panel(png, png).body.textContent).toContain('equal, pixel for pixel');
  });
});
