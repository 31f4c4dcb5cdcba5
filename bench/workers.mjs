// How much sooner `stepfold tune` ends with a worker beside it: the search alone on one core, then with `stepfold work` on another,
// in turn, each with an engine of one thread. Costs are multiply-accumulates, so that both search the same; what they write must be
// the same, too. Prints seconds of each round, and writes no results. With --queue trials go through a Redis that runs there already
// (redis-server --save ''), and not through a folder.
//
//   node bench/workers.mjs [--model FILE] [--rounds 2] [--tune='OPTIONS'] [--queue redis://127.0.0.1]
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { ROOT } from '../scripts/demo/common.mjs';

const { values: asked } = parseArgs({
  options: {
    model: { type: 'string', default: path.join(ROOT, 'samples/dit-digits/dit-digits.onnx') },
    rounds: { type: 'string', default: '2' },
    queue: { type: 'string' },
    tune: {
      type: 'string',
      default: '--speedup 3 --samples 8 --steps 30 --guidance cond-first --guidance-scale 2',
    },
  },
});
const CLI = path.join(ROOT, 'dist/lib/cli.js');
const queue = asked.queue === undefined ? [] : ['--queue', asked.queue];
const place = (trials) => (queue.length > 0 ? queue : [trials]);
const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'stepfold-workers-'));
process.on('exit', () => fs.rmSync(scratch, { recursive: true, force: true }));

/** On one core alone, with an engine of one thread. */
function start(core, args) {
  const command = ['-c', String(core), process.execPath, CLI, ...args, '--threads', '1'];
  return spawn('taskset', command, { stdio: ['ignore', 'ignore', 'inherit'] });
}

async function round(workers) {
  const folder = fs.mkdtempSync(path.join(scratch, 'round-'));
  const [bundle, trials] = ['bundle', 'trials'].map((name) => path.join(folder, name));
  const begin = performance.now();
  const search = start(0, [
    ...['tune', asked.model, '-o', bundle, '--work', trials, '--cost', 'macs'],
    ...(workers > 0 ? queue : []),
    ...asked.tune.split(/\s+/),
  ]);
  // a worker wants a search that is there
  while (workers > 0 && !fs.existsSync(path.join(trials, 'search.json'))) await setTimeout(100);
  const helpers = Array.from({ length: workers }, (_, i) =>
    start(1 + i, ['work', ...place(trials), '--model', asked.model, '--idle', '600']),
  );
  const [status] = await once(search, 'exit');
  if (status !== 0) throw new Error(`the search ended with ${status}`);
  const seconds = (performance.now() - begin) / 1000;
  for (const helper of helpers) {
    helper.kill('SIGINT');
    if (helper.exitCode === null) await once(helper, 'exit');
  }
  const written = fs.readFileSync(path.join(bundle, 'schedule.json'));
  return { seconds, written: createHash('sha256').update(written).digest('hex') };
}

const times = { alone: [], 'one worker beside it': [] };
const written = new Set();
for (let i = 0; i < Number(asked.rounds); i++)
  for (const [workers, name] of Object.keys(times).entries()) {
    const made = await round(workers);
    times[name].push(made.seconds);
    written.add(made.written);
    console.log(`${name}: ${made.seconds.toFixed(1)} s`);
  }
const mean = (list) => list.reduce((a, b) => a + b) / list.length;
const [alone, helped] = Object.values(times).map(mean);
console.log(
  `${(alone / helped).toFixed(2)} times as fast; ${written.size === 1 ? 'the same schedule each time' : 'SCHEDULES DIFFER'}`,
);
