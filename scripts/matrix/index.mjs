// Every file of samples/ against every pass, into docs/matrix.md and docs/matrix.json:
//
//   npm run matrix                        all files; those whose weights need gigabytes are compiled, not run
//   npm run matrix -- unet-dynamo-23 …    these files alone; the other rows stay as they were
//   npm run matrix -- --run sd15-unet …   the same, and run large ones too, in the form that is the default
//   npm run matrix -- --missing           what has no row yet, and of other rows the passes without a cell
//
// What a file holds is said by samples/corpus/corpus.json and samples/architectures/architectures.json. A
// cell that is neither supported nor refused for what the model is must be explained in gaps.json.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { PASSES, page } from './page.mjs';

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '../..');
const read = (file) => JSON.parse(fs.readFileSync(path.join(root, file), 'utf8'));

/** Files by group, the corpus first. */
const manifests = {
  corpus: read('samples/corpus/corpus.json'),
  architectures: read('samples/architectures/architectures.json'),
};
const results = path.join(root, 'docs/matrix.json');
const known = fs.existsSync(results) ? JSON.parse(fs.readFileSync(results, 'utf8')) : {};

const [asked, options] = [[], new Set()];
for (const word of process.argv.slice(2))
  if (word.startsWith('--')) options.add(word);
  else asked.push(word);

const rows = {};
for (const [group, manifest] of Object.entries(manifests))
  for (const [name, about] of Object.entries(manifest)) {
    const isAsked = asked.length === 0 || asked.includes(name);
    const there = options.has('--missing') ? known[name] : undefined;
    const passes = PASSES.filter((pass) => !there?.cells[pass]);
    if (!isAsked || passes.length === 0) {
      if (known[name]) rows[name] = known[name];
      continue;
    }
    const run = group === 'corpus' || options.has('--run');
    const started = Date.now();
    const forms = group === 'corpus' || !run ? ['split', 'merged', 'chain'] : ['default'];
    const file = path.join('samples', group, `${name}.onnx`);
    const { cells } = measure(file, about, { run, forms, passes, inspected: there?.cells.inspect });
    rows[name] = { group, run, cells: { ...there?.cells, ...cells } };
    console.log(`${name}: ${((Date.now() - started) / 1000).toFixed(0)} s`);
    fs.writeFileSync(results, `${JSON.stringify({ ...known, ...rows }, null, 1)}\n`);
  }
fs.writeFileSync(results, `${JSON.stringify(rows, null, 1)}\n`);
const { text, unexplained } = page(rows, manifests, read('scripts/matrix/gaps.json'));
fs.writeFileSync(path.join(root, 'docs/matrix.md'), text);
for (const cell of unexplained) console.error(`not explained in gaps.json: ${cell}`);
process.exitCode = unexplained.length > 0 ? 1 : 0;

/** A process for each model, so that what one needs in memory, or breaks, does not touch the next. */
function measure(file, { holds, inputs }, asked) {
  const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'stepfold-matrix-'));
  try {
    const child = spawnSync(
      process.execPath,
      [
        path.join(root, 'scripts/matrix/file.mjs'),
        path.join(root, file),
        JSON.stringify({ holds, inputs, ...asked, scratch }),
      ],
      { encoding: 'utf8', maxBuffer: 2 ** 28 },
    );
    if (child.status !== 0) throw new Error(`${file}: ${child.stderr.slice(-3000)}`);
    return { cells: JSON.parse(child.stdout.trim().split('\n').at(-1)).cells };
  } finally {
    fs.rmSync(scratch, { recursive: true, force: true });
  }
}
