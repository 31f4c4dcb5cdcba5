/**
 * What commands print: tables and numbers for people on stdout, or one JSON value. Names come from files that
 * anybody may have written, so that control characters in what is printed are made visible, here for all. What says
 * that a process may open too few files prints by this, so that it loads little.
 */
import Table from 'cli-table3';
import { visible, visibleJson, visibleLines } from '../errors/index.js';
import { colors, Painted } from './colors.js';
import { fitted, fittedTable } from './width.js';

export * from '../evidence/report/format.js';

/** One line, of one part or of several; on a terminal as many as its width asks for, broken between words. */
export function print(...parts: readonly (string | Painted)[]): void {
  process.stdout.write(`${fitted(parts.map(shown).join(''), process.stdout)}\n`);
}

/** A text of several lines, which stay as they are: what is copied must not be broken. */
export function printText(text: string): void {
  process.stdout.write(visibleLines(text.endsWith('\n') ? text : `${text}\n`));
}

/** A text of several lines that makes the names in it visible by itself, and may have colours. */
export function printPainted(text: string): void {
  process.stdout.write(`${text}\n`);
}

const shown = (part: string | number | Painted): string =>
  part instanceof Painted ? part.text : visible(String(part));

export function printJson(value: unknown): void {
  const text = JSON.stringify(
    value,
    (_, v) => (typeof v === 'number' && !Number.isFinite(v) ? String(v) : v),
    2,
  );
  process.stdout.write(`${visibleJson(text)}\n`);
}

/** Rows of a table that are shown: laying it out takes time quadratic in them, a second for these. */
const MOST_ROWS = 3000;

/** A borderless table; columns whose cells are all numbers are aligned right. On a terminal it keeps to its width. */
export function printTable(
  head: readonly string[],
  rows: readonly (readonly (string | number | Painted)[])[],
): void {
  const texts = rows.slice(0, MOST_ROWS).map((row) => row.map(shown));
  const { isTTY, columns } = process.stdout;
  const parts = isTTY && columns ? fittedTable(head, texts, columns) : [{ head, rows: texts }];
  for (const [index, part] of parts.entries()) {
    if (index > 0) print();
    printPainted(tableText(part.head, part.rows));
  }
  if (rows.length > MOST_ROWS)
    print(`... and ${rows.length - MOST_ROWS} more rows (--json lists all).`);
}

function tableText(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const numeric = head.map((_, c) =>
    rows.every((row) => /^[-\d.,]*( ?[%xGMk×BKi ms]+)?$/.test(row[c] ?? '')),
  );
  const bold = (text: string) =>
    text
      .split('\n')
      .map((line) => colors.bold(line).text)
      .join('\n');
  const table = new Table({
    head: head.map(bold),
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
  table.push(...rows.map((row) => [...row]));
  return table.toString().replaceAll(/ +$/gm, '');
}

export function heading(text: string): void {
  print();
  print(colors.bold(text));
}

/** A line where figures leave something out; nothing where they do not. */
export function printUnknownMacs(nodes: readonly string[]): void {
  if (nodes.length === 0) return;
  const those = nodes.length === 1 ? 'one node' : `${nodes.length} nodes`;
  const such = nodes.length === 1 ? '' : ', such as';
  print(`MACs of ${those} are unknown and not counted${such}: "${nodes[0]}".`);
}

/** Says which inputs a loop has made up, all at once, and how they are given. */
export function printMadeUp(names: readonly string[]): void {
  if (names.length === 0) return;
  const flags = names.map((name) => `--feed ${name}=${name}.npy`).join(' ');
  print(`Made-up inputs: ${names.join(', ')} (give them: ${flags})`);
}
