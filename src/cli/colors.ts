/**
 * Colours for a terminal, and for nobody else: what is piped into a file or read by a program stays
 * plain. NO_COLOR turns them off everywhere, FORCE_COLOR on. (picocolors by itself also colours
 * whatever runs under CI.)
 */
import picocolors from 'picocolors';
import { visible } from '../errors/index.js';

function wantsColor(stream: NodeJS.WriteStream): boolean {
  const { NO_COLOR, FORCE_COLOR, TERM } = process.env;
  if (NO_COLOR) return false;
  if (FORCE_COLOR) return FORCE_COLOR !== '0';
  return stream.isTTY === true && TERM !== 'dumb';
}

/** Text with the terminal's colours in it, in which nothing but them steers a terminal. */
export class Painted {
  constructor(readonly text: string) {}

  toString(): string {
    return this.text;
  }
}

const COLORS = ['bold', 'dim', 'green', 'red', 'yellow'] as const;

type Color = (typeof COLORS)[number];

function painters(stream: NodeJS.WriteStream) {
  const made = picocolors.createColors(wantsColor(stream));
  const painter = (color: Color) => (text: string) => new Painted(made[color](visible(text)));
  return {
    ...(Object.fromEntries(COLORS.map((color) => [color, painter(color)])) as Record<
      Color,
      (text: string) => Painted
    >),
    isColorSupported: made.isColorSupported,
  };
}

export const colors = painters(process.stdout);
export const errorColors = painters(process.stderr);
