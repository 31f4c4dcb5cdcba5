/** Errors about a step of a compilation that left its graph broken: a fault of ours, or of somebody's pass. */
import { ResultError, StepfoldError } from './base.js';

/** What a step did to a graph, as far as a message says it. */
interface Broken {
  readonly step: string;
  readonly violations: readonly {
    readonly message: string;
    readonly node?: string;
    readonly value?: string;
  }[];
  /** The graph that the step began with, where it was kept. */
  readonly before: unknown;
}

/** What is worth naming first: a node says more of the place than a value. */
const firstOf = ({ violations }: Broken) =>
  violations.find(({ node }) => node !== undefined) ?? violations[0];

/** The first of what is wrong, and how much more there is. */
function words(broken: Broken): string {
  const more = broken.violations.length - 1;
  const rest = more > 0 ? ` (and ${more} more)` : '';
  return `${firstOf(broken)?.message.replace(/\.$/, '')}${rest}`;
}

const details = (broken: Broken, hint: string) => ({
  node: firstOf(broken)?.node,
  value: firstOf(broken)?.value,
  hint: broken.before
    ? hint
    : `${hint} With --debug the graphs before and after the step are written out.`,
  data: broken,
});

/** @param pass whose step it was, if any's */
export const graphBroken = (broken: Broken, pass?: string) =>
  new ResultError(
    'GRAPH_BROKEN',
    `The step "${broken.step}" left the graph broken: ${words(broken)}.`,
    details(
      broken,
      pass === undefined
        ? 'This is a fault of Stepfold, not of the model: please report it, with the command and the graph (weights are not needed).'
        : `This is a fault of the pass "${pass}", not of the model: if that came with Stepfold, please report it, with the command and the graph (weights are not needed).`,
    ),
  );

/** @param plugin the module that the pass was loaded from */
export const passBrokeGraph = (broken: Broken, pass: string, plugin: string) =>
  new StepfoldError(
    'PASS_BROKE_GRAPH',
    `The pass "${pass}" of the plugin "${plugin}" left the graph broken at the step "${broken.step}": ${words(broken)}.`,
    {
      ...details(
        broken,
        'This is a fault of the pass: let it use values of the graph that it is handed, and change that by the methods of Graph and Node alone.',
      ),
      file: plugin,
    },
  );
