/** What is said of a loop that is short already: distilled models take 1 to 8 steps. */

/** Up to so many steps a loop is one of a few-step model. */
export const FEW_STEPS = 8;

/**
 * Sentences without a full stop; none where the loop is longer.
 * @param exact whether there is something to save without approximating
 */
export function fewStepAdvice(steps: number, { exact }: { readonly exact: boolean }): string[] {
  if (steps > FEW_STEPS) return [];
  return [
    `A loop of ${steps} step${steps === 1 ? '' : 's'} gains little by what is kept from step to step: neighbouring steps differ much, and there are few to leave out. Δ-DiT (arXiv 2406.01125) has 1.12x at 4 steps where it has 1.6x at 20`,
    `What does gain: guidance off, where the model was distilled with it (half of the work); half precision; --target for the engine that runs it${exact ? '; the recipe exact' : ''}`,
    'If the model was not made for so few steps, take more and leave out most of them: a forecast of the output costs nothing at the steps between',
  ];
}
