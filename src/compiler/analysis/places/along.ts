/**
 * What lies along an axis of a value: places of an input's axes, one within the other where axes were
 * merged (rows of an image), one behind the other where sequences were joined (text and image).
 */
import type { Value } from '../../../model/ir/value.js';
import { type DimExpr, equal, product, sum } from '../../../model/shape/index.js';

/** An axis of a graph's input. */
export interface InputAxis {
  readonly input: Value;
  readonly axis: number;
}

export interface Factor {
  readonly size: DimExpr;
  /** The axis of an input that it runs along, in its order; undefined for anything else. */
  readonly of: InputAxis | undefined;
  /** From one end of that axis to the other, perhaps in steps (patches); false for places inside a step. */
  readonly isWhole: boolean;
}

/** Factors, of which the first runs slowest. */
export type Run = readonly Factor[];

/** Runs, one behind the other. */
export type Along = readonly Run[];

/** Nothing is known of it but its size. */
export const unknownAlong = (size: DimExpr): Along => [[{ size, of: undefined, isWhole: false }]];

export const sizeOfRun = (run: Run): DimExpr => product(run.map(({ size }) => size));

/** Axes of inputs in it: the more, the more is known. */
export const knownIn = (along: Along): number => along.flat().filter(({ of }) => of).length;

/** What an axis becomes of which only the number of places changes: the same axis in other steps. */
export function inSteps(along: Along, size: DimExpr): Along {
  const [run, ...others] = along;
  const [factor, ...inner] = run ?? [];
  if (!factor || others.length > 0 || inner.length > 0) return unknownAlong(size);
  return [[{ ...factor, size }]];
}

/** One run without a factor of that size, whose axis then has one place; undefined where it has no such factor. */
export function withoutFactor([run, other]: Along, size: DimExpr): Along | undefined {
  const at = run && !other ? run.findIndex((factor) => equal(factor.size, size)) : -1;
  return at < 0 ? undefined : [run!.toSpliced(at, 1)];
}

/** The runs of a stretch of an axis, where it begins and ends with whole runs. */
export function stretch(along: Along, from: DimExpr, size: DimExpr): Along {
  for (let first = 0; first < along.length; first++) {
    const before = together(along.slice(0, first));
    if (!equal(before, from)) continue;
    for (let end = first + 1; end <= along.length; end++)
      if (equal(together(along.slice(first, end)), size)) return along.slice(first, end);
  }
  return unknownAlong(size);
}

const together = (runs: Along): DimExpr => sum(runs.map(sizeOfRun));
