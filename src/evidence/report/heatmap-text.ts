/**
 * A plan as text: a line per site, a cell per call, a letter and on request a colour per strategy.
 * Lines wider than the terminal are broken into blocks of calls.
 */
import type { KnownStrategies } from '../../compiler/pass/index.js';
import { visible } from '../../errors/index.js';
import { inkOn, percent, type ShownPlan, shownStrategies } from './strategies.js';

export interface HeatmapTextOptions {
  /** Colour the cells, for terminals of 256 colours. */
  readonly color?: boolean;
  /** Characters of a line, 80 by default. */
  readonly width?: number;
}

const LEAST_CELLS = 10;

/** The heat map and what its letters mean, as lines without a line feed at the end. */
export function heatmapText(
  plan: ShownPlan,
  known: KnownStrategies,
  { color = false, width = 80 }: HeatmapTextOptions = {},
): string {
  const strategies = shownStrategies(plan, known);
  const looks = new Map(strategies.map((s) => [s.name, s]));
  const paint = (text: string, name: string) =>
    color ? onColor(text, looks.get(name)!.color) : text;

  const sites = Object.entries(plan.sites).map(([id, column]) => [visible(id), column] as const);
  const longest = Math.max('call'.length, ...sites.map(([id]) => id.length));
  const margin = Math.min(longest, Math.max(LEAST_CELLS, width - 2 - LEAST_CELLS));
  const label = (id: string) =>
    (id.length > margin ? `${id.slice(0, margin - 1)}…` : id).padEnd(margin);
  // two characters make about a square; one has to do where the calls would not fit
  const room = Math.max(LEAST_CELLS, width - margin - 2);
  const cell = 2 * plan.calls <= room ? 2 : 1;
  const fitting = Math.floor(room / cell);
  const perBlock = plan.calls <= fitting ? plan.calls : fitting - (fitting % LEAST_CELLS);

  const block = (from: number) => {
    const to = Math.min(from + perBlock, plan.calls);
    return [
      `${label('call')}  ${axis(from, to, cell, room)}`,
      ...sites.map(([id, column]) => {
        const cells = column
          .slice(from, to)
          .map((name) => paint(looks.get(name)!.letter.padEnd(cell), name));
        return `${label(id)}  ${cells.join('')}`.trimEnd();
      }),
      '',
    ];
  };
  const blocks = Array.from({ length: Math.ceil(plan.calls / perBlock) }, (_, b) =>
    block(b * perBlock),
  );
  const names = Math.max(0, ...strategies.map((s) => visible(s.name).length));
  const digits = Math.max(0, ...strategies.map((s) => String(s.count).length));
  const legend = strategies.map(
    ({ name, letter, count, share }) =>
      `${paint(letter.padEnd(cell), name)} ${visible(name).padEnd(names)}  ${String(count).padStart(digits)}  ${percent(share).padStart(7)}`,
  );
  return [...blocks.flat(), ...legend].join('\n');
}

/** Numbers of calls above their cells, in so many characters. */
function axis(from: number, to: number, cell: number, room: number): string {
  const step = cell === 2 ? 5 : 10;
  let line = '';
  for (let call = from; call < to; call++)
    if (call % step === 0 && (call - from) * cell + `${call}`.length <= room)
      line = `${line.padEnd((call - from) * cell)}${call}`;
  return line;
}

/** Black or white letters, whichever stands out. */
function onColor(text: string, hex: string): string {
  const letters = inkOn(hex) === '#000' ? 16 : 231;
  return `\x1b[48;5;${nearest256(hex)}m\x1b[38;5;${letters}m${text}\x1b[39m\x1b[49m`;
}

const channels = (hex: string) => [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16));

/** xterm's colours 16 to 231 are a cube with these levels along each side, 232 to 255 a grey ramp. */
const LEVELS = [0, 95, 135, 175, 215, 255];

function nearest256(hex: string): number {
  const wanted = channels(hex);
  if (Math.max(...wanted) - Math.min(...wanted) < 8)
    return 232 + Math.max(0, Math.min(23, Math.round((wanted[0]! - 8) / 10)));
  const [red = 0, green = 0, blue = 0] = wanted.map((value) =>
    LEVELS.reduce(
      (best, level, i) => (Math.abs(level - value) < Math.abs(LEVELS[best]! - value) ? i : best),
      0,
    ),
  );
  return 16 + 36 * red + 6 * green + blue;
}
