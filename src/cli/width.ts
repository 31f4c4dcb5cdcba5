/**
 * What is printed, within the width of a terminal. Lines are broken between words, and a table that is too wide is squeezed
 * where its cells are texts, or else parted by its columns. For whoever reads by program, and in a pipe, everything stays on
 * its line.
 */
import wrapAnsi from 'wrap-ansi';

/** @param stream that it is written to */
export function fitted(
  line: string,
  { isTTY, columns }: Pick<NodeJS.WriteStream, 'isTTY' | 'columns'>,
): string {
  if (!isTTY || !columns || visibleLength(line) <= columns) return line;
  const [indent = ''] = /^ */.exec(line) ?? [];
  const rest = wrapAnsi(line.slice(indent.length), columns - indent.length);
  return rest.replaceAll(/^/gm, indent);
}

/** Colours take no place. */
const visibleLength = (text: string): number =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: what colours begin with
  text.replaceAll(/\x1b\[[\d;]*m/g, '').length;

/** Between two columns. */
const GAP = 2;
/** To which a column of texts may be squeezed. */
const NARROW = 14;

interface Part {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** The table as it is where it fits; else squeezed, or in several whose first column is the same. */
export function fittedTable(head: Part['head'], rows: Part['rows'], columns: number): Part[] {
  const widest = head.map((title, c) =>
    Math.max(visibleLength(title), ...rows.map((row) => visibleLength(row[c] ?? ''))),
  );
  if (sum(widest) <= columns) return [{ head, rows }];
  const least = head.map((title, c) => {
    const words = title.split(' ').map((word) => word.length);
    const cells = rows.map((row) => visibleLength(row[c] ?? ''));
    return Math.max(...words, Math.min(NARROW, Math.max(0, ...cells)));
  });
  return parted(least, columns).map((chosen) => {
    const widths = squeezed(
      chosen.map((c) => widest[c]!),
      chosen.map((c) => least[c]!),
      columns,
    );
    const cellsOf = (row: readonly string[]) =>
      chosen.map((c, i) => wrapAnsi(row[c] ?? '', widths[i]!, { hard: true }));
    return { head: cellsOf(head), rows: rows.map(cellsOf) };
  });
}

const sum = (widths: readonly number[]): number =>
  widths.reduce((total, width) => total + width + GAP, -GAP);

/** Which columns stand together, each time behind the first. */
function parted(least: readonly number[], columns: number): number[][] {
  const parts: number[][] = [[0]];
  for (let c = 1; c < least.length; c++) {
    const with_ = [...parts.at(-1)!, c];
    const fits = sum(with_.map((one) => least[one]!)) <= columns;
    if (fits || parts.at(-1)!.length === 1) parts[parts.length - 1] = with_;
    else parts.push([0, c]);
  }
  return parts;
}

/** The widest gives way first. */
function squeezed(widest: readonly number[], least: readonly number[], columns: number): number[] {
  const widths = [...widest];
  while (sum(widths) > columns) {
    const open = widths.map((width, c) => (width > least[c]! ? width : 0));
    const most = Math.max(...open);
    if (most === 0) break;
    const at = open.indexOf(most);
    widths[at] = widths[at]! - 1;
  }
  return widths;
}
