/** Errors about plans and passes. */
import { StepfoldError } from './base.js';
import { didYouMean } from './nearest.js';

const list = (names: readonly (string | number)[]) => names.join(', ') || 'none';

const SHOWN = 3;

/** The first few names, and how many there are beside them. */
const some = (names: readonly string[]) => {
  const rest = names.length - SHOWN;
  const shown = names.slice(0, SHOWN).map((name) => `"${name}"`);
  return `${shown.join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`;
};

const count = (number: number, what: string) => `${number} ${what}${number === 1 ? '' : 's'}`;

export const planUnknownSite = (
  unknown: readonly string[],
  listed: number,
  known: readonly string[],
) =>
  new StepfoldError(
    'PLAN_UNKNOWN_SITE',
    unknown.length === 1
      ? `The plan names a site ${some(unknown)} that does not exist.`
      : `The plan lists ${count(listed, 'site')}, but the passes find ${known.length} in this model; ${some(unknown)} do not exist.`,
    {
      path: `/sites/${unknown[0]}`,
      data: { unknown, known },
      hint: `${didYouMean(unknown[0] ?? '', known)}Sites here: ${list(known)}.`,
    },
  );

export const planMissingSites = (
  missing: readonly string[],
  listed: number,
  known: readonly string[],
) =>
  new StepfoldError(
    'PLAN_MISSING_SITES',
    `The plan was found for a model with ${count(listed, 'site')}, but the passes find ${known.length} in this one; it says nothing of ${some(missing)}.`,
    {
      path: '/sites',
      data: { missing, known },
      hint: 'Search a plan for this model, or remove "calibration" from the plan to leave those sites to the passes.',
    },
  );

export const planOtherModel = (file: string, made: string, given: string) =>
  new StepfoldError(
    'PLAN_OTHER_MODEL',
    `The plan "${file}" was made for "${made}", and "${given}" is not that model: its SHA-256 differs.`,
    {
      file,
      path: '/model/sha256',
      hint: 'Give the model that the plan was made for, or remove "model" from the plan to use it all the same.',
    },
  );

export const planCalls = (has: number, calls: number) =>
  new StepfoldError(
    'PLAN_LENGTH',
    `The plan is for a loop of ${count(has, 'call')}, but this one has ${calls}.`,
    {
      path: '/calls',
      hint: `Use --calls ${has}, or a plan for ${count(calls, 'call')}; one that need not serve this loop alone (without --fixed-loop) places it.`,
    },
  );

export const planWithoutSites = (file: string) =>
  new StepfoldError('PLAN_WITHOUT_SITES', `The schedule "${file}" does not say its plan.`, {
    file,
    path: '/sites',
    hint: 'Run `stepfold transform` again, or give the plan file.',
  });

export const tooFewPrograms = (most: number, least: number) =>
  new StepfoldError(
    'PLAN_MAX_PROGRAMS',
    `The plan cannot do with ${count(most, 'program')}: its calls are of ${least} kinds, such as the two halves of a guidance pair, that do different things by the same names.`,
    { hint: `Allow ${least} programs or more.` },
  );

export const badMaxPrograms = (found: unknown) =>
  new StepfoldError(
    'PLAN_MAX_PROGRAMS',
    `The largest number of programs must be a whole number of 1 or more, not ${String(found)}.`,
    { hint: 'Leave it out to let every distinct call have a program of its own.' },
  );

export const planUnknownStrategy = (
  site: string,
  strategy: string,
  call: number,
  known: readonly string[],
  why: string | undefined,
) =>
  new StepfoldError(
    'PLAN_UNKNOWN_STRATEGY',
    `Call ${call} of the plan asks for "${strategy}" at site "${site}"${why ? `, which is not possible there: ${why}` : ''}.`,
    {
      path: `/sites/${site}/${call}`,
      hint: `${didYouMean(strategy, known)}Strategies there: ${list(known)}.`,
    },
  );

