/** Heat maps, read back: what text and picture show is the plan, whatever its size. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  heatmapSvg,
  heatmapText,
  type ShownPlan,
  shownStrategies,
} from '../../src/report/index.js';

const KNOWN = [
  'compute',
  'window',
  'guidance-share',
  'window+guidance-share',
  'window-only',
  'reuse',
];

const anyPlan = (names: readonly string[]): fc.Arbitrary<ShownPlan> =>
  fc
    .record({ calls: fc.integer({ min: 1, max: 230 }), sites: fc.integer({ min: 1, max: 12 }) })
    .chain(({ calls, sites }) =>
      fc
        .array(fc.array(fc.constantFrom(...names), { minLength: calls, maxLength: calls }), {
          minLength: sites,
          maxLength: sites,
        })
        .map((columns) => ({
          calls,
          sites: Object.fromEntries(columns.map((column, s) => [`attention.${s}`, column])),
        })),
    );

const count = ({ sites }: ShownPlan, name: string) =>
  Object.values(sites)
    .flat()
    .filter((n) => n === name).length;

/** The plan that a heat map shows, by its own legend. */
function readText(text: string): {
  sites: Record<string, string[]>;
  counts: Record<string, number>;
} {
  const lines = text.split('\n');
  const legend = lines.slice(lines.lastIndexOf('') + 1);
  const names = new Map<string, string>();
  const counts: Record<string, number> = {};
  for (const line of legend) {
    const [, letter, name, number, percent] = /^(\S) +(\S+) +(\d+) +([\d.]+) %$/.exec(line)!;
    names.set(letter!, name!);
    counts[name!] = Number(number);
    expect(Number(percent)).toBeLessThanOrEqual(100);
  }
  const sites: Record<string, string[]> = {};
  for (const line of lines.slice(0, lines.lastIndexOf(''))) {
    if (line === '' || line.startsWith('call')) continue;
    const [, id, cells] = /^(\S+) {2,}(.*)$/.exec(line)!;
    sites[id!] = [
      ...(sites[id!] ?? []),
      ...cells!
        .replaceAll(' ', '')
        .split('')
        .map((letter) => names.get(letter)!),
    ];
  }
  return { sites, counts };
}

