/** What nothing can catch, and why: none of these is a change of what the source does under the plan. */
export const ESCAPES: readonly (readonly [kind: string, reason: string])[] = [
  [
    'another list of timesteps that fits the loop',
    'nothing in the models depends on the list, and the plan does not say for which timesteps it was found',
  ],
  [
    'another number of calls, with the rows of the plan and the cost to it',
    'that is a right bundle for another loop',
  ],
  [
    'another plan, with programs to it',
    'that is a right bundle of other options; `verify` asks whether programs do what the plan says, not whether somebody wanted that plan',
  ],
  [
    'a plan that names another value which the same outputs follow from, such as one before a bias',
    'keeping either gives the same numbers at every call',
  ],
  [
    'another output as the prediction, where two have its shape',
    'the graph does not say which of them a sampler wants',
  ],
  [
    'the order of a guidance pair where no call shares, or with two calls a step',
    'no call computes one half for the other, or the second takes from the first, whichever it is',
  ],
  [
    'words for people: `producer`, `source.file`, `description`, report.json',
    'no runner reads them',
  ],
];
