// What is found in diffusers' own classes as PyTorch and optimum export them today, beside what each has by its
// configuration, and how far a bundle of Δ-cache is from its reference:
//
//   python bench/diffusers_classes.py FOLDER && node bench/diffusers.mjs FOLDER
//   python bench/optimum_classes.py FOLDER && node bench/diffusers.mjs FOLDER --all
//
// With --all every method is tried.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { ROOT } from '../scripts/demo/common.mjs';

const { positionals, values: given } = parseArgs({
  allowPositionals: true,
  options: { all: { type: 'boolean', default: false } },
});
const [folder] = positionals;
const classes = JSON.parse(fs.readFileSync(path.join(folder, 'classes.json'), 'utf8'));
const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'stepfold-diffusers-'));
const stepfold = (...args) =>
  spawnSync(process.execPath, [path.join(ROOT, 'dist/lib/cli.js'), ...args, '--json'], {
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  });
const part = (is, has) => (is === has ? `${has}` : `${is} of ${has}`);
const KINDS = ['dynamo', 'script', 'optimum'];
const PAIR = ['--guidance', 'uncond-first'];
const METHODS = {
  'Δ-cache': ['--pass', 'delta-cache:blocks=1,interval=2'],
  DeepCache: ['--pass', 'deepcache:branch=1,interval=2'],
  'DiTFastAttn, reuse': ['--pass', 'ditfastattn:strategy=reuse,interval=2'],
  'module-cache': ['--pass', 'module-cache:interval=2'],
  'guidance-delta': ['--pass', 'guidance-delta:interval=2,order=1', ...PAIR],
};
const methods = given.all ? Object.keys(METHODS) : ['Δ-cache'];

console.log(
  `| class | exporter | branches | blocks | stages | self | cross | ${methods.join(' | ')} |`,
);
console.log(`|---|---|---|---|---|---|---|${methods.map(() => '---|').join('')}`);
for (const [name, about] of Object.entries(classes))
  for (const kind of KINDS) {
    const why = about.failed[kind];
    const file = path.join(folder, `${name}-${kind}.onnx`);
    if (why) console.log(`| ${about.class} | ${kind} | not exported: ${why} |`);
    else if (fs.existsSync(file)) console.log(`| ${about.class} | ${kind} | ${row(file, about)} |`);
  }
fs.rmSync(scratch, { recursive: true });

function row(file, { holds }) {
  const found = JSON.parse(stepfold('inspect', file).stdout);
  const { blocks = [], attention = [], branches = [] } = found;
  const count = (of) => attention.filter((module) => module.kind === of).length;
  return [
    part(branches.length, holds.branches ?? 0),
    part(blocks.length, holds.blocks),
    new Set(blocks.map(({ stage }) => stage)).size,
    part(count('self'), holds.selfAttentions),
    part(count('cross'), holds.crossAttentions),
    ...methods.map((method) => proved(file, METHODS[method])),
  ].join(' | ');
}

/** The largest relative difference that `verify` saw, or why there is none. */
function proved(file, asked) {
  const bundle = path.join(scratch, 'bundle');
  const made = stepfold('transform', file, '--calls', '4', ...asked, '-o', bundle);
  if (made.status !== 0) return JSON.parse(made.stdout).error.code;
  const report = JSON.parse(stepfold('verify', bundle, '--against', file).stdout);
  fs.rmSync(bundle, { recursive: true });
  if (report.error) return report.error.code;
  const worst = Math.max(0, ...report.checks.map(({ relative }) => relative));
  return `${report.passed ? '' : 'FAILED '}${worst.toExponential(0)}`;
}
