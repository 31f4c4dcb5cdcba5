// The parts of which the tables of tuned settings are made, a file each.
import fs from 'node:fs';
import path from 'node:path';
import { RESULTS } from '../quality/rows.mjs';

/** Settings that papers give and programs ship; the other parts are speeds. */
export const SHIPPED = 'shipped';
export const PARTS = ['1.5', '2', '3', '4', SHIPPED];

export const partName = (name, part) => `tuned/${name}-${part}`;

/** What was written of a part, or undefined. */
export function readPart(name, part) {
  const file = path.join(RESULTS, `${partName(name, part)}.json`);
  return fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, 'utf8')) : undefined;
}

/** Decibels of a setting's images: the mean, and how far they lie apart. */
export const spread = ({ mean, least, most }) =>
  `${mean.toFixed(1)} (${least.toFixed(1)} to ${most.toFixed(1)})`;
