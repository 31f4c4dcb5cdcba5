/** What commands print: tables and numbers for people on stdout, or one JSON value. */
import Table from 'cli-table3';
import { heatmapText } from '../report/heatmap-text.js';
import type { ShownPlan } from '../report/strategies.js';
import { colors } from './colors.js';

export * from '../report/format.js';

export function print(text = ''): void {
  process.stdout.write(`${text}\n`);
}

export function printJson(value: unknown): void {
  print(
    JSON.stringify(
      value,
      (_, v) => (typeof v === 'number' && !Number.isFinite(v) ? String(v) : v),
      2,
    ),
  );
}

/** A borderless table; columns whose cells are all numbers are aligned right. */
export function printTable(
  head: readonly string[],
  rows: readonly (readonly (string | number)[])[],
): void {
  const texts = rows.map((row) => row.map(String));
  const numeric = head.map((_, c) =>
    texts.every((row) => /^[-\d.,]*( ?[%xGMk×BKi ms]+)?$/.test(row[c] ?? '')),
  );
  const table = new Table({
    head: head.map((h) => colors.bold(h)),
    colAligns: numeric.map((n) => (n ? 'right' : 'left')),
    chars: Object.fromEntries(
      [
        'top',
        'top-mid',
        'top-left',
        'top-right',
        'bottom',
        'bottom-mid',
        'bottom-left',
        'bottom-right',
        'left',
        'left-mid',
        'mid',
        'mid-mid',
        'right',
        'right-mid',
      ].map((key) => [key, '']),
    ) as never,
    style: { 'padding-left': 0, 'padding-right': 1, head: [], border: [] },
  });
  table.options.chars.middle = ' ';
  table.push(...texts);
  print(table.toString().replaceAll(/ +$/gm, ''));
}

export const heading = (text: string): void => print(`\n${colors.bold(text)}`);

const DEFAULT_WIDTH = 80;

/** Calls by sites, in the colours and the width of the terminal. */
export function printHeatmap(plan: ShownPlan): void {
  print(
    heatmapText(plan, {
      color: colors.isColorSupported,
      width: process.stdout.columns ?? DEFAULT_WIDTH,
    }),
  );
}
