// What `stepfold tune` finds on the trained samples at several speeds, beside fewer steps of the best solver and the settings that
// others ship: decibels on images that no search saw, multiply-accumulates, measured time, and Fréchet distance over pictures by the
// thousand. Writes bench/results/tuned-NAME.json and, with pictures, a grid beside it.
//
//   node bench/tuned.mjs [--model NAME]... [--speedup 1.5]... [--samples 64] [--images 1000] [--work DIR]
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { Bundles, settingTitle } from '../dist/src/evidence/tune/index.js';
import { openSubject, writeResults } from './quality/rows.mjs';
import { judgeOf } from './tuned/judged.mjs';
import { shippedRows, tunedRows } from './tuned/rows.mjs';
import { askedSamples, SAMPLES, subjectOf } from './tuned/subjects.mjs';

const { values } = parseArgs({
  options: {
    model: { type: 'string', multiple: true, default: [] },
    speedup: { type: 'string', multiple: true, default: ['1.5', '2', '3', '4'] },
    samples: { type: 'string', default: '64' },
    images: { type: 'string', default: '1000' },
    work: { type: 'string', default: path.join(os.tmpdir(), 'stepfold-tuned') },
  },
});
const images = Number(values.images);
const speedups = values.speedup.map(Number);

for (const name of askedSamples(values.model)) {
  const given = subjectOf(name);
  const { subject, model } = given;
  const work = path.join(values.work, name);
  fs.mkdirSync(work, { recursive: true });
  console.log(`\n${name}`);
  const samples = Number(values.samples);
  const progress = (text) => process.stderr.write(`\r\x1b[K${text}`);
  const { rows: tuned, searches } = await tunedRows(given, speedups, { samples, work, progress });
  const { family, rows: shipped } = await shippedRows(given);
  const loop = {
    what: 'the loop as it is',
    setting: { family: '', passes: [], sampler: subject.own },
  };
  const rows = [loop, ...tuned, ...shipped];

  const bundles = new Bundles(subject, model);
  const judge = judgeOf(bundles, subject, samples);
  await judge.prepare();
  const steps = subject.own.steps;
  const results = [];
  for (const row of rows) {
    progress(settingTitle(row.setting));
    results.push({
      ...row,
      title: settingTitle(row.setting),
      ...(await judge.distances(row.setting)),
    });
  }
  for (const row of results) row.macs = steps / row.cost;
  // two at a time with the loop as it is: so many models are not held at once
  for (const row of results.slice(1)) {
    const [own, its] = await judge.times([loop.setting, row.setting]);
    row.time = its;
    row.speedup = own.least / its.least;
  }
  progress('');
  for (const row of results) print(row);

  let grid;
  if (images > 0) grid = await pictures(name, bundles, results);
  await bundles.release();
  writeResults(
    `tuned-${name}`,
    {
      family,
      steps,
      samples,
      images,
      searches,
      results: results.map(({ folder: _, ...row }) => row),
    },
    grid,
  );
}

/** Fréchet distance and accuracy of each different setting. */
async function pictures(name, bundles, results) {
  const { model: file, judge: by, order } = SAMPLES[name];
  const asSubject = { model: file, judge: by, order, steps: bundles.subject.own.steps };
  const subject = await openSubject({ ...asSubject, own: { choice: bundles.subject.own } });
  const different = [...new Map(results.map((row) => [row.title, row])).values()];
  const rows = [];
  for (const { title, setting } of different) {
    const written = setting.passes.length > 0 ? (await bundles.write(setting)).folder : undefined;
    rows.push({
      name: title,
      loop: { choice: setting.sampler },
      ...(written && { folder: written }),
    });
  }
  const { results: judged, grid } = await subject.judge(rows, images);
  await subject.release();
  const byName = new Map(judged.map((one) => [one.name, one]));
  for (const row of results) {
    const { toReal, toSource, accuracy } = byName.get(row.title);
    row.pictures = { toReal, toSource, accuracy };
  }
  return grid;
}

function print({ what, times, recipe, title, macs, speedup = 1, own, converged }) {
  const name = [what, times && `${times}x`, recipe].filter(Boolean).join(' ');
  const spread = `(${converged.least.toFixed(1)} to ${converged.most.toFixed(1)})`;
  console.log(
    `| ${name} | ${title} | ${macs.toFixed(2)}x | ${speedup.toFixed(2)}x | ${converged.mean.toFixed(1)} ${spread} | ${own.mean.toFixed(1)} |`,
  );
}
