// What is found in diffusers' own transformer classes as PyTorch exports them today, beside what each has by its
// configuration, and how far a bundle of Δ-cache is from its reference:
//
//   python bench/diffusers_classes.py FOLDER && node bench/diffusers.mjs FOLDER
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { ROOT } from '../scripts/demo/common.mjs';

const [folder] = process.argv.slice(2);
const classes = JSON.parse(fs.readFileSync(path.join(folder, 'classes.json'), 'utf8'));
const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'stepfold-diffusers-'));
const stepfold = (...args) =>
  spawnSync(process.execPath, [path.join(ROOT, 'dist/lib/cli.js'), ...args, '--json'], {
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  });
const part = (is, has) => (is === has ? `${has}` : `${is} of ${has}`);

console.log('| class | exporter | blocks | stages | self | cross | Δ-cache, relative difference |');
console.log('|---|---|---|---|---|---|---|');
for (const [name, about] of Object.entries(classes))
  for (const kind of ['dynamo', 'script']) {
    const why = about.failed[kind];
    console.log(
      `| ${about.class} | ${kind} | ${why ? `not exported: ${why} ||||` : row(name, about, kind)} |`,
    );
  }
fs.rmSync(scratch, { recursive: true });

function row(name, { holds }, kind) {
  const file = path.join(folder, `${name}-${kind}.onnx`);
  const { blocks = [], attention = [] } = JSON.parse(stepfold('inspect', file).stdout);
  const count = (of) => attention.filter((module) => module.kind === of).length;
  return [
    part(blocks.length, holds.blocks),
    new Set(blocks.map(({ stage }) => stage)).size,
    part(count('self'), holds.selfAttentions),
    part(count('cross'), holds.crossAttentions),
    proved(file),
  ].join(' | ');
}

/** The largest relative difference that `verify` saw, or why there is none. */
function proved(file) {
  const bundle = path.join(scratch, 'bundle');
  const made = stepfold(
    'transform',
    file,
    '--calls',
    '4',
    '--pass',
    'delta-cache:blocks=1,interval=2',
    '-o',
    bundle,
  );
  if (made.status !== 0) return JSON.parse(made.stdout).error.code;
  const report = JSON.parse(stepfold('verify', bundle, '--against', file).stdout);
  fs.rmSync(bundle, { recursive: true });
  if (report.error) return report.error.code;
  const worst = Math.max(0, ...report.checks.map(({ relative }) => relative));
  return `${report.passed ? '' : 'FAILED '}${worst.toExponential(0)}`;
}
