/** Every pass that ships with Stepfold, by name. */
import { type AnyPass, type PassTable, passTable } from '../src/compiler/pass/index.js';
import { deepcache } from './deepcache/index.js';
import { deltaCache } from './delta-cache/index.js';
import { depthSkip } from './depth-skip/index.js';
import { ditfastattn } from './ditfastattn/index.js';
import { forecast } from './forecast/index.js';
import { guidanceDelta } from './guidance-delta/index.js';
import { loopInvariant } from './loop-invariant/index.js';
import { moduleCache } from './module-cache/index.js';

/** By name, as `--pass` and pipeline.json call them. */
export const passes: Readonly<Record<string, AnyPass>> = {
  [deepcache.name]: deepcache,
  [deltaCache.name]: deltaCache,
  [depthSkip.name]: depthSkip,
  [ditfastattn.name]: ditfastattn,
  [forecast.name]: forecast,
  [guidanceDelta.name]: guidanceDelta,
  [loopInvariant.name]: loopInvariant,
  [moduleCache.name]: moduleCache,
};

/** Ours and others: what proofs, searches and reports are handed, to know passes and strategies by their names. */
export const passesWith = (others: readonly AnyPass[] = []): PassTable =>
  passTable([...Object.values(passes), ...others]);