export const planLength = (site: string, has: number, calls: number) =>
  new StepfoldError(
    'PLAN_LENGTH',
    `The plan lists ${has} calls for site "${site}", but the loop has ${calls}.`,
    { path: `/sites/${site}`, hint: 'Give one strategy for each call.' },
  );

/** @param value name of the value that both make; undefined where only their ids are the same */
export const planConflict = (site: string, other: string, value: string | undefined) =>
  new StepfoldError(
    'PLAN_CONFLICT',
    value === undefined
      ? `Two passes have a site "${site}", and a plan tells sites apart by their names.`
      : `Site "${site}" and site "${other}" cannot go together: both say how "${value}" is made.`,
    {
      path: `/sites/${site}`,
      value,
      hint: 'Use one of the passes, or give one of them another place: another branch, other blocks.',
    },
  );

export const planKeptTwice = (call: number, site: string, other: string, state: string) =>
  new StepfoldError(
    'PLAN_CONFLICT',
    `Site "${other}" and site "${site}" cannot go together: both keep state "${state}" in call ${call}.`,
    {
      path: `/sites/${site}/${call}`,
      hint: 'Let one strategy of each call keep it, or give each site a state of its own.',
    },
  );

/** @param half the call that kept one half of the rows */
export const planHalfKept = ({
  site,
  by,
  call,
  strategy,
  state,
  half,
}: {
  readonly site: string;
  readonly by: string;
  readonly call: number;
  readonly strategy: string;
  readonly state: string;
  readonly half: number;
}) =>
  new StepfoldError(
    'PLAN_HALF_KEPT',
    `Call ${call} produces site "${site}" by "${strategy}", which reads state "${state}", but site "${by}" lets call ${half}, which wrote it, run one half of each guidance pair alone.`,
    {
      path: `/sites/${site}/${call}`,
      hint: `Let "${by}" be "compute" at call ${half} too, or "${site}" at call ${call}: an interval of "${by}" that divides that of "${site}" fits.`,
    },
  );

export const planUnassigned = (call: number, site: string, strategy: string, state: string) =>
  new StepfoldError(
    'PLAN_UNASSIGNED',
    `Call ${call} produces site "${site}" by "${strategy}", which reads state "${state}", but no earlier call wrote it.`,
    {
      path: `/sites/${site}/${call}`,
      hint: 'Let an earlier call compute the site; call 0 always must.',
    },
  );

/** @param followsFromInputs it would be known if the shapes of the inputs were fixed */
export const planStateShape = (
  site: string,
  state: string,
  value: string,
  {
    unknown,
    why,
    followsFromInputs,
  }: {
    readonly unknown: 'shape' | 'type';
    readonly why: string | undefined;
    readonly followsFromInputs: boolean;
  },
) =>
  new StepfoldError(
    'PLAN_STATE_SHAPE',
    `Site "${site}" keeps "${value}" as state "${state}", but its ${unknown} is not known${why ? `: ${why}` : ''}.`,
    {
      value,
      path: `/sites/${site}`,
      hint: followsFromInputs
        ? 'Fix the shapes of the inputs (--shape), or cut at another place.'
        : `Cut at another place, or declare the shape of "${value}" in the model's value_info; those of the inputs do not settle it.`,
    },
  );

export const planNotMergeable = (site: string, nodes: readonly string[]) =>
  new StepfoldError(
    'PLAN_NOT_MERGEABLE',
    `The values of site "${site}" cannot leave one If together: some of them depend on others by way of what lies outside the site (${nodes.map((n) => `"${n}"`).join(' -> ')}).`,
    { node: nodes[0], path: `/sites/${site}`, hint: 'Emit split, which can; chain may.' },
  );

