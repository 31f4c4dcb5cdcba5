/** What a client asks for, out of the JSON that it sent: every member checked, and nothing taken for granted. */
import { badRequest } from './problem.js';

export interface ImageRequest {
  /** Conditions by input name, as numbers: one for all of the input, or a row. */
  readonly feeds: Readonly<Record<string, readonly number[]>>;
  readonly seed: number;
  readonly steps: number;
  /** Undefined for no guidance. */
  readonly guidanceScale: number | undefined;
}

/** What may be asked of this server. */
export interface Limits {
  /** Conditions that have to be given. */
  readonly inputs: ReadonlyMap<
    string,
    {
      /** Elements of a row. */
      readonly length: number;
      /** Values from 0 up to it, itself left out. */
      readonly classes: number | undefined;
    }
  >;
  readonly defaultSteps: number;
  readonly maxSteps: number;
  readonly defaultGuidanceScale: number | undefined;
  /** Why a guidance scale is refused, where it is. */
  readonly noGuidance: string | undefined;
}

const MEMBERS = ['feeds', 'seed', 'steps', 'guidanceScale'];

/** @throws Problem */
export function readRequest(text: string, limits: Limits): ImageRequest {
  const body = objectOf(parse(text), '');
  const unknown = Object.keys(body).find((name) => !MEMBERS.includes(name));
  if (unknown !== undefined) {
    throw invalid(`/${unknown}`, 'is not known', `A request has ${MEMBERS.join(', ')}.`);
  }
  return {
    feeds: readFeeds(body['feeds'] ?? {}, limits),
    seed: readSeed(body['seed']),
    steps: readSteps(body['steps'], limits),
    guidanceScale: readScale(body['guidanceScale'], limits),
  };
}

function readFeeds(given: unknown, { inputs }: Limits): Record<string, readonly number[]> {
  const feeds = objectOf(given, '/feeds');
  const names = [...inputs.keys()].join(', ') || 'none';
  for (const name of Object.keys(feeds))
    if (!inputs.has(name))
      throw invalid(`/feeds/${name}`, 'is no condition of the model', `Conditions: ${names}.`);
  return Object.fromEntries(
    [...inputs].map(([name, { length, classes }]) => {
      const at = `/feeds/${name}`;
      const value = feeds[name];
      if (value === undefined) throw invalid(at, 'is missing', `Conditions: ${names}.`);
      const numbers = Array.isArray(value) ? value : [value];
      if (numbers.length !== 1 && numbers.length !== length)
        throw invalid(at, `has ${numbers.length} numbers`, `Give 1, or ${length} for the row.`);
      for (const [i, number] of numbers.entries()) {
        const place = Array.isArray(value) ? `${at}/${i}` : at;
        if (typeof number !== 'number') throw invalid(place, 'is not a number', 'Give a number.');
        if (classes !== undefined && !(Number.isInteger(number) && number >= 0 && number < classes))
          throw invalid(place, `is ${number}`, `Give a whole number from 0 to ${classes - 1}.`);
      }
      return [name, numbers as number[]];
    }),
  );
}

/** Any seed where none is given; the answer says which it was. */
function readSeed(given: unknown): number {
  if (given === undefined) return Math.floor(Math.random() * 2 ** 32);
  if (!Number.isSafeInteger(given) || (given as number) < 0)
    throw invalid('/seed', 'is no seed', 'Give a whole number from 0 to 2^53 - 1.');
  return given as number;
}

function readSteps(given: unknown, { defaultSteps, maxSteps }: Limits): number {
  if (given === undefined) return defaultSteps;
  if (!Number.isSafeInteger(given) || (given as number) < 1 || (given as number) > maxSteps)
    throw invalid('/steps', 'is out of range', `Give a whole number from 1 to ${maxSteps}.`);
  return given as number;
}

function readScale(given: unknown, limits: Limits): number | undefined {
  if (given === undefined) return limits.defaultGuidanceScale;
  if (limits.noGuidance !== undefined)
    throw invalid('/guidanceScale', 'cannot be followed', limits.noGuidance);
  // JSON has no other numbers than finite ones, but 1e999 is read as infinity
  if (typeof given !== 'number' || !Number.isFinite(given))
    throw invalid('/guidanceScale', 'is not a number', 'Give a finite number.');
  return given;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw badRequest(
      'REQUEST_NOT_JSON',
      `The request is not JSON: ${(error as Error).message}`,
      'Send one JSON object.',
    );
  }
}

function objectOf(value: unknown, at: string): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>;
  throw invalid(at, 'is not an object', 'Send a JSON object.');
}

const invalid = (at: string, what: string, hint: string) =>
  badRequest('REQUEST_INVALID', `${at === '' ? 'The request' : at} ${what}.`, hint);
