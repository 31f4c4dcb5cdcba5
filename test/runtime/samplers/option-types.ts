/**
 * The options of samplers as callers see them are those that the schemas describe, none more and none less: this
 * file is only compiled (`npm run types`).
 */
import { expectTypeOf } from 'vitest';
import type {
  AnySamplerOption,
  FlowOptions,
  NoiseScheduleOptions,
  SamplerName,
  SamplerOptionsByName,
  SOLVERS,
  VarianceExplodingOptions,
} from '../../../src/runtime/samplers/index.js';
import type { NOISE_SCHEDULE_OPTIONS } from '../../../src/runtime/samplers/noise-schedule.js';
import type { Given } from '../../../src/runtime/samplers/options.js';
import type { FLOW_OPTIONS } from '../../../src/runtime/samplers/paths/flow.js';
import type { VARIANCE_EXPLODING_OPTIONS } from '../../../src/runtime/samplers/paths/variance-exploding.js';

/** Interfaces and intersections as one plain type. */
type Plain<T> = { readonly [K in keyof T]: T[K] };

type AnySolver = (typeof SOLVERS)[number];
type SolverOf<Name extends SamplerName> = Extract<AnySolver, { readonly name: Name }>;
type Written = {
  readonly [Name in SamplerName]: Plain<Omit<SamplerOptionsByName[Name], 'schedule'>>;
};
type Described = { readonly [Name in AnySolver['name']]: Given<SolverOf<Name>['options']> };

expectTypeOf<Written>().toEqualTypeOf<Described>();
expectTypeOf<Plain<NoiseScheduleOptions>>().toEqualTypeOf<Given<typeof NOISE_SCHEDULE_OPTIONS>>();
expectTypeOf<Plain<FlowOptions>>().toEqualTypeOf<Given<typeof FLOW_OPTIONS>>();
expectTypeOf<Plain<VarianceExplodingOptions>>().toEqualTypeOf<
  Given<typeof VARIANCE_EXPLODING_OPTIONS>
>();

// each option of any sampler, and of any path
type NamesOf<Schemas> = Schemas extends unknown ? keyof Schemas : never;
expectTypeOf<keyof AnySamplerOption>().toEqualTypeOf<
  | NamesOf<AnySolver['options']>
  | keyof NoiseScheduleOptions
  | keyof FlowOptions
  | keyof VarianceExplodingOptions
>();

// the path is the sampler's own where none is named
expectTypeOf<{ readonly betas: 'cosine' }>().toExtend<
  NonNullable<SamplerOptionsByName['ddim']['schedule']>
>();
expectTypeOf<{ readonly shift: 3 }>().toExtend<
  NonNullable<SamplerOptionsByName['euler-flow']['schedule']>
>();
