/** Errors about images of a session: how they are driven, and where they go on. */
import { StepfoldError } from './base.js';

export const imageReleased = () =>
  new StepfoldError('SESSION_IMAGE_RELEASED', 'The image was released; its session was not.', {
    hint: 'Take another one: session.image().',
  });

/** @param program one that takes a batch for pairs; undefined where the count is none */
export const guidanceBranches = (branches: number, program: string | undefined) =>
  program === undefined
    ? new StepfoldError(
        'GUIDANCE_BRANCHES',
        `"branches" is ${branches}; it counts the parts of the loop's guidance, 1 without any.`,
        { value: 'branches', hint: 'Give a whole number of at least 1, or leave it out.' },
      )
    : new StepfoldError(
        'GUIDANCE_BRANCHES',
        `The loop has ${branches} guidance ${branches === 1 ? 'branch' : 'branches'}, but program "${program}" tells the halves of pairs apart.`,
        {
          value: program,
          hint: 'Transform the model without --guidance, or give each branch an image of its own: session.image().',
          data: { branches, program },
        },
      );

export const otherPrograms = () =>
  new StepfoldError(
    'SESSION_OTHER_PROGRAMS',
    'The schedule has other models, states or programs than the session was opened with.',
    { hint: 'Open a session of the bundle that the schedule belongs to.' },
  );

export const savedImageInvalid = (why: string) =>
  new StepfoldError('SAVED_IMAGE_INVALID', `This is no saved image: ${why}.`, {
    hint: 'Give what save() gave, carried by structuredClone or postMessage and otherwise unchanged.',
  });

/** What a saved value has in a place, which may be anything. */
const shown = (value: unknown) =>
  typeof value === 'string' || typeof value === 'number' ? JSON.stringify(value) : typeof value;

export const savedImageVersion = (version: unknown) =>
  new StepfoldError(
    'SAVED_IMAGE_VERSION',
    `The image was saved in version ${shown(version)} of the format; this is a reader of version 1.`,
    { hint: 'Save and restore with one version of stepfold.' },
  );

const MISMATCHES = {
  source: 'another source model',
  programs: 'another bundle of the same model',
  calls: 'a loop of another number of calls',
  loop: 'a loop that runs other programs at its calls',
};

export const savedImageMismatch = (
  differs: keyof typeof MISMATCHES,
  saved: unknown,
  is: string | number,
) =>
  new StepfoldError(
    'SAVED_IMAGE_MISMATCH',
    `The image was saved from ${MISMATCHES[differs]}: ${differs} ${shown(saved)}, here ${shown(is)}.`,
    {
      hint: 'Restore it into a session of the bundle and loop that it was saved from.',
      data: { differs, saved, is },
    },
  );
