/** Errors about what a pass proposes: mistakes of whoever wrote the pass. */
import { StepfoldError } from './base.js';

const list = (names: readonly string[]) => names.join(', ') || 'none';

const path = (site: string, strategy?: string) =>
  strategy === undefined ? `/sites/${site}` : `/sites/${site}/strategies/${strategy}`;

export const proposalStrategy = (site: string, why: string) =>
  new StepfoldError(
    'PROPOSAL_STRATEGY',
    `The strategies of site "${site}" are not right: ${why}.`,
    {
      path: path(site),
      hint: 'Every site has a strategy "compute", and every strategy stands under its own name.',
    },
  );

export const proposalPart = (
  site: string,
  strategy: string,
  call: number,
  why: string,
  known: readonly string[],
) =>
  new StepfoldError(
    'PROPOSAL_PART',
    `Strategy "${strategy}" of site "${site}" chooses at call ${call} ${why}.`,
    { path: path(site, strategy), hint: `There are: ${list(known)}.` },
  );

export const proposalState = (
  site: string,
  state: string,
  why: string,
  known: readonly string[] = [],
) =>
  new StepfoldError('PROPOSAL_STATE', `State "${state}" of site "${site}" ${why}.`, {
    path: path(site),
    hint: known.length > 0 ? `States here: ${list(known)}.` : 'Give every state an id of its own.',
  });

export const strategyValues = (site: string, strategy: string, made: number, wanted: number) =>
  new StepfoldError(
    'STRATEGY_VALUES',
    `Strategy "${strategy}" of site "${site}" makes ${made} values in place of ${wanted}.`,
    {
      path: path(site, strategy),
      hint: 'Its `produce` gives a value for each of the outputs of the site, in their order.',
    },
  );

export const strategyStray = (site: string, strategy: string, value: string) =>
  new StepfoldError(
    'STRATEGY_VALUES',
    `Strategy "${strategy}" of site "${site}" gives "${value}", which is no value of the graph being built.`,
    {
      path: path(site, strategy),
      value,
      hint: 'Ask the builder for values of the source graph (`b.value`), and for states (`b.state`).',
    },
  );

export const strategyReads = (site: string, strategy: string, state: string, isRead: boolean) =>
  new StepfoldError(
    'STRATEGY_READS',
    isRead
      ? `Strategy "${strategy}" of site "${site}" takes the state "${state}", which is not among its \`reads\`.`
      : `Strategy "${strategy}" of site "${site}" lists "${state}" among its \`reads\`, and never takes it.`,
    { path: path(site, strategy), hint: 'Give in `reads` what `produce` asks the builder for.' },
  );

export const strategyConstant = (site: string, name: string, found: number) =>
  new StepfoldError(
    'STRATEGY_CONSTANT',
    `A strategy of site "${site}" asks for a constant "${name}" of ${found}, and constants are whole numbers here.`,
    { path: path(site), hint: 'Make it by a node Constant, which holds numbers of any type.' },
  );
