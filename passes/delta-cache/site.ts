/**
 * The site of one stage of transformer blocks: a part at the end of each run of blocks that strategies
 * replace. Only full calls keep deviations.
 *
 * Where front and rear overlap, the rear run begins at a value inside the front one. When the front is
 * replaced nobody needs that value, yet in a merged model what makes it would stand outside of every If,
 * since the other two strategies both need it. So it is a part as well, which then hands the stream
 * through, and the deviation of the front is added to that.
 */
import type { StreamRange } from '../../src/analysis/index.js';
import type { Value } from '../../src/ir/value.js';
import {
  COMPUTE,
  type Site,
  type SiteBuilder,
  strategiesByName,
  strategyOf,
} from '../../src/plan/index.js';

/** Consecutive blocks. */
export interface BlockRun extends StreamRange {
  readonly which: 'front' | 'rear' | 'all';
  /** Numbers of its first and last block. */
  readonly first: number;
  readonly last: number;
  readonly description: string;
}

/** What is kept of a run, and put in its place. */
type Kind = 'delta' | 'reuse';

const nameOf = ({ which }: BlockRun, kind: Kind) => (which === 'all' ? kind : `${kind}-${which}`);

/** @param runs the front and the rear, or one run alone */
export function runsSite(id: string, runs: readonly BlockRun[], kind: Kind): Site {
  const [front, rear] = runs as [BlockRun, BlockRun | undefined];
  const inner = kind === 'delta' && rear && rear.first <= front.last ? rear.input : undefined;
  const partId = (run: BlockRun) => `${id}.${run.which}`;
  const innerId = `${id}.inner`;
  const parts = [
    ...(inner ? [innerPart(innerId, inner, front)] : []),
    ...runs.map((run) => runPart(partId(run), run, kind, run === front ? inner : undefined)),
  ];
  const states = runs.map(partId);
  return {
    id,
    description: runs.map((run) => `${run.description}, up to "${run.output.name}"`).join('; '),
    outputs: runs.map((run) => run.output),
    states: [],
    parts,
    ranges: Object.fromEntries(
      runs.map((run) => [
        nameOf(run, kind),
        {
          from: run.input.name,
          to: run.output.name,
          keeps: kind === 'delta' ? 'deviation' : 'output',
        },
      ]),
    ),
    strategies: strategiesByName([
      strategyOf(COMPUTE, 'run all blocks', {
        parts: () => ({}),
        touches: () => ({ reads: [], writes: states }),
      }),
      ...runs.map((run) =>
        strategyOf(nameOf(run, kind), described(kind, run), {
          parts: () => ({
            ...Object.fromEntries(
              runs.map((other) => [partId(other), other === run ? kind : 'forward']),
            ),
            ...(inner && run === front && { [innerId]: 'through' }),
          }),
          touches: () => ({ reads: [partId(run)], writes: [] }),
        }),
      ),
    ]),
  };
}

const described = (kind: Kind, { description }: BlockRun): string =>
  kind === 'delta'
    ? `take what enters ${description} and what they added at the last full step`
    : `take what left ${description} at the last full step (the ablation)`;

/** The end of a run; its state has the id of the part. */
function runPart(id: string, run: BlockRun, kind: Kind, through: Value | undefined): Site {
  const { input, output, description } = run;
  const kept = (b: SiteBuilder) =>
    kind === 'reuse'
      ? b.value(output)
      : b.add({
          opType: 'Sub',
          inputs: [b.value(output), b.value(input)],
          outputs: [`stepfold.${id}.deviation`],
        });
  const again = (b: SiteBuilder) =>
    kind === 'reuse'
      ? b.state(id)
      : b.add({
          opType: 'Add',
          inputs: [b.value(through ?? input), b.state(id)],
          outputs: [`stepfold.${id}`],
        });
  return {
    id,
    description: `the stream behind ${description}`,
    outputs: [output],
    states: [{ id, like: output }],
    strategies: strategiesByName([
      strategyOf(COMPUTE, 'run them, and keep', { writes: { [id]: kept } }),
      strategyOf('forward', 'run them'),
      strategyOf(kind, `what is kept of ${description}`, {
        program: nameOf(run, kind),
        reads: [id],
        produce: (b) => [again(b)],
      }),
    ]),
  };
}

/** A value inside the front run, which the rear run begins with. */
function innerPart(id: string, value: Value, front: BlockRun): Site {
  return {
    id,
    description: 'the stream before the rear blocks',
    outputs: [value],
    states: [],
    strategies: strategiesByName([
      strategyOf(COMPUTE, 'run the blocks before'),
      strategyOf('through', 'the stream before the front blocks', {
        program: nameOf(front, 'delta'),
        produce: (b) => [b.value(front.input)],
      }),
    ]),
  };
}
