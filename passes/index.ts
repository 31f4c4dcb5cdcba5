/** Every pass that ships with Stepfold. */
import { type AnyPass, type PassTable, passTable } from '../src/compiler/pass/index.js';
import { deepcache } from './deepcache/index.js';
import { deltaCache } from './delta-cache/index.js';
import { depthSkip } from './depth-skip/index.js';
import { ditfastattn } from './ditfastattn/index.js';
import { forecast } from './forecast/index.js';
import { loopInvariant } from './loop-invariant/index.js';

export {
  applyTarget,
  onnxruntimeCpu,
  type Target,
  type TargetRule,
  targets,
} from '../src/compiler/targets/index.js';
export { type DeepcacheOptions, deepcache } from './deepcache/index.js';
export { type DeltaCacheOptions, deltaCache } from './delta-cache/index.js';
export { type DepthSkipOptions, depthSkip } from './depth-skip/index.js';
export { type DitfastattnOptions, ditfastattn } from './ditfastattn/index.js';
export { type ForecastPassOptions, forecast } from './forecast/index.js';
export { type LoopInvariantOptions, loopInvariant } from './loop-invariant/index.js';

/** By name, as `--pass` and pipeline.json call them. */
export const passes: Readonly<Record<string, AnyPass>> = {
  [deepcache.name]: deepcache,
  [deltaCache.name]: deltaCache,
  [depthSkip.name]: depthSkip,
  [ditfastattn.name]: ditfastattn,
  [forecast.name]: forecast,
  [loopInvariant.name]: loopInvariant,
};

/** Ours and others: what proofs, searches and reports are handed, to know passes and strategies by their names. */
export const passesWith = (others: readonly AnyPass[] = []): PassTable =>
  passTable([...Object.values(passes), ...others]);
