// What `stepfold tune` finds on models that others trained: denoisers that packages carry, fetched by name (pip), checked by
// their hash, and taken out to a folder of temporary files. Prints a table; writes nothing here.
//
//   node bench/others.mjs [--only REGEX] [--speedup 2] [--samples 4] [--minutes 30] [--dir DIR]
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { settingTitle } from '../dist/src/evidence/tune/index.js';
import { writeNpy } from '../dist/src/io/npy.js';
import { ROOT } from '../scripts/demo/common.mjs';
import { fetchModel } from './others/fetch.mjs';
import { PACKAGES } from './others/packages.mjs';

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    speedup: { type: 'string', default: '2' },
    samples: { type: 'string', default: '4' },
    minutes: { type: 'string', default: '30' },
    dir: { type: 'string', default: path.join(os.tmpdir(), 'stepfold-others') },
  },
});

console.log('| package | loop | | setting | MACs | dB to converged | dB to the loop |');
console.log('|---|---|---|---|---|---|---|');
for (const one of PACKAGES.filter(({ name }) => new RegExp(values.only).test(name))) {
  const model = fetchModel(one, values.dir);
  const place = path.dirname(model);
  const feeds = Object.entries(one.feeds).flatMap(([input, numbers]) => {
    const file = path.join(place, `${input}.npy`);
    const data = Float32Array.from(numbers);
    fs.writeFileSync(file, writeNpy({ type: 'float32', data, dims: [data.length] }));
    return ['--feed', `${input}=${file}`];
  });
  for (const [i, loop] of one.loops.entries()) {
    const tuned = tune(model, path.join(place, `loop-${i}`), [...loop.args, ...feeds]);
    for (const [what, row] of rowsOf(tuned)) print(one, loop, what, row, tuned.loop);
    console.error(`${tuned.trials} trials, ${tuned.evaluations} evaluations of one image`);
    if (tuned.outOfTime) console.log(`| | | | the ${values.minutes} minutes ran out | | | |`);
    for (const { pass, reason } of tuned.notTried) console.error(`not tried: ${pass}: ${reason}`);
    for (const { message } of tuned.failed) console.error(`failed: ${message}`);
  }
}

function tune(model, to, loop) {
  const { speedup, samples, minutes } = values;
  const goal = ['--speedup', speedup, '--samples', samples, '--minutes', minutes, '--cost', 'macs'];
  const args = [
    'tune',
    model,
    ...goal,
    ...loop,
    '--json',
    '--force',
    '-o',
    to,
    '--work',
    `${to}-trials`,
  ];
  const stdio = ['ignore', 'pipe', 'inherit'];
  const printed = execFileSync(
    process.execPath,
    [path.join(ROOT, 'dist/src/cli/main.js'), ...args],
    { stdio, maxBuffer: 2 ** 28 },
  );
  return JSON.parse(printed);
}

function rowsOf({ chosen, loop, rival, finalists }) {
  const method = finalists.find(({ setting }) => setting.passes.length > 0);
  return [
    ['the loop as it is', loop],
    ['chosen', chosen],
    ['best method', method],
    ['fewer steps', rival],
  ].filter(([, row]) => row);
}

function print({ name, version }, loop, what, row, whole) {
  const cost = row === whole ? 1 : whole.cost / row.cost;
  const decibels = ({ mean, least, most }) =>
    mean >= 150 ? 'equal' : `${mean.toFixed(1)} (${least.toFixed(1)} to ${most.toFixed(1)})`;
  console.log(
    `| ${name} ${version} | ${loop.what} | ${what} | ${settingTitle(row.setting)} | ${cost.toFixed(2)}x | ${decibels(row.converged)} | ${decibels(row.own)} |`,
  );
}
