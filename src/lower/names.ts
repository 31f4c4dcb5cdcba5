/**
 * Names of what Stepfold adds to a model's interface. States come in and go out under the same order
 * when sorted by name, which Triton's implicit state relies on.
 */
export const stateInputName = (state: string): string => `stepfold.in.${state}`;
export const stateOutputName = (state: string): string => `stepfold.out.${state}`;
/** Is it the input or the output of some state? */
export const isStateName = (name: string): boolean => /^stepfold\.(in|out)\./.test(name);
export const strategyInputName = (site: string): string => `stepfold.strategy.${site}`;
