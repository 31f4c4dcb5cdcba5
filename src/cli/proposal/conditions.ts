/**
 * What a model's conditions are fed from: arrays that lie beside it and fit, else files that have to be made. Of the
 * graph no name counts; of files that fit one input alike, their own names tell the unconditional half.
 */
import fs from 'node:fs';
import path from 'node:path';
import type { InspectedPort } from '../../compiler/inspect/inspect.js';
import { StepfoldError } from '../../errors/index.js';
import { readNpy } from '../../io/npy.js';
import { readRegular } from '../../io/regular-file.js';

export interface Condition {
  readonly name: string;
  /** Type and shape, in words. */
  readonly takes: string;
  /** Of the conditional half, and the unconditional one. */
  readonly file: string | undefined;
  readonly empty: string | undefined;
}

/** Files of conditions are small; larger ones are not read to guess. */
const MOST_BYTES = 2 ** 26;
const EMPTY = /^(null|empty|uncond|neg)/i;

interface Found {
  readonly file: string;
  readonly type: string;
  readonly dims: readonly number[];
}

/** @param folders that are looked through, not what lies in them */
export function conditionsOf(
  inputs: readonly InspectedPort[],
  folders: readonly string[],
): Condition[] {
  const arrays = [...new Set(folders.map((folder) => path.normalize(folder)))].flatMap(arraysIn);
  return inputs
    .filter(({ role }) => role === 'condition')
    .map((port) => {
      const fitting = arrays.filter((array) => fits(array, port)).map(({ file }) => file);
      const isEmpty = (file: string) => EMPTY.test(path.basename(file));
      const full = fitting.filter((file) => !isEmpty(file));
      const empty = fitting.filter(isEmpty);
      return {
        name: port.name,
        takes: `${port.type} [${(port.shape ?? ['?']).join(', ')}]`,
        file: full.length === 1 ? full[0] : undefined,
        empty: empty.length === 1 ? empty[0] : undefined,
      };
    });
}

/** The first axis is one row for each image, or one for all. */
const fits = ({ type, dims }: Found, port: InspectedPort): boolean =>
  type === port.type &&
  port.shape?.length === dims.length &&
  port.shape.every((size, axis) => axis === 0 || typeof size === 'string' || size === dims[axis]);

function arraysIn(folder: string): Found[] {
  const names = fs.readdirSync(folder).filter((name) => name.endsWith('.npy'));
  return names.sort().flatMap((name) => {
    const file = path.join(folder, name);
    const stat = fs.statSync(file, { throwIfNoEntry: false });
    if (!stat?.isFile() || stat.size > MOST_BYTES) return [];
    try {
      const { type, dims } = readNpy(readRegular(file), file);
      return [{ file, type, dims }];
    } catch (error) {
      if (error instanceof StepfoldError) return [];
      throw error;
    }
  });
}
