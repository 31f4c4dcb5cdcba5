/** Errors about loops: how many steps, from which one, and whether a bundle can follow. */
import { StepfoldError } from './base.js';

interface LoopLike {
  readonly steps: number;
  readonly start: number;
}

/** `30 steps from step 12 on` */
export const loopInWords = ({ steps, start }: LoopLike): string =>
  `${steps} step${steps === 1 ? '' : 's'}${start > 0 ? ` from step ${start} on` : ''}`;

const isSame = (one: LoopLike, other: LoopLike): boolean =>
  one.steps === other.steps && one.start === other.start;

export const loopSteps = (found: unknown) =>
  new StepfoldError('LOOP_STEPS', `A loop has a whole number of steps from 1 up, found ${found}.`, {
    hint: 'Give the number of steps of the whole loop, such as 30.',
  });

export const loopStart = (found: unknown, steps: number) =>
  new StepfoldError(
    'LOOP_START',
    `A loop of ${steps} steps begins at one of its steps 0 to ${steps - 1}, found ${found}.`,
    {
      hint: 'Steps count from 0, the noisiest; a strength s of image to image begins at steps - floor(steps * s).',
    },
  );

export const loopTimesteps = (loop: LoopLike, found: readonly number[]) =>
  new StepfoldError(
    'LOOP_TIMESTEPS',
    found.length === loop.steps - loop.start
      ? `Timesteps of a loop never rise from step to step, and these do: ${found.join(', ')}.`
      : `A loop of ${loopInWords(loop)} takes ${loop.steps - loop.start} steps, and was told ${found.length} timesteps.`,
    {
      hint: 'Give the timestep of each step that is taken, without those before the first of them; or none.',
    },
  );

export const loopFixed = (asked: LoopLike, written: LoopLike, why: string | undefined) =>
  new StepfoldError(
    'LOOP_FIXED',
    `This schedule is for one loop alone, ${loopInWords(written)}, and was asked for ${isSame(asked, written) ? 'one whose steps lie elsewhere' : loopInWords(asked)}${why ? `: ${why}` : ''}.`,
    {
      path: '/loop',
      hint: 'Run that loop, or make a bundle that serves others: `stepfold transform` without `--fixed-loop`.',
    },
  );

export const loopUnreachable = (asked: LoopLike, problem: string) =>
  new StepfoldError(
    'LOOP_UNREACHABLE',
    `The rules of this schedule do not lead through a loop of ${loopInWords(asked)}: a program ${problem}.`,
    {
      path: '/loop/rules',
      hint: 'Run `stepfold transform` for that loop; and please report it, since rules are tried before they are written.',
    },
  );