export const planNotChainable = (sites: readonly string[]) =>
  new StepfoldError(
    'PLAN_NOT_CHAINABLE',
    `No order of segments fits every call: in one call a strategy needs what another strategy makes, in another call it is the other way round (sites ${list(sites)}).`,
    { path: `/sites/${sites[0] ?? ''}`, hint: 'Emit split, which can.' },
  );

/** @param why it has no type that can be written down */
export const planWireType = (value: string, segment: string, why: string) =>
  new StepfoldError(
    'PLAN_NOT_CHAINABLE',
    `"${value}" would go from one segment to the next (to "${segment}"), but ${why}.`,
    { value, hint: 'Emit split, in which it stays inside of a model; merged may do as well.' },
  );

export const badCalls = (calls: unknown, most: number) =>
  new StepfoldError(
    'PLAN_BAD_CALLS',
    `The number of calls must be a whole number from 1 to ${most}, not ${String(calls)}.`,
    {
      path: '/calls',
      hint: 'Say how often the sampler calls the model, such as --calls 50.',
    },
  );

export const noUnet = (reason: string, node: string | undefined, nearest: readonly string[] = []) =>
  new StepfoldError(
    'UNET_NOT_FOUND',
    `The model has no U-Net skeleton: ${reason}${node ? `, at node "${node}"` : ''}.`,
    {
      node,
      data: { nearest },
      hint: nearest.length
        ? `The nearest candidates were refused: ${nearest.join('; ')}.`
        : 'The pass needs an encoder and a decoder joined by skip connections (Concat); see `stepfold inspect`.',
    },
  );

export const badBranch = (
  branch: number,
  branches: readonly { branch: number; percent: string }[],
  refused: readonly { branch: number; reason: string }[],
) => {
  const no = refused.find((r) => r.branch === branch);
  return new StepfoldError(
    'UNET_BRANCH',
    no
      ? `Skip branch ${branch} cannot be cut: ${no.reason}.`
      : `The model has no skip branch ${branch}.`,
    {
      path: '/branch',
      data: { branches },
      hint: `Valid branches, with the cost of a shallow call: ${list(
        branches.map((b) => `${b.branch} (${b.percent})`),
      )}.`,
    },
  );
};

export const badOption = (pass: string, option: string, problem: string) =>
  new StepfoldError('PASS_OPTION', `Pass "${pass}", option "${option}": ${problem}.`, {
    path: `/${option}`,
    hint: `See \`stepfold passes ${pass}\` for its options.`,
  });

export const unknownPassOption = (pass: string, option: string, known: readonly string[]) =>
  new StepfoldError('PASS_OPTION', `Pass "${pass}" has no option "${option}".`, {
    path: `/${option}`,
    data: { known },
    hint: `${didYouMean(option, known)}Its options: ${list(known)}; see \`stepfold passes ${pass}\`.`,
  });

/** @param example of its options */
export const missingPassOptions = (pass: string, missing: readonly string[], example: string) =>
  new StepfoldError(
    'PASS_OPTION',
    `Pass "${pass}" has to be given ${missing.map((option) => `"${option}"`).join(' and ')}.`,
    {
      path: `/${missing[0]}`,
      hint: `Write it like --pass ${example}; see \`stepfold passes ${pass}\`.`,
    },
  );

export const unknownPass = (pass: string, known: readonly string[]) =>
  new StepfoldError('PASS_UNKNOWN', `There is no pass "${pass}".`, {
    hint: `${didYouMean(pass, known)}Passes: ${list(known)}.`,
  });

export const unknownOpset = (version: number, newest: number) =>
  new StepfoldError(
    'OPSET_UNKNOWN',
    `The model is written in opset ${version}; the newest known here is ${newest}.`,
    { hint: `Export it with opset ${newest} or older.` },
  );

export const noAttention = (reason: string | undefined, node: string | undefined) =>
  new StepfoldError(
    'ATTENTION_NOT_FOUND',
    `The model has no self-attention that can be followed${reason ? `: ${reason}, at node "${node}"` : ''}.`,
    { node, hint: '`stepfold inspect` lists what was found and what was not.' },
  );

