// What `stepfold tune` finds on the trained samples at several speeds, beside fewer steps of the best solver and the settings that
// others ship: decibels on images that no search saw, multiply-accumulates, measured time, and Fréchet distance over pictures by the
// thousand. Each part, a speed or what others ship, is a file in bench/results/tuned, so that parts can be made side by side;
// `node bench/tuned/page.mjs` makes tables of them.
//
// With --times what is there is timed anew: for parts that were made beside other work, or on another machine. With --pictures
// it is judged by its pictures: for parts that were made with --images 0.
//
//   node bench/tuned.mjs [--model NAME]... [--part 1.5|2|3|4|shipped]... [--samples 64] [--images 1000] [--work DIR] [--times | --pictures]
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { Bundles, settingTitle } from '../dist/src/evidence/tune/index.js';
import { openSubject, writePictures, writeResults } from './quality/rows.mjs';
import { judgeOf } from './tuned/judged.mjs';
import { PARTS, partName, readPart, SHIPPED, spread } from './tuned/parts.mjs';
import { shippedRows, tunedRows } from './tuned/rows.mjs';
import { askedSamples, SAMPLES, subjectOf } from './tuned/subjects.mjs';

const { values } = parseArgs({
  options: {
    model: { type: 'string', multiple: true, default: [] },
    part: { type: 'string', multiple: true, default: PARTS },
    samples: { type: 'string', default: '64' },
    images: { type: 'string', default: '1000' },
    work: { type: 'string', default: path.join(os.tmpdir(), 'stepfold-tuned') },
    times: { type: 'boolean', default: false },
    pictures: { type: 'boolean', default: false },
  },
});
const images = Number(values.images);
const samples = Number(values.samples);
const progress = (text) => process.stderr.write(`\r\x1b[K${text}`);

for (const name of askedSamples(values.model))
  if (values.pictures) await judgeWritten(name);
  else for (const part of values.part) await (values.times ? timeAnew : make)(name, part);

async function make(name, part) {
  const given = subjectOf(name);
  const { subject, model } = given;
  console.log(`\n${name}, ${part}`);
  const work = path.join(values.work, name, part);
  fs.mkdirSync(work, { recursive: true });
  const { rows: asked, ...about } =
    part === SHIPPED
      ? await shippedRows(given)
      : await tunedRows(given, Number(part), { samples, work, progress });
  const loop = {
    what: 'the loop as it is',
    setting: { family: '', passes: [], sampler: subject.own },
  };
  const rows = [loop, ...asked];

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
  await addTimes(judge, results);
  for (const row of results) print(row);

  if (images > 0)
    writePictures(path.join(work, 'pictures.png'), await addPictures(name, bundles, results));
  await bundles.release();
  writeResults(partName(name, part), { name, part, ...about, steps, samples, images, results });
}

async function timeAnew(name, part) {
  const figures = figuresOf(name, part);
  if (!figures) return;
  const { subject, model } = subjectOf(name);
  const bundles = new Bundles(subject, model);
  console.log(`\n${name}, ${part}`);
  await addTimes(judgeOf(bundles, subject, 0), figures.results);
  for (const row of figures.results) print(row);
  await bundles.release();
  writeResults(partName(name, part), figures);
}

/** All parts at once: the loop as it is, and other settings that several of them have, are judged once. */
async function judgeWritten(name) {
  const parts = values.part.map((part) => figuresOf(name, part)).filter(Boolean);
  const { subject, model } = subjectOf(name);
  const bundles = new Bundles(subject, model);
  console.log(`\n${name}, ${parts.map(({ part }) => part).join(', ')}`);
  const rows = parts.flatMap(({ results }) => results);
  const work = path.join(values.work, name);
  fs.mkdirSync(work, { recursive: true });
  writePictures(path.join(work, 'pictures.png'), await addPictures(name, bundles, rows));
  await bundles.release();
  for (const part of parts) writeResults(partName(name, part.part), { ...part, images });
}

/** What was written of a part, as it is written again. */
function figuresOf(name, part) {
  const written = readPart(name, part);
  if (!written) return undefined;
  const { cores, node, ...figures } = written;
  // where and how long the search ran stays as it was
  return {
    ...figures,
    ...(figures.search && { search: { cores, node, ...figures.search } }),
  };
}

/** Two at a time with the loop as it is, the first of all: so many models are not held at once. */
async function addTimes(judge, [loop, ...others]) {
  for (const row of others) {
    progress(`timing ${row.title}`);
    const [own, its] = await judge.times([loop.setting, row.setting]);
    row.time = its;
    row.speedup = own.least / its.least;
  }
  progress('');
}

/** Fréchet distance and accuracy of each different setting. */
async function addPictures(name, bundles, results) {
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

function print({ what, recipe, title, macs, speedup = 1, own, converged }) {
  const name = [what, recipe].filter(Boolean).join(' ');
  console.log(
    `| ${name} | ${title} | ${macs.toFixed(2)}x | ${speedup.toFixed(2)}x | ${spread(converged)} | ${own.mean.toFixed(1)} |`,
  );
}
