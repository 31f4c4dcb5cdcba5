/** What commands print: tables and numbers for people on stdout, or one JSON value. */
import Table from 'cli-table3';
import { heatmapText, type ShownPlan } from '../report/index.js';
import { colors } from './colors.js';

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

/** Multiply-accumulates with a unit: 6.05 G. */
export function formatMacs(macs: number): string {
  if (macs >= 1e9) return `${(macs / 1e9).toFixed(2)} G`;
  if (macs >= 1e6) return `${(macs / 1e6).toFixed(2)} M`;
  return `${(macs / 1e3).toFixed(2)} k`;
}

/** Elements in millions. */
export const formatCount = (count: number): string =>
  count >= 1e6 ? `${(count / 1e6).toFixed(2)} M` : `${(count / 1e3).toFixed(1)} k`;

export function formatBytes(bytes: number | undefined): string {
  if (bytes === undefined) return '?';
  if (bytes >= 2 ** 30) return `${(bytes / 2 ** 30).toFixed(2)} GiB`;
  if (bytes >= 2 ** 20) return `${(bytes / 2 ** 20).toFixed(2)} MiB`;
  return `${(bytes / 2 ** 10).toFixed(1)} KiB`;
}

export const formatShape = (shape: readonly (number | string | null)[] | undefined): string =>
  shape ? `[${shape.map((d) => d ?? '?').join(', ')}]` : '?';

/** A difference: 0 or a power of ten with two digits. */
export const formatDifference = (value: number): string =>
  value === 0 ? '0' : value.toExponential(1);

export const formatTimes = (value: number): string => `${value.toFixed(2)}x`;

/** The sizes that figures hold for: `batch=1, height=64`. */
export const formatSizes = (sizes: Readonly<Record<string, number>>): string =>
  Object.entries(sizes)
    .map(([name, size]) => `${name}=${size}`)
    .join(', ') || 'all sizes fixed';

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
