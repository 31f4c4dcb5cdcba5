/**
 * docs/errors.md says every error there is, with the words that are really used. It is made from the
 * examples and meanings beside this file; `npm run errors` writes it anew.
 */
import fs from 'node:fs';
import { expect, test } from 'vitest';
import { type ErrorFunction, EXAMPLES } from './examples.js';
import { MEANINGS } from './meanings.js';

const SOURCES = new URL('../../src/errors/', import.meta.url);
const CODES = new URL('codes.ts', SOURCES);
const PAGE = new URL('../../docs/errors.md', import.meta.url);

const files = fs
  .readdirSync(SOURCES)
  .filter(
    (name) =>
      !['base.ts', 'causes.ts', 'codes.ts', 'index.ts', 'in-one-line.ts', 'visible.ts'].includes(
        name,
      ),
  )
  .map((name) => ({ name, text: fs.readFileSync(new URL(name, SOURCES), 'utf8') }));

/** Codes as the sources write them; those of JSON files are put together from the kind of file. */
const written = files.flatMap(({ text }) => [
  ...[...text.matchAll(/(?:new (?:Stepfold|Result)Error|textError)\(\s*'([A-Z0-9_]+)'/g)].map(
    (m) => m[1]!,
  ),
  ...[...text.matchAll(/\$\{kind\.toUpperCase\(\)\}(_[A-Z_]+)/g)].flatMap((m) =>
    ['COSTS', 'DEFAULTS', 'PIPELINE', 'PLAN', 'SCHEDULE', 'TIMESTEPS']
      .map((kind) => kind + m[1]!)
      // a pipeline file has no version
      .filter((code) => code !== 'PIPELINE_VERSION'),
  ),
]);

const examples = Object.entries(EXAMPLES).flatMap(([name, makers]) =>
  makers.map((make) => ({ name: name as ErrorFunction, error: make() })),
);
const codes = new Set(examples.map(({ error }) => error.code));

const INTRODUCTION = `# Errors

Whatever is wrong with a file, an option or a call is a \`StepfoldError\`: a stable \`code\`, a \`message\` that names the
node, value, file or JSON path, and \`details\` with the same by program, among them \`hint\`, what to do about it. The
command line prints code, message and hint as one line on stderr and ends with status 2, or 1 where what was computed is
at fault; with \`--json\`, stdout has \`{ "error": { "code", "message", … } }\` as well. Codes stay; the words of a message may change.

\`INTERNAL\` and a stack trace are a fault of stepfold's own, and no error of this list: please report it.

This page is made from the sources: \`npm run errors\` writes it, and a test holds it to them.
`;

const WIDTH = 118;

/** Words in lines, each after a prefix. */
function wrapped(text: string, prefix = ''): string {
  const lines = [''];
  for (const word of text.split(' ')) {
    const longer = `${lines.at(-1)} ${word}`.trim();
    if (longer.length + prefix.length > WIDTH) lines.push(word);
    else lines[lines.length - 1] = longer;
  }
  return lines.map((line) => prefix + line).join('\n');
}

/** Of "Errors about writing a bundle." the part that is a title. */
function titleOf(text: string): string {
  const about = /^\/\*\* Errors about ([^.:]+)/.exec(text)?.[1] ?? '';
  return about.charAt(0).toUpperCase() + about.slice(1);
}

function page(): string {
  const sections = files.map(({ text }) => {
    const own = examples.filter(({ name }) => new RegExp(`export const ${name}\\b`).test(text));
    const entries = [...new Set(own.map(({ error }) => error.code))].sort().map((code) => {
      // a code that two files share stands where it comes first
      const all = examples.filter(({ error }) => error.code === code);
      if (!own.includes(all[0]!)) return '';
      const shown = all.map(
        ({ error }) =>
          `${wrapped(error.message, '> ')}\n>\n${wrapped(`What to do: ${error.details.hint}`, '> ')}`,
      );
      return `\n### \`${code}\`\n\n${wrapped(MEANINGS[code]!)}\n\n${shown.join('\n\n')}\n`;
    });
    return `\n## ${titleOf(text)}\n${entries.join('')}`;
  });
  return INTRODUCTION + sections.join('');
}

test('every code of the sources has an example, and every example a code of the sources', () => {
  expect([...codes].sort()).toEqual([...new Set(written)].sort());
});

test('every code has a meaning, and every meaning a code', () => {
  expect(Object.keys(MEANINGS).sort()).toEqual([...codes].sort());
});

test('every error is a sentence and says what to do', () => {
  for (const { name, error } of examples) {
    expect([name, error.message]).toEqual([
      name,
      expect.stringMatching(/^(["/A-Z0-9-]|onnx|run).*\.$/s),
    ]);
    expect([name, error.details.hint]).toEqual([name, expect.stringMatching(/\S/)]);
    expect([name, error.code]).toEqual([name, expect.stringMatching(/^[A-Z][A-Z0-9_]+$/)]);
  }
});

/** The codes as a type, for whoever tells errors apart by them. */
const codesModule = (): string =>
  `/** The codes of all errors. Written by \`npm run errors\`. */\nexport type ErrorCode =\n${[
    ...codes,
  ]
    .sort()
    .map((code) => `  | '${code}'`)
    .join('\n')};\n`;

test('the type of codes has those of the sources', () => {
  if (process.env.UPDATE_ERRORS) fs.writeFileSync(CODES, codesModule());
  expect(fs.readFileSync(CODES, 'utf8')).toBe(codesModule());
});

test('the page is what the sources make', () => {
  if (process.env.UPDATE_ERRORS) fs.writeFileSync(PAGE, page());
  expect(fs.readFileSync(PAGE, 'utf8')).toBe(page());
});
