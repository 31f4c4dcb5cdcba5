/** The options of all samplers and noise paths together: which a command line has, and whose they are. */
import type { OptionSchema, OptionSchemas, ValueOf } from './options.js';
import { PATHS, type PathName } from './paths/index.js';
import { SOLVERS } from './solvers/index.js';

type SolverSchemas = (typeof SOLVERS)[number]['options'];
type PathSchemas = (typeof PATHS)[(typeof SOLVERS)[number]['path']];

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

/** An option of the command line, and which samplers have it. */
export interface Flag<Schema extends OptionSchema = OptionSchema> {
  readonly schema: Schema;
  /** With the default that the option has there. */
  readonly owners: ReadonlyMap<string, ValueOf<Schema> | undefined>;
}

export type FlagsOf<Schemas> = {
  readonly [Name in FlaggedNames<Schemas>]: Flag<SchemaOf<Schemas, Name>>;
};

const collect = <Schemas>(schemasOf: (solver: (typeof SOLVERS)[number]) => OptionSchemas) => {
  const flags: Record<string, { schema: OptionSchema; owners: Map<string, unknown> }> = {};
  for (const solver of SOLVERS)
    for (const [name, schema] of Object.entries(schemasOf(solver))) {
      if (!schema.flag) continue;
      flags[name] ??= { schema, owners: new Map() };
      flags[name].owners.set(solver.name, 'default' in schema ? schema.default : undefined);
    }
  // made from the same objects as the type
  return flags as unknown as FlagsOf<Schemas>;
};

export const SOLVER_FLAGS = collect<SolverSchemas>(({ options }) => options);

const schemasOfPath = (path: PathName): OptionSchemas => PATHS[path];
export const PATH_FLAGS = collect<PathSchemas>(({ path }) => schemasOfPath(path));