const plain = (text: string) =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences begin with one
  text.replaceAll(/\x1b\[[\d;]*m/g, '');

describe('as text', () => {
  test('shows every cell and counts them, within the width', () => {
    fc.assert(
      fc.property(anyPlan(KNOWN), fc.integer({ min: 40, max: 250 }), (plan, width) => {
        const text = heatmapText(plan, { width });
        const { sites, counts } = readText(text);
        expect(sites).toEqual(plan.sites);
        for (const [name, number] of Object.entries(counts)) expect(number).toBe(count(plan, name));
        expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(width);
      }),
      { numRuns: 60 },
    );
  });

  test('says the same in colour, each strategy on a ground of its own', () => {
    fc.assert(
      fc.property(anyPlan(KNOWN), fc.integer({ min: 40, max: 250 }), (plan, width) => {
        const colored = heatmapText(plan, { width, color: true });
        const trimmed = plain(colored).replaceAll(/ +$/gm, '');
        expect(trimmed).toBe(heatmapText(plan, { width }));
        // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences begin with one
        const grounds = [...colored.matchAll(/\x1b\[48;5;(\d+)m\x1b\[38;5;\d+m(\S) ?\x1b/g)];
        const byLetter = new Map(grounds.map(([, ground, letter]) => [letter, ground]));
        expect(new Set(byLetter.values()).size).toBe(shownStrategies(plan).length);
        for (const [, ground, letter] of grounds) expect(byLetter.get(letter)).toBe(ground);
      }),
      { numRuns: 30 },
    );
  });

  test('numbers the calls above their cells', () => {
    const column = Array.from({ length: 95 }, (_, call) => (call % 30 === 0 ? 'compute' : 'reuse'));
    const lines = heatmapText({ calls: 95, sites: { deep: column } }, { width: 60 }).split('\n');
    const blocks = lines.flatMap((line, i) =>
      line.startsWith('call') ? [[line, lines[i + 1]!]] : [],
    );
    const found = blocks.flatMap(([axis, row]) =>
      [...axis!.matchAll(/\d+/g)].map(({ 0: call, index }) => [Number(call), row![index]] as const),
    );
    expect(found.map(([call]) => call)).toEqual([0, 10, 20, 30, 40, 50, 60, 70, 80, 90]);
    for (const [call, letter] of found) expect(letter).toBe(call % 30 === 0 ? 'C' : 'r');
  });

  test('shortens names that leave no room, and takes a plan without sites', () => {
    const id = 'a'.repeat(100);
    const text = heatmapText({ calls: 3, sites: { [id]: ['compute', 'compute', 'reuse'] } });
    expect(text.split('\n')[1]).toMatch(/^a+… {2}C C r$/);
    expect(heatmapText({ calls: 3, sites: {} })).not.toContain('undefined');
  });
});

describe('as a picture', () => {
  /** Cells by place: `M<x> <y>h<w>v<h>h-<w>z`. */
  function readSvg(svg: string, plan: ShownPlan): Record<string, string[]> {
    const legend = new Map(
      [...svg.matchAll(/<rect fill="(#\w{6})"[^>]*\/>\n<text[^>]*>([^:<]+): \d+ \(/g)].map(
        ([, color, name]) => [color, name!] as const,
      ),
    );
    const cells = [...svg.matchAll(/<path fill="(#\w{6})" d="([^"]+)"\/>/g)].flatMap(
      ([, color, path]) =>
        [...path!.matchAll(/M(\d+) (\d+)h(\d+)v(\d+)h-\3z/g)].map(([, x, y]) => ({
          x: Number(x),
          y: Number(y),
          name: legend.get(color)!,
        })),
    );
    const xs = [...new Set(cells.map(({ x }) => x))].sort((a, b) => a - b);
    const ys = [...new Set(cells.map(({ y }) => y))].sort((a, b) => a - b);
    const ids = Object.keys(plan.sites);
    const sites = Object.fromEntries(ids.map((id) => [id, [] as string[]]));
    for (const { x, y, name } of cells) sites[ids[ys.indexOf(y)]!]![xs.indexOf(x)] = name;
    return sites;
  }

  test('has every cell in its place', () => {
    fc.assert(
      fc.property(anyPlan(KNOWN), (plan) => {
        expect(readSvg(heatmapSvg(plan), plan)).toEqual(plan.sites);
      }),
      { numRuns: 40 },
    );
  });

  test('is whole and self-contained, names escaped, title from what is recorded', () => {
    const plan: ShownPlan = {
      calls: 2,
      model: { file: 'a<b>&"c".onnx', sha256: '0'.repeat(64) },
      calibration: { threshold: 0.075 },
      sites: { '<i>&': ['compute', 'a"b<'] },
    };
    const svg = heatmapSvg(plan);
    expect(svg).toContain('a&lt;b&gt;&amp;&quot;c&quot;.onnx: 2 calls, threshold 0.075');
    expect(svg).toContain('&lt;i&gt;&amp;');
    // nothing is left open, and nothing is fetched
    const open: string[] = [];
    for (const [, close, name, self] of svg.matchAll(/<(\/?)(\w+)(?:\s[^<>]*?)?(\/?)>/g))
      if (close) expect(open.pop()).toBe(name);
      else if (!self) open.push(name!);
    expect(open).toEqual([]);
    expect(svg.replace('xmlns="http://www.w3.org/2000/svg"', '')).not.toMatch(
      /https?:|url\(|@import/,
    );
    expect(svg).toContain('prefers-color-scheme:dark');
  });

  test('stays small: a thousand calls of thirty sites', () => {
    const column = Array.from({ length: 1000 }, (_, call) => KNOWN[call % 6]!);
    const sites = Object.fromEntries(
      Array.from({ length: 30 }, (_, s) => [`attention.${s}`, column]),
    );
    expect(heatmapSvg({ calls: 1000, sites }).length).toBeLessThan(2 ** 20);
  });
});

describe('colours', () => {
  /** CIELAB lightness, 0 to 100. */
  function lightness(hex: string): number {
    const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
      const value = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
      return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
    });
    const y = 0.2126 * r + 0.7152 * g + 0.0722 * b;
    return y > 216 / 24389 ? 116 * Math.cbrt(y) - 16 : (y * 24389) / 27;
  }

  test('grow lighter as strategies grow less exact, by a step that is seen without hue', () => {
    const shown = shownStrategies({ calls: 6, sites: { a: [...KNOWN].reverse() } });
    expect(shown.map(({ name }) => name)).toEqual(KNOWN);
    const steps = shown.slice(1).map((s, i) => lightness(s.color) - lightness(shown[i]!.color));
    expect(Math.min(...steps)).toBeGreaterThan(8);
  });

  test('of strategies that are not known: as many as there are, the same each time', () => {
    const names = Array.from({ length: 40 }, (_, i) => `strategy-${i}`);
    const of = (column: string[]) =>
      shownStrategies({ calls: column.length, sites: { a: column } });
    const shown = of([...KNOWN, 'zero', ...names]);
    expect(new Set(shown.map(({ color }) => color)).size).toBe(47);
    expect(new Set(shown.map(({ letter }) => letter)).size).toBe(47);
    expect(shown.every(({ color }) => /^#[0-9a-f]{6}$/.test(color))).toBe(true);
    expect(of([...names].reverse().concat(KNOWN, 'zero'))).toEqual(shown);
  });
});
