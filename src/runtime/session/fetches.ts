/** Reads the two optional arguments of `run` by the rules of onnxruntime's `InferenceSession.run`. */
import type { InferenceSession, OnnxValue, Tensor } from 'onnxruntime-common';
import { fetchesInvalid } from '../../errors/index.js';
import type { Port } from '../../generated/schedule.js';

export interface Fetches {
  /** The outputs wanted, each with the tensor to write into, or null for a new one. */
  readonly wanted: ReadonlyMap<string, OnnxValue | null>;
  readonly options: InferenceSession.RunOptions | undefined;
}

/**
 * An object counts as fetches when it has an output's name with a tensor or null; else as options.
 * @throws StepfoldError FETCH_INVALID
 */
export function readFetches(
  outputs: readonly Port[],
  first: unknown,
  second: InferenceSession.RunOptions | undefined,
): Fetches {
  const outputNames = outputs.map(({ name }) => name);
  const all = () => new Map(outputNames.map((name) => [name, null]));
  if (first === undefined) return { wanted: all(), options: second };
  if (typeof first !== 'object' || first === null)
    throw fetchesInvalid('neither a list of names nor an object');
  if (isTensor(first)) throw fetchesInvalid('a tensor without the name of an output');
  if (Array.isArray(first)) {
    if (first.length === 0) throw fetchesInvalid('the list is empty');
    for (const name of first)
      if (!outputNames.includes(name))
        throw fetchesInvalid(`"${name}" is no output; there are ${quoted(outputNames)}`);
    return { wanted: new Map(first.map((name) => [name, null])), options: second };
  }
  const given = first as Record<string, unknown>;
  for (const [name, value] of Object.entries(given))
    if (isTensor(value) && !outputNames.includes(name))
      throw fetchesInvalid(`"${name}" is no output; there are ${quoted(outputNames)}`);
  const entries = outputs.flatMap(({ name, type }) => {
    const value = given[name];
    if (value !== null && !isTensor(value)) return [];
    if (value !== null && value.type !== type)
      throw fetchesInvalid(`"${name}" is ${type}, the tensor to write it into ${value.type}`);
    return [[name, value] as const];
  });
  return entries.length > 0
    ? { wanted: new Map(entries), options: second }
    : { wanted: all(), options: first as InferenceSession.RunOptions };
}

const isTensor = (value: unknown): value is Tensor =>
  typeof value === 'object' && value !== null && 'dims' in value && 'type' in value;

function quoted(names: readonly string[]): string {
  return names.map((name) => `"${name}"`).join(', ');
}
