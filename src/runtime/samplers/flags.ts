/** The options of all samplers and noise paths together: which a command line has, and whose they are. */
import type { OptionSchema, OptionSchemas, ValueOf } from './options.js';
import { PATHS, type PathName } from './paths/index.js';
import { SOLVERS } from './solvers/index.js';

type SolverSchemas = (typeof SOLVERS)[number]['options'];
type PathSchemas = (typeof PATHS)[PathName];

type SchemaOf<Schemas, Name> = Schemas extends {
  readonly [N in Name & string]: infer S extends OptionSchema;
}
  ? S
  : never;

type FlaggedNames<Schemas> = Schemas extends unknown
  ? {
      [Name in keyof Schemas]: Schemas[Name] extends { readonly flag: true } ? Name : never;
    }[keyof Schemas]
  : never;

/** An option of the command line, and who has it: samplers, and paths that are no sampler's own. */
export interface Flag<Schema extends OptionSchema = OptionSchema> {
  readonly schema: Schema;
  /** By name, a path by `--path NAME`, with the default that the option has there. */
  readonly owners: ReadonlyMap<string, ValueOf<Schema> | undefined>;
}

export type FlagsOf<Schemas> = {
  readonly [Name in FlaggedNames<Schemas>]: Flag<SchemaOf<Schemas, Name>>;
};

type Owner = readonly [name: string, schemas: OptionSchemas];

const collect = <Schemas>(of: readonly Owner[]) => {
  const flags: Record<string, { schema: OptionSchema; owners: Map<string, unknown> }> = {};
  for (const [owner, schemas] of of)
    for (const [name, schema] of Object.entries(schemas)) {
      if (!schema.flag) continue;
      flags[name] ??= { schema, owners: new Map() };
      flags[name].owners.set(owner, 'default' in schema ? schema.default : undefined);
    }
  // made from the same objects as the type
  return flags as unknown as FlagsOf<Schemas>;
};

export const SOLVER_FLAGS = collect<SolverSchemas>(
  SOLVERS.map(({ name, options }): Owner => [name, options]),
);

const ofSolvers: readonly string[] = SOLVERS.map(({ path }) => path);

export const PATH_FLAGS = collect<PathSchemas>([
  ...SOLVERS.map(({ name, path }): Owner => [name, PATHS[path]]),
  ...Object.entries(PATHS)
    .filter(([path]) => !ofSolvers.includes(path))
    .map(([path, schemas]): Owner => [`--path ${path}`, schemas]),
]);
