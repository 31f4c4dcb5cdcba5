/** What is said of guidance in part: asked for at once, with a command line that says it all. */
import { type GuidancePart, needsGuidance, type StepfoldError } from '../errors/index.js';
import { typedWords } from './missing.js';
import { commandText } from './next.js';

interface GuidanceArguments {
  readonly guidanceScale?: number | undefined;
  readonly unconditional?: readonly string[] | undefined;
  readonly feed?: readonly string[] | undefined;
}

/** @param hasOrder whether it is said which half comes first */
export function incompleteGuidance(
  { guidanceScale, unconditional, feed = [] }: GuidanceArguments,
  hasOrder: boolean,
): StepfoldError {
  const input = feed[0]?.split('=')[0] ?? 'INPUT';
  const lacks = {
    ...(!hasOrder && { order: ['--guidance', 'uncond-first'] }),
    ...(guidanceScale === undefined && { scale: ['--guidance-scale', '7.5'] }),
    ...(!unconditional && { unconditional: ['--unconditional', `${input}=empty.npy`] }),
  } satisfies Partial<Record<GuidancePart, string[]>>;
  return needsGuidance(
    Object.keys(lacks) as GuidancePart[],
    commandText([...typedWords(), ...Object.values(lacks).flat()]),
  );
}
