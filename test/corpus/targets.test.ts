/**
 * What engines with limits take of every file of samples, as docs/targets.md says. The page's rows are made here:
 * `npm run targets` writes all of them, and a test holds those of some files to it.
 */
import fs from 'node:fs';
import { describe, expect, test } from 'vitest';
import { inspectFor } from '../../src/compiler/inspect/for-target.js';
import { prepare } from '../../src/compiler/pipeline/index.js';
import { cudaGraph, directml, type Finding, qnn, webnn } from '../../src/compiler/targets/index.js';
import { loadModel } from '../../src/model/onnx/files.js';

const PAGE = 'docs/targets.md';
const [START, END] = ['<!-- rows: npm run targets -->', '<!-- end of rows -->'];
const ENGINES = [webnn, qnn, directml, cudaGraph];

const files = ['corpus', 'architectures'].flatMap((group) =>
  fs
    .readdirSync(`samples/${group}`)
    .filter((name) => name.endsWith('.onnx'))
    .sort()
    .map((name) => ({ name: name.slice(0, -'.onnx'.length), path: `samples/${group}/${name}` })),
);

/** By file: shapes of inputs, where others do not go together. */
const shapesOf: Record<string, { readonly inputs?: Record<string, number[]> }> = Object.assign(
  {},
  ...['corpus', 'architectures'].map((group) =>
    JSON.parse(fs.readFileSync(`samples/${group}/${group}.json`, 'utf8')),
  ),
);

/** One row: the file, and for each engine what of it is left out, all sizes fixed. */
async function rowOf({ name, path }: (typeof files)[number]): Promise<string> {
  const source = loadModel(path);
  const { inputs: shapes = {} } = shapesOf[name] ?? {};
  const { bindings } = await prepare(source, { shapes });
  const freeze = Object.fromEntries(bindings);
  const { canonical } = await prepare(source, { shapes, freeze });
  const cells = ENGINES.map((target) => cell(inspectFor(canonical, target, bindings).findings));
  return `| \`${name}\` | ${cells.join(' | ')} |`;
}

function cell(findings: readonly Finding[]): string {
  if (findings.length === 0) return '✓';
  const word = findings.some(({ severity }) => severity === 'error') ? '**refused** ' : '';
  return word + findings.map(({ nodes, opType }) => `${nodes.length} ${opType}`).join(', ');
}

const page = fs.readFileSync(PAGE, 'utf8');
const [before, rest = ''] = page.split(`${START}\n`);
const [rows = '', after] = rest.split(`${END}\n`);

describe.runIf(process.env['UPDATE_TARGETS'])('written anew', () => {
  test('rows of all files', { timeout: 1_200_000 }, async () => {
    const made: string[] = [];
    for (const file of files) made.push(await rowOf(file));
    const head = `\n| file | ${ENGINES.map(({ name }) => name).join(' | ')} |\n|---|---|---|---|---|\n`;
    fs.writeFileSync(PAGE, `${before}${START}\n${head}${made.join('\n')}\n\n${END}\n${after}`);
  });
});

describe.skipIf(process.env['UPDATE_TARGETS'])('as it stands', () => {
  test('every file has a row', () => {
    const named = [...rows.matchAll(/^\| `([^`]+)` /gm)].map(([, name]) => name);
    expect(named).toEqual(files.map(({ name }) => name));
  });

  const SOME = [
    'dit-dynamo-23',
    'dit-level-all',
    'dit-optimizer',
    'dit-quantized-dynamic',
    'mmdit-optimizer',
  ];
  test.each(SOME)('the row of %s is true', async (name) => {
    const file = files.find((one) => one.name === name)!;
    expect(rows.split('\n')).toContain(await rowOf(file));
  });
});
