/**
 * How models of a family are mostly run: guidance as their pipelines in diffusers 0.42 have it by default, and the
 * sampler where it follows flow matching. Which half comes first is what those pipelines, or for DiT its authors' code, do.
 */
import type { SamplerName } from '../../runtime/samplers/index.js';

interface UsualGuidance {
  readonly order: 'cond-first' | 'uncond-first';
  readonly scale: number;
}

const UNCOND_FIRST = (scale: number): UsualGuidance => ({ order: 'uncond-first', scale });

const GUIDANCE: Readonly<Record<string, UsualGuidance>> = {
  sd: UNCOND_FIRST(7.5),
  sdxl: UNCOND_FIRST(5),
  pixart: UNCOND_FIRST(4.5),
  sana: UNCOND_FIRST(4.5),
  mmdit: UNCOND_FIRST(7),
  dit: { order: 'cond-first', scale: 4 },
};

/** Where the unconditional half lies beside a model of another family. */
const OTHER = UNCOND_FIRST(2);

/** @param hasEmpty whether there is an array for the unconditional half */
export const usualGuidance = (
  family: string | undefined,
  hasEmpty: boolean,
): UsualGuidance | undefined => GUIDANCE[family ?? ''] ?? (hasEmpty ? OTHER : undefined);

const FLOW: readonly string[] = ['flux', 'mmdit', 'sana'];

/** Undefined: the sampler that is taken by default. */
export const usualSampler = (family: string | undefined): SamplerName | undefined =>
  FLOW.includes(family ?? '') ? 'euler-flow' : undefined;
