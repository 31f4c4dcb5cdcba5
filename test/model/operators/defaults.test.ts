/** Attributes that say what holds without them, against ONNX's own schemas. */
import { describe, expect, test } from 'vitest';
import { OPERATORS } from '../../../src/model/operators/index.js';
import { SCHEMAS, type Schema } from './schemas.js';

const RECORDS = OPERATORS.get('')!;

/** ONNX says these in words: without them it is so along each spatial axis. */
const IN_WORDS: Readonly<Record<string, unknown>> = {
  pads: [0],
  strides: [1],
  dilations: [1],
  output_padding: [0],
};

/** Lists of their own that are no repetition of one number. */
const LISTS = ['MeanVarianceNormalization axes'];

const byOnnx = [...RECORDS].flatMap(([name, record]) => {
  const schema = SCHEMAS['']?.[name];
  return schema?.by === 'onnx' ? [[name, record, schema] as const] : [];
});

/** What versions that tell it take in the place of an attribute. */
const defaultsOf = ({ versions }: Schema, attribute: string): unknown[] =>
  versions.flatMap(({ defaults = {} }) => (attribute in defaults ? [defaults[attribute]] : []));

const single = (value: unknown): unknown =>
  typeof value === 'number' ? Math.fround(value) : value;

test.each(byOnnx)('%s takes what every version takes', (_, { defaults }, schema) => {
  for (const [attribute, value] of Object.entries(defaults)) {
    const told = defaultsOf(schema, attribute);
    const isKnown = schema.versions.some(({ attributes }) => attributes.includes(attribute));
    expect(isKnown, attribute).toBe(true);
    if (told.length === 0) expect(value, attribute).toEqual(IN_WORDS[attribute]);
    else expect(told.map(single), attribute).toEqual(told.map(() => single(value)));
  }
});

test.each(byOnnx)(
  '%s leaves none out that is the same in every version',
  (name, record, schema) => {
    const { attributes, defaults = {} } = schema.versions.at(-1)!;
    const same = Object.keys(defaults).filter((attribute) =>
      defaultsOf(schema, attribute).every(
        (told) => JSON.stringify(told) === JSON.stringify(defaults[attribute]),
      ),
    );
    const inWords = attributes.filter(
      (attribute) => attribute in IN_WORDS && defaults[attribute] === undefined,
    );
    const wanted = [...same, ...inWords].filter((each) => !LISTS.includes(`${name} ${each}`));
    expect(Object.keys(record.defaults).sort()).toEqual(wanted.sort());
  },
);

describe('where nothing is told', () => {
  test.each(
    [...OPERATORS].flatMap(([domain, records]) =>
      [...records].flatMap(([name, { defaults }]) =>
        SCHEMAS[domain]?.[name]?.by === 'onnx' ? [] : [[domain, name, defaults] as const],
      ),
    ),
  )('nothing is said: %s %s', (_, __, defaults) => {
    expect(defaults).toEqual({});
  });
});
