/** Recipes that keep what attentions and feed-forwards give: FORA, PAB and T-GATE as their authors ran them. */
import type { ModuleKind } from '../../src/compiler/analysis/index.js';
import type { PassContext } from '../../src/compiler/pass/index.js';
import { stepsOf } from './any-model.js';
import type { NoSetting, Recipe } from './recipe.js';

const without = (context: PassContext, kinds: readonly ModuleKind[]): NoSetting | undefined => {
  const there = new Set(context.modules().found.map(({ kind }) => kind));
  const missing = kinds.find((kind) => !there.has(kind));
  return missing && { reason: `the model has no ${missing} module` };
};

const TOO_SHORT: NoSetting = { reason: 'the loop is too short for it' };

export const fora: Recipe = {
  name: 'fora',
  settings: 'all attentions and feed-forwards at every 3rd step',
  source: {
    kind: 'paper',
    text: "FORA (arXiv 2407.01425), with the interval of its authors' example for DiT-XL/2",
  },
  passes: (context) =>
    context.modules().found.length === 0
      ? { reason: 'no attentions or feed-forwards were found' }
      : stepsOf(context) < 2
        ? TOO_SHORT
        : [{ pass: 'module-cache', options: { interval: 3 } }],
};

/** Attention is kept at timesteps between 100 and 800 of 1000. */
const PAB = { self: 2, temporal: 3, cross: 5, before: 0.2, behind: 0.1 };

export const pab: Recipe = {
  name: 'pab',
  settings:
    'self-attention at every 2nd step, from frame to frame at every 3rd, and cross-attention at every 5th, but for the first 20 % and the last 10 % of the steps',
  source: {
    kind: 'paper',
    text: 'PAB (arXiv 2408.12588): spatial attention at every 2nd step, temporal at every 3rd, cross-attention at every 5th, between timesteps 800 and 100',
  },
  passes(context) {
    const missing = without(context, ['self', 'cross']);
    if (missing) return missing;
    const steps = stepsOf(context);
    const { self, temporal, cross, before, behind } = PAB;
    const isTemporal = !without(context, ['temporal']);
    const [warmup, cooldown] = [Math.ceil(before * steps), Math.ceil(behind * steps)];
    return steps < warmup + cooldown + 2
      ? TOO_SHORT
      : [
          {
            pass: 'module-cache',
            options: { self, ...(isTemporal && { temporal }), cross, warmup, cooldown },
          },
        ];
  },
};

interface Gated {
  /** Of 25 steps. */
  readonly gate: number;
  readonly interval: number;
  readonly text: string;
}
const GATED_STEPS = 25;
const WARM_UP = 2;

const tgate = ({ gate, interval, text }: Gated): Recipe => ({
  name: 't-gate',
  settings: `cross-attention up to step ${gate} of ${GATED_STEPS}; before it self-attention at the first ${WARM_UP + 1} steps and every ${interval === 3 ? '3rd' : `${interval}th`}, then at all`,
  source: { kind: 'paper', text },
  passes(context) {
    const missing = without(context, ['cross', 'self']);
    if (missing) return missing;
    const steps = stepsOf(context);
    const at = Math.round((gate * steps) / GATED_STEPS);
    if (at < WARM_UP + 2) return TOO_SHORT;
    const full = Array.from({ length: steps }, (_, step) => step).filter(
      (step) => step <= WARM_UP || step % interval === 0 || step >= at - 1,
    );
    const cross = { pass: 'module-cache', options: { kinds: ['cross'], gate: at } };
    return full.length < steps
      ? [cross, { pass: 'module-cache', options: { kinds: ['self'], full } }]
      : [cross];
  },
});

/** What is published of it is with one row from the gate on; here guidance goes on, and each half keeps its own. */
const APART = 'here guidance goes on behind the gate, and each half keeps its own';

export const tgateUnet = tgate({
  gate: 10,
  interval: 5,
  text: `T-GATE (arXiv 2404.02747), its authors' table for Stable Diffusion XL: FID 24.2 to 22.9; ${APART}`,
});

export const tgatePixart = tgate({
  gate: 15,
  interval: 3,
  text: `T-GATE (arXiv 2404.02747), its authors' table for PixArt-Σ: FID 34.3 to 32.9; ${APART}`,
});
