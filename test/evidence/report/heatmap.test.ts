/** Heat maps, read back: what text and picture show is the plan, whatever its size. */
import fc from 'fast-check';
import { parseHTML } from 'linkedom';
import { describe, expect, test } from 'vitest';
import { heatmapSvg, heatmapText, type ShownPlan, shownStrategies } from '../../../src/report.js';

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

  test('has no number stick out over the last column', () => {
    const plan = { calls: 41, sites: { 'attention.0': Array<string>(41).fill('compute') } };
    const [axis] = heatmapText(plan, { width: 54 }).split('\n');
    expect(axis!.trimEnd()).toMatch(/ 0 +10 +20 +30$/);
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
  /** The plan that a picture shows, by its own legend and by where its bars lie. */
  function readSvg(svg: string, plan: ShownPlan): Record<string, string[]> {
    const { document } = parseHTML(svg);
    const number = (element: Element, name: string) => Number(element.getAttribute(name));
    const squares = [...document.querySelectorAll('[aria-label="dot"] path')];
    const words = [...document.querySelectorAll('[aria-label="text"] text')]
      .map((element) => element.textContent)
      .filter((text) => /: \d+ \(/.test(text));
    const byColor = new Map(
      squares.map((square, i) => [fillOf(square), words[i]!.replace(/: \d+ \(.*$/, '')]),
    );
    expect(words).toHaveLength(squares.length);
    const bars = [...document.querySelectorAll('[aria-label="bar"] rect')].map((bar) => ({
      from: number(bar, 'x'),
      to: number(bar, 'x') + number(bar, 'width'),
      row: number(bar, 'y'),
      name: byColor.get(fillOf(bar))!,
    }));
    // many cells: a line with gaps for each strategy, as thick as a row
    for (const path of document.querySelectorAll('[aria-label="line"] path'))
      for (const [, x1, y1, x2] of path
        .getAttribute('d')!
        .matchAll(/M([\d.]+),([\d.]+)L([\d.]+),\2/g))
        bars.push({
          from: Number(x1),
          to: Number(x2),
          row: Number(y1),
          name: byColor.get(strokeOf(path))!,
        });
    const left = Math.min(...bars.map(({ from }) => from));
    const right = Math.max(...bars.map(({ to }) => to));
    const call = (x: number) => Math.round(((x - left) / (right - left)) * plan.calls);
    const rows = [...new Set(bars.map(({ row }) => row))].sort((a, b) => a - b);
    const ids = Object.keys(plan.sites);
    expect(rows).toHaveLength(ids.length);
    const sites = Object.fromEntries(ids.map((id) => [id, [] as string[]]));
    for (const { from, to, row, name } of bars)
      for (let at = call(from); at < call(to); at++) sites[ids[rows.indexOf(row)]!]![at] = name;
    return sites;
  }

  /** Plot writes what all of a mark have in common on the group. */
  const strokeOf = (element: Element): string =>
    element.getAttribute('stroke') ??
    (element.parentElement ? strokeOf(element.parentElement) : '');
  const fillOf = (element: Element): string =>
    element.getAttribute('fill') ?? (element.parentElement ? fillOf(element.parentElement) : '');

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
    expect(svg).not.toContain('<i>');
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
    const svg = heatmapSvg({ calls: 1000, sites });
    expect(svg.length).toBeLessThan(2 ** 20);
    expect(readSvg(svg, { calls: 1000, sites })).toEqual(sites);
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

  /** Relative luminance: WCAG 2.2. */
  const luminance = (hex: string) => {
    const long = hex.length === 4 ? `#${[...hex.slice(1)].map((c) => c + c).join('')}` : hex;
    const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
      const value = Number.parseInt(long.slice(at, at + 2), 16) / 255;
      return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (a: string, b: string) => {
    const [dark = 0, light = 0] = [luminance(a), luminance(b)].sort((x, y) => x - y);
    return (light + 0.05) / (dark + 0.05);
  };

  test('letters stand out from the cells that they are on, wherever a strategy begins', () => {
    const names = [...KNOWN, 'zero', ...Array.from({ length: 30 }, (_, i) => `strategy-${i}`)];
    const column = names.flatMap((name) => [name, name]);
    const { document } = parseHTML(heatmapSvg({ calls: 37, sites: { a: column.slice(0, 37) } }));
    const shown = shownStrategies({ calls: 37, sites: { a: column.slice(0, 37) } });
    // what each letter stands for
    const marks = [...document.querySelectorAll('[aria-label="text"] text')].map(
      (t) => t.textContent,
    );
    for (const { name, letter } of shown)
      expect(marks[marks.findIndex((text) => text.startsWith(`${name}: `)) - 1]).toBe(letter);
    const letters = [...document.querySelectorAll('[aria-hidden="true"] text')];
    expect(letters.map((letter) => letter.textContent)).toEqual(
      [...new Set(column.slice(0, 37))].map((name) => shown.find((s) => s.name === name)!.letter),
    );
    letters.forEach((letter, i) => {
      const { color } = shown.find(({ letter: its }) => its === letter.textContent)!;
      const ink = letter.getAttribute('fill') ?? letter.parentElement!.getAttribute('fill')!;
      expect(contrast(ink, color), `letter ${i}`).toBeGreaterThanOrEqual(4.5);
    });
    // and cells have an edge that stands out from a page, light or dark, as graphics have to
    const edge = document.querySelector('[aria-label="bar"]')!.getAttribute('stroke')!;
    for (const page of ['#ffffff', '#0d1117'])
      expect(contrast(edge, page)).toBeGreaterThanOrEqual(3);
  });

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
