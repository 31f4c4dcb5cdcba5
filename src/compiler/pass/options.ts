/** Checking a pass's options against its schema, and reading them from a command line. */
import { badOption, missingPassOptions, unknownPassOption } from '../../errors/index.js';
import { schemaErrors } from '../../runtime/schedule/schema-errors.js';
import { schemaProblems } from '../../runtime/schedule/schema-problems.js';
import { completed } from './completed.js';
import { optionsSchema } from './option-schema.js';
import type { Pass } from './pass.js';

/** One pass of a pipeline with its options, as pipeline.json and `--pass` give them. */
export interface PassRequest {
  readonly pass: string;
  readonly options: Readonly<Record<string, unknown>>;
}

/**
 * Options checked and completed with defaults.
 * @throws PASS_OPTION naming pass and option, PASS_SCHEMA
 */
export function checkOptions<O>(pass: Pass<O>, options: Readonly<Record<string, unknown>>): O {
  const schema = optionsSchema(pass);
  const value = completed(
    schema,
    Object.fromEntries(
      Object.entries(options).map(([name, given]) => [
        name,
        isList(pass, name) && typeof given === 'string' ? given.split('+') : given,
      ]),
    ),
  );
  const errors = schemaErrors(schema, value);
  if (errors.length === 0) return value as O;
  // one that is misspelt is missing too
  const unknown = errors.find(({ keyword }) => keyword === 'additionalProperties');
  const first = unknown ?? errors[0];
  if (first?.keyword === 'additionalProperties')
    throw unknownPassOption(
      pass.name,
      first.params.additionalProperty,
      Object.keys(pass.options.properties),
    );
  const missing = errors.flatMap((error) =>
    error.keyword === 'required' && error.instancePath === '' ? [error.params.missingProperty] : [],
  );
  if (missing.length > 0) throw missingPassOptions(pass.name, missing, pass.example);
  const option = first?.instancePath.split('/')[1] ?? '';
  const [problem] = schemaProblems(value, errors);
  throw badOption(pass.name, option, `it ${problem?.message ?? 'is not valid'}`);
}

const isList = <O>({ options }: Pass<O>, name: string): boolean =>
  Object.hasOwn(options.properties, name) && options.properties[name]!.type === 'array';

/** A pass with its options, as `parsePassRequest` reads it. */
export function passRequestText({ pass, options }: PassRequest): string {
  const values = Object.entries(options).map(
    ([key, value]) => `${key}=${Array.isArray(value) ? value.join('+') : value}`,
  );
  return values.length > 0 ? `${pass}:${values.join(',')}` : pass;
}

/**
 * Reads `deepcache:branch=2,interval=3`. A list is written with `+`, `full=0+5+10`, and taken apart when
 * the pass is known: in `strategy=window+guidance-share` the sign is part of the name.
 * @throws PASS_OPTION when a part is not `name=value`, or a name comes twice
 */
export function parsePassRequest(text: string): PassRequest {
  const colon = text.indexOf(':');
  const pass = colon < 0 ? text : text.slice(0, colon);
  const options: Record<string, unknown> = {};
  for (const part of colon < 0 ? [] : text.slice(colon + 1).split(',')) {
    const equals = part.indexOf('=');
    if (equals <= 0)
      throw badOption(pass, part, 'write options as name=value, separated by commas');
    const name = part.slice(0, equals);
    if (Object.hasOwn(options, name)) throw badOption(pass, name, 'it is given twice');
    options[name] = part.slice(equals + 1);
  }
  return { pass, options };
}
