/** Reads the two optional arguments of `run` by the rules of onnxruntime's `InferenceSession.run`. */
import type { InferenceSession, OnnxValue } from 'onnxruntime-common';
import { fetchesInvalid } from '../errors/index.js';

export interface Fetches {
  /** The outputs wanted, each with the tensor to write into, or null for a new one. */
  readonly wanted: ReadonlyMap<string, OnnxValue | null>;
  readonly options: InferenceSession.RunOptions | undefined;
}

/** An object counts as fetches when it has an output's name with a tensor or null; else as options. */
export function readFetches(
  outputNames: readonly string[],
  first: unknown,
  second: InferenceSession.RunOptions | undefined,
): Fetches {
  const all = () => new Map(outputNames.map((name) => [name, null]));
  if (first === undefined) return { wanted: all(), options: second };
  if (typeof first !== 'object' || first === null)
    throw fetchesInvalid('neither a list of names nor an object');
  if (Array.isArray(first)) {
    if (first.length === 0) throw fetchesInvalid('the list is empty');
    for (const name of first)
      if (!outputNames.includes(name))
        throw fetchesInvalid(`"${name}" is no output; there are ${quoted(outputNames)}`);
    return { wanted: new Map(first.map((name) => [name, null])), options: second };
  }
  const entries = outputNames.flatMap((name) => {
    const value = (first as Record<string, unknown>)[name];
    const isFetch = value === null || (typeof value === 'object' && 'dims' in value);
    return isFetch ? [[name, value as OnnxValue | null] as const] : [];
  });
  return entries.length > 0
    ? { wanted: new Map(entries), options: second }
    : { wanted: all(), options: first as InferenceSession.RunOptions };
}

function quoted(names: readonly string[]): string {
  return names.map((name) => `"${name}"`).join(', ');
}