/** @param pass its name */
export const guidanceNotSaid = (pass: string) =>
  new StepfoldError(
    'GUIDANCE_NOT_SAID',
    `Pass "${pass}" works on the two halves of classifier-free guidance, and it is not said how the loop makes them.`,
    {
      hint: 'Say which half comes first, --guidance cond-first or uncond-first, and with --guidance-mode two-calls that each has a call of its own; without guidance leave the pass out.',
    },
  );

export const halvesTogether = (reason: string, node: string | undefined) =>
  new StepfoldError(
    'GUIDANCE_HALVES',
    `The model cannot run on one half of each guidance pair: ${reason}${node === undefined ? '' : `, at node "${node}"`}.`,
    {
      node,
      hint: 'Use --guidance-mode two-calls, for which nothing of the model has to be known, or leave the pass out.',
    },
  );

export const noBlocks = (reason: string | undefined, node: string | undefined) =>
  new StepfoldError(
    'BLOCKS_NOT_FOUND',
    `The model has no transformer blocks that can be followed${reason ? `: ${reason}, at node "${node}"` : ''}.`,
    { node, hint: '`stepfold inspect` lists the blocks and attentions of a model.' },
  );

/** @param kinds of modules that were asked for */
export const noModules = (
  kinds: readonly string[],
  reason: string | undefined,
  node: string | undefined,
) =>
  new StepfoldError(
    'MODULES_NOT_FOUND',
    `The model has no module of the kind ${kinds.join(' or ')} that can be followed${reason ? `: ${reason}, at node "${node}"` : ''}.`,
    { node, hint: '`stepfold inspect` lists the modules of a model, and what was not found.' },
  );

/** @param pass its name */
export const noInvariant = (pass: string, inputs: readonly string[]) =>
  new StepfoldError(
    'INVARIANT_NOT_FOUND',
    inputs.length === 0
      ? 'The model has no condition, so that nothing stays the same from call to call.'
      : `No layer reads ${some(inputs)} before the latent or the timestep comes in, so that nothing worth keeping stays the same from call to call.`,
    { hint: `Leave out the pass ${pass}.` },
  );

export const blockLeaks = (blocks: string, reason: string, node: string | undefined) =>
  new StepfoldError(
    'BLOCKS_STILL_NEEDED',
    `What ${blocks} make cannot be replaced: ${reason} (at node "${node}").`,
    { node, hint: 'Choose blocks before or behind it, with the option range.' },
  );

export const planHidden = (site: string, by: string, strategy: string) =>
  new StepfoldError(
    'PLAN_HIDDEN',
    `Site "${site}" and site "${by}" cannot go together: no call needs "${site}", since "${by}", which it lies in, is "${strategy}" at every call.`,
    { path: `/sites/${site}`, hint: 'Cut at a shallower branch, or leave one of the passes out.' },
  );

export const forecastAxisMissing = (axis: string, steps: number, found: number | undefined) =>
  new StepfoldError(
    'FORECAST_AXIS_MISSING',
    found === undefined
      ? `A forecast by ${axis} needs the ${axis === 'timestep' ? 'timesteps' : 'noise levels'} of the loop, which are not known.`
      : `A forecast by ${axis} needs them for each of ${steps} steps, and there are ${found}.`,
    {
      hint: 'Say which loop it is for: --sampler with its spacing and noise schedule, in the library `sampler`; or take axis=call.',
    },
  );

export const forecastAxisUneven = (axis: string, step: number, place: number) =>
  new StepfoldError(
    'FORECAST_AXIS_UNEVEN',
    `Step ${step} lies at ${axis} ${axis === 'timestep' ? -place : place}, where a forecast by ${axis} needs finite places, each beyond the one before.`,
    { data: { step, place }, hint: 'Choose another spacing, or axis=call.' },
  );
