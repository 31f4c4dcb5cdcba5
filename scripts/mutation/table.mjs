// A change in words: the line with the place marked, and what stood there instead.
import fs from 'node:fs';
import Table from 'cli-table3';

const sources = new Map();

/** `mark`: the line, the changed part in ⟦ ⟧; `became`: the part instead. Neither names a line number. */
export function linesOf({ fileName, location, replacement, status }) {
  // both count from one
  const [start, end] = [location.start, location.end].map(({ line, column }) => ({
    line: line - 1,
    column: column - 1,
  }));
  const file = fileName.slice(process.cwd().length + 1);
  if (!sources.has(file)) sources.set(file, fs.readFileSync(file, 'utf8').split('\n'));
  const lines = sources.get(file);
  const first = lines[start.line];
  const last = lines[end.line];
  const part =
    start.line === end.line
      ? first.slice(start.column, end.column)
      : [
          first.slice(start.column),
          ...lines.slice(start.line + 1, end.line),
          last.slice(0, end.column),
        ].join(' ');
  const mark = `${first.slice(0, start.column)}⟦${part}⟧${last.slice(end.column)}`;
  const became = replacement === '' ? '(nothing)' : replacement;
  return {
    file,
    line: start.line + 1,
    place: `${file}:${start.line + 1}`,
    mark: onOneLine(mark),
    became: onOneLine(became),
    isReached: status !== 'NoCoverage',
  };
}

const onOneLine = (text) => text.replace(/\s+/g, ' ').trim();

/** `!`: no test runs it at all. */
export function tableOf(results) {
  const table = new Table({
    head: ['line', 'was', 'became'],
    colWidths: [8, 76, 42],
    wordWrap: true,
    style: { head: [], border: [], compact: true },
  });
  let file;
  const rows = results
    .map(linesOf)
    .sort((a, b) => (a.file < b.file ? -1 : 1) * Number(a.file !== b.file) || a.line - b.line);
  for (const row of rows) {
    if (row.file !== file) table.push([{ colSpan: 3, content: row.file }]);
    file = row.file;
    table.push([`${row.line}${row.isReached ? '' : ' !'}`, row.mark, row.became]);
  }
  return table.toString();
}
