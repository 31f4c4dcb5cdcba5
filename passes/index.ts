/**
 * The passes that ship with Stepfold, and what it takes to write one: docs/writing-passes.md.
 *
 * @packageDocumentation
 */

export {
  type Attention,
  type AttentionAnalysis,
  type AttentionBorders,
  type AttentionCore,
  type AttentionOperand,
  analyzeUnet,
  type BlockAnalysis,
  type BlockLayer,
  type BlockModule,
  type BranchTable,
  findAttention,
  findBlocks,
  findModules,
  type ModuleAnalysis,
  type SkipJoin,
  type StreamEnd,
  type StreamPart,
  type TransformerBlock,
  type UnetAnalysis,
} from '../src/compiler/analysis/index.js';
export type {
  NodeStep,
  Replacement,
  Rewrite,
  RuleContext,
  StepOutput,
} from '../src/compiler/canonicalize/rewrite.js';
export {
  type Forecast,
  type ForecastOptions,
  forecastFrom,
  forecastOptions,
  type IsKept,
  orForecast,
  withForecasts,
} from '../src/compiler/forecast/index.js';
export {
  type AnyPass,
  type FullStepsRule,
  type OptionsSchema,
  type Pass,
  type PassCalibration,
  type PassContext,
  type PassOption,
  type PassRequest,
  type PassTrials,
  type PassTuning,
  parsePassRequest,
  readThreshold,
  type StrategyMeaning,
  type StrategyStatement,
  type StrategyStatements,
} from '../src/compiler/pass/index.js';
export {
  type AttentionReference,
  byHalf,
  byRule,
  type CallHistory,
  COMPUTE,
  type CompositeSite,
  type CompositeStrategy,
  compositeOf,
  type ForecastRecord,
  type HalfRuns,
  type LeafStrategy,
  type ParameterSpec,
  type PartChoice,
  type PlainSite,
  type Proposal,
  type ProposedLoop,
  type ProposedRule,
  perCall,
  type RangeReference,
  type SharedStrategy,
  type Site,
  type SiteBase,
  type SiteBuilder,
  type StateSpec,
  type Strategy,
  type StrategyBase,
  sharedOf,
  strategiesByName,
  strategyOf,
  together,
} from '../src/compiler/plan/index.js';
export {
  applyTarget,
  checkFor,
  cudaGraph,
  directml,
  type Finding,
  type Miss,
  type MissEntry,
  onnxruntimeCpu,
  qnn,
  type Severity,
  type Target,
  type TargetContext,
  type TargetResult,
  type TargetRule,
  webnn,
} from '../src/compiler/targets/index.js';
export { badOption } from '../src/errors/index.js';
export type { EngineRow, EngineSource, EngineTable } from '../src/generated/engine.js';
export type { Axis, Basis, ForecastRule } from '../src/runtime/schedule/index.js';
export { stepsOfCalls } from '../src/runtime/schedule/index.js';
export { type DeepcacheOptions, deepcache } from './deepcache/index.js';
export { type DeltaCacheOptions, deltaCache } from './delta-cache/index.js';
export { type DepthSkipOptions, depthSkip } from './depth-skip/index.js';
export type { Precision } from './difference.js';
export { type DitfastattnOptions, ditfastattn } from './ditfastattn/index.js';
export type { StrategyName as DitfastattnStrategy } from './ditfastattn/strategies.js';
export { type ForecastPassOptions, forecast } from './forecast/index.js';
export type { FullSteps } from './full-steps.js';
export { type GuidanceDeltaOptions, guidanceDelta } from './guidance-delta/index.js';
export { type LoopInvariantOptions, loopInvariant } from './loop-invariant/index.js';
export type { ModuleChoice } from './module-cache/chosen.js';
export { type ModuleCacheOptions, moduleCache } from './module-cache/index.js';
export type { KindIntervals, ModuleSteps } from './module-cache/steps.js';
export {
  type FoundRecipes,
  type RecipeFamily,
  recipeSettings,
  type SearchedSetting,
  type Setting as RecipeSetting,
  type Source as RecipeSource,
} from './recipes/index.js';
export { type ModelRecipes, type RecipeLoop, recipesFor } from './recipes/of-model.js';
export { passes } from './table.js';
