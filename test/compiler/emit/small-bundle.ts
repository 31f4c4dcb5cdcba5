/** A bundle of a few bytes, for what asks only for its schedule and files. */
import fs from 'node:fs';
import path from 'node:path';

const golden = JSON.parse(
  fs.readFileSync('test/golden/deepcache-uniform/expected/schedule.json', 'utf8'),
);

/** Of the models full.onnx and shallow.onnx, and weights. */
export const schedule = {
  ...golden,
  weights: [{ file: 'weights.bin', bytes: 5, used: 5, samples: '0'.repeat(64) }],
};

export const BUNDLE_FILES = [
  'full.onnx',
  'report.json',
  'schedule.json',
  'shallow.onnx',
  'weights.bin',
];

/** Fills a folder that is there; every file but the schedule holds the text. */
export function fillBundle(folder: string, text: string): void {
  for (const name of BUNDLE_FILES)
    fs.writeFileSync(
      path.join(folder, name),
      name === 'schedule.json' ? JSON.stringify(schedule) : text,
    );
}
