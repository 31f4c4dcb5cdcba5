/**
 * Keeps what leaves the modules of transformer blocks for several steps. FORA (Selvaraju et al., arXiv 2407.01425) keeps all
 * of them: at steps between, the stream gets gate_t times what was kept, with the modulation of the step. PAB (Zhao et al.,
 * arXiv 2408.12588) keeps attention by kind, the more stable the longer, between the ends of the loop. T-GATE (Zhang et al.,
 * arXiv 2404.02747) keeps cross-attention from one step on. SmoothCache (Liu et al., arXiv 2411.10510) looks back three steps
 * at most, a kind of layer at a time.
 *
 * Assumes transformer blocks, or attention with an output projection, that the analysis can follow. Costs a state for each
 * output of a module, of the size of the stream.
 */
import type { BlockModule } from '../../src/compiler/analysis/index.js';
import {
  type ForecastOptions,
  forecastFrom,
  forecastOptions,
  orForecast,
  withForecasts,
} from '../../src/compiler/forecast/index.js';
import { checkOptions, type Pass, type PassContext } from '../../src/compiler/pass/index.js';
import { byHalf, type Proposal, together } from '../../src/compiler/plan/index.js';
import { badOption } from '../../src/errors/index.js';
import { groupBy } from '../../src/model/ir/group-by.js';
import { stepsOfCalls } from '../../src/runtime/schedule/index.js';
import {
  type FullRule,
  fullStepsOptions,
  listedFullSteps,
  proposedBy,
  stepsOfRule,
} from '../full-steps.js';
import { chosenModules, type ModuleChoice, rangeOption } from './chosen.js';
import { moduleSite } from './site.js';
import { ENDS, kindOptions, kindsOf, NAME, stepsOfKind, withoutOwnSteps } from './steps.js';

export interface ModuleCacheOptions extends ForecastOptions, ModuleChoice {}

export const moduleCache: Pass<ModuleCacheOptions> = {
  name: NAME,
  description:
    'Keep what attentions and feed-forwards give for several steps, each kind as long as it bears (FORA, PAB, T-GATE; 2024).',
  example: 'module-cache:interval=3',
  options: {
    type: 'object',
    properties: {
      ...kindOptions,
      ...rangeOption,
      ...fullStepsOptions('with what was kept', ENDS),
      ...forecastOptions(),
    },
  },
  fullSteps: {
    at: (options, full) => listedFullSteps.at(withoutOwnSteps(options), full),
    evenly: (options, count) => listedFullSteps.evenly(withoutOwnSteps(options), count),
    of(given, steps) {
      const options = checkOptions(moduleCache, given);
      const rules = kindsOf(options).map((kind) => stepsOfKind(kind, steps, options));
      const [first, ...others] = rules.map((rule) => stepsOfRule(rule, steps));
      const other = others.findIndex((full) => full.join() !== first!.join());
      if (other >= 0)
        throw badOption(NAME, kindsOf(options)[other + 1]!, 'its full steps are not those of all');
      return first!;
    },
  },
  tuning: {
    onlyNamed: true,
    choices(context) {
      const kinds = [...chosenModules(context, {}).keys()];
      return kinds.length > 1 ? [{}, ...kinds.map((kind) => ({ kinds: [kind] }))] : [{}];
    },
  },
  strategies: { reuse: { meaning: { result: 'kept' }, letter: 'r' } },
  propose(context, options) {
    const chosen = chosenModules(context, options);
    const steps = stepsOfCalls(context.calls, context.guidance);
    const byKind = [...chosen].map(([kind, modules]) => ({
      modules,
      rule: stepsOfKind(kind, steps, options),
    }));
    // kinds that follow one rule are one choice, or loops of other lengths would be ready for steps that none has
    const alike = groupBy(byKind, ({ rule }) => JSON.stringify(rule));
    return together(
      [...alike.values()].map((group) =>
        ofModules(
          new Set(group.flatMap(({ modules }) => modules)),
          group[0]!.rule,
          context,
          options,
        ),
      ),
    );
  },
};

/** The sites of modules that follow one rule. */
function ofModules(
  chosen: ReadonlySet<BlockModule>,
  rule: FullRule,
  context: PassContext,
  options: ModuleCacheOptions,
): Proposal {
  const { guidance, shapes } = context;
  const ahead = forecastFrom(options, context);
  const sites = context
    .modules()
    .found.filter((module) => chosen.has(module))
    .map((module) => byHalf(withForecasts(moduleSite(module), ahead, shapes), guidance));
  const reuse = orForecast('reuse', options);
  const reused = Object.fromEntries(sites.map(({ id }) => [id, reuse]));
  return proposedBy(sites, rule, [{}, reused], context);
}
