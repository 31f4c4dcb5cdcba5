/**
 * How strategies are shown: in the order of exactness, each with a letter and a colour of its own. The
 * colour follows from what a strategy means, which its pass states.
 * Colours differ in lightness (dark is exact), so that they can be told apart without hue and in print.
 */
import {
  isForecast,
  type KnownStrategies,
  type StrategyMeaning,
  sameMeaning,
} from '../../compiler/pass/index.js';
import type { PlanFile } from '../../runtime/schedule/index.js';

/** What a picture of a plan is made from; a plan file is one. */
export type ShownPlan = Pick<PlanFile, 'calls' | 'sites' | 'model' | 'calibration'>;

export interface ShownStrategy {
  readonly name: string;
  readonly letter: string;
  /** `#rrggbb`. */
  readonly color: string;
  /** For words on that colour. */
  readonly ink: string;
  /** Calls of sites that have it. */
  readonly count: number;
  /** The same as a fraction of all. */
  readonly share: number;
}

/** Whatever it is that is forecast. */
const FORECAST: StrategyMeaning = { result: 'kept', forecast: true };

/** From the most exact to the least. CIELAB lightness 13, 41, 53, 71, 80, 58, 86, 94; zeros are grey. */
const TONES: readonly (readonly [meaning: StrategyMeaning, color: string])[] = [
  [{ result: 'computed' }, '#15195a'],
  [{ result: 'computed', band: 'with-residual' }, '#2560b4'],
  [{ result: 'computed', halves: 'shared' }, '#c9539f'],
  [{ result: 'computed', band: 'with-residual', halves: 'shared' }, '#f59a3c'],
  [{ result: 'computed', band: 'alone' }, '#7fd6c2'],
  [{ result: 'derived-half' }, '#9d7bd8'],
  [FORECAST, '#c6e24e'],
  [{ result: 'kept' }, '#fdf0ae'],
  [{ result: 'zeros' }, '#6a6a6a'],
];

/** Behind all others where there is none. */
function toneOf(name: string, known: KnownStrategies): number {
  const meaning = known.get(name)?.meaning;
  const shown = meaning && isForecast(meaning) ? FORECAST : meaning;
  const found = TONES.findIndex(([toned]) => shown && sameMeaning(toned, shown));
  return found < 0 ? TONES.length : found;
}

/**
 * The strategies of a plan from the most exact to the least; those whose meaning has no colour come last. A
 * colour belongs to the first of a meaning.
 */
export function shownStrategies({ sites }: ShownPlan, known: KnownStrategies): ShownStrategy[] {
  const counts = new Map<string, number>();
  for (const name of Object.values(sites).flat()) counts.set(name, (counts.get(name) ?? 0) + 1);
  const all = [...counts.values()].reduce((sum, count) => sum + count, 0);
  const sorted = [...counts.keys()].sort().sort((a, b) => toneOf(a, known) - toneOf(b, known));
  const letters = lettersOf(known);
  const taken = new Set(letters.values());
  const tones = new Set<number>();
  let further = 0;
  return sorted.map((name) => {
    const tone = toneOf(name, known);
    const color = (tones.has(tone) ? undefined : TONES[tone]?.[1]) ?? furtherColor(further++);
    tones.add(tone);
    const count = counts.get(name) as number;
    return {
      name,
      letter: letters.get(name) ?? freeLetter(name, taken),
      color,
      ink: inkOn(color),
      count,
      share: count / all,
    };
  });
}

/** The colour of a strategy by itself, for those that a plan does not name. */
export const colorOf = (name: string, known: KnownStrategies): string =>
  TONES[toneOf(name, known)]?.[1] ?? furtherColor(0);

/** By strategy; a letter belongs to the first that asks for it. */
function lettersOf(known: KnownStrategies): Map<string, string> {
  const taken = new Set<string>();
  const letters = new Map<string, string>();
  for (const [name, { letter }] of known)
    if (letter !== undefined && !taken.has(letter)) {
      taken.add(letter);
      letters.set(name, letter);
    }
  return letters;
}

const LETTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';

/** A letter of the name that stands for nothing else yet, or the first that there is. */
function freeLetter(name: string, taken: Set<string>): string {
  const letter = [...name, ...LETTERS].find((c) => LETTERS.includes(c) && !taken.has(c)) ?? '?';
  taken.add(letter);
  return letter;
}

/** Hues a golden angle apart, so that any number of them lie far from one another; lightness in turn. */
function furtherColor(i: number): string {
  const hue = (100 + i * 137.508) % 360;
  const lightness = [0.4, 0.62, 0.8][i % 3]!;
  const channel = (n: number) => {
    // HSL to RGB by the formula of CSS Color Module Level 4, section 7.1
    const k = (n + hue / 30) % 12;
    const value =
      lightness -
      0.5 * Math.min(lightness, 1 - lightness) * Math.max(-1, Math.min(k - 3, 9 - k, 1));
    return Math.round(255 * value)
      .toString(16)
      .padStart(2, '0');
  };
  return `#${channel(0)}${channel(8)}${channel(4)}`;
}

/**
 * Black or white for words on a colour `#rrggbb`, whichever stands out more: never less than 4.58 to 1, by relative luminance
 * (WCAG 2.2).
 */
export const inkOn = (color: string): '#000' | '#fff' =>
  luminance(color) > Math.sqrt(1.05 * 0.05) - 0.05 ? '#000' : '#fff';

function luminance(color: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const level = Number.parseInt(color.slice(at, at + 2), 16) / 255;
    return level <= 0.04045 ? level / 12.92 : ((level + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

export const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

/** What a picture of the plan is called: `dit.onnx: 20 calls, threshold 0.05`. */
export function planTitle({ calls, model, calibration }: ShownPlan): string {
  const threshold = calibration?.threshold;
  const what = [
    `${calls} call${calls === 1 ? '' : 's'}`,
    ...(threshold === undefined ? [] : [`threshold ${threshold}`]),
  ].join(', ');
  return model ? `${model.file}: ${what}` : what;
}

/** The least of 1, 2, 5, 10, 20, 50, … that is at least so large: distances between axis labels. */
export function roundStep(least: number): number {
  for (let power = 1; ; power *= 10)
    for (const factor of [1, 2, 5]) if (factor * power >= least) return factor * power;
}
