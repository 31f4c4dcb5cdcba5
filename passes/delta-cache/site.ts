/**
 * The site of one stage of transformer blocks: a part at the end of each run of blocks that strategies
 * replace. Only full calls keep deviations.
 *
 * Where front and rear overlap, the rear run begins at a value inside the front one. When the front is
 * replaced nobody needs that value, yet in a merged model what makes it would stand outside of every If,
 * since the other two strategies both need it. So it is a part as well, which then hands the stream
 * through, and the deviation of the front is added to that.
 */
import type { StreamPart, StreamRange } from '../../src/compiler/analysis/index.js';
import type { StrategyStatements } from '../../src/compiler/pass/index.js';
import {
  COMPUTE,
  compositeOf,
  type PlainSite,
  type Site,
  type SiteBuilder,
  strategiesByName,
  strategyOf,
} from '../../src/compiler/plan/index.js';
import type { Value } from '../../src/model/ir/value.js';
import {
  difference,
  type KeptDifference,
  keptIn,
  stateType,
  withDifference,
} from '../difference.js';

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

/** What is kept of a run says how its strategy is named; `reuse` alone is what every pass means by it. */
export const RUN_STRATEGIES: StrategyStatements = {
  delta: { meaning: { result: 'kept-run' } },
  'delta-front': { meaning: { result: 'kept-run' } },
  'delta-rear': { meaning: { result: 'kept-run' } },
  reuse: { meaning: { result: 'kept' }, letter: 'r' },
  'reuse-front': { meaning: { result: 'kept-run' } },
  'reuse-rear': { meaning: { result: 'kept-run' } },
};

/**
 * @param runs the front and the rear, or one run alone
 * @param keptOf how the deviation of a stream is kept, by the stream behind the run
 * @param macsWithout MACs of the blocks of all runs, without those of one
 */
export function runsSite(
  id: string,
  runs: readonly BlockRun[],
  kind: Kind,
  keptOf: (stream: Value) => KeptDifference,
  macsWithout: (run?: BlockRun) => number,
): Site {
  const [front, rear] = runs as [BlockRun, BlockRun | undefined];
  const inner = kind === 'delta' && rear && rear.first <= front.last ? rear.streams : [];
  const partId = (run: BlockRun) => `${id}.${run.which}`;
  const innerId = `${id}.inner`;
  const parts = [
    ...(inner.length > 0 ? [innerPart(innerId, inner, front)] : []),
    ...runs.map((run) => runPart(partId(run), run, kind, keptOf, run === front ? inner : [])),
  ];
  return {
    id,
    description: runs.map((run) => `${run.description}, up to ${endsOf(run)}`).join('; '),
    outputs: runs.flatMap((run) => run.streams.map(({ output }) => output)),
    parts,
    ranges: Object.fromEntries(
      runs.map((run) => [
        nameOf(run, kind),
        run.streams.map(({ input, output }) => ({
          from: input.name,
          to: output.name,
          keeps: kind === 'delta' ? 'deviation' : 'output',
          ...(kind === 'delta' && keptIn(keptOf(output))),
        })),
      ]),
    ),
    strategies: strategiesByName([
      compositeOf(COMPUTE, 'run all blocks', () => ({}), { cost: macsWithout() }),
      ...runs.map((run) =>
        compositeOf(
          nameOf(run, kind),
          described(kind, run),
          () => ({
            ...Object.fromEntries(
              runs.map((other) => [partId(other), other === run ? kind : 'forward']),
            ),
            ...(inner.length > 0 && run === front && { [innerId]: 'through' }),
          }),
          { cost: macsWithout(run) },
        ),
      ),
    ]),
  };
}

/** One stream's state goes by the name of the part, several by the streams' numbers. */
const stateOf = (id: string, { streams }: BlockRun, { stream }: StreamPart): string =>
  streams.length === 1 ? id : `${id}.${stream}`;

const endsOf = ({ streams }: BlockRun): string =>
  streams.map(({ output }) => `"${output.name}"`).join(' and ');

const described = (kind: Kind, { description }: BlockRun): string =>
  kind === 'delta'
    ? `take what enters ${description} and what they added at the last full step`
    : `take what left ${description} at the last full step (the ablation)`;

/**
 * The ends of a run, with a state for each stream.
 * @param through values inside the run that are handed through in its place
 */
function runPart(
  id: string,
  run: BlockRun,
  kind: Kind,
  keptOf: (stream: Value) => KeptDifference,
  through: readonly StreamPart[],
): PlainSite {
  const { streams, description } = run;
  const state = (part: StreamPart) => stateOf(id, run, part);
  const kept = (part: StreamPart) => (b: SiteBuilder) =>
    kind === 'reuse'
      ? b.value(part.output)
      : difference(
          b,
          keptOf(part.output),
          [b.value(part.output), b.value(part.input)],
          `stepfold.${state(part)}.deviation`,
        );
  const again = (b: SiteBuilder, part: StreamPart) => {
    if (kind === 'reuse') return b.state(state(part));
    const before = through.find(({ stream }) => stream === part.stream)?.input ?? part.input;
    return withDifference(
      b,
      keptOf(part.output),
      [b.value(before), b.state(state(part))],
      `stepfold.${state(part)}`,
    );
  };
  return {
    id,
    description: `the stream behind ${description}`,
    outputs: streams.map(({ output }) => output),
    states: streams.map((part) => ({
      id: state(part),
      like: part.output,
      ...(kind === 'delta' && stateType(keptOf(part.output))),
    })),
    strategies: strategiesByName([
      strategyOf(COMPUTE, 'run them, and keep', {
        writes: Object.fromEntries(streams.map((part) => [state(part), kept(part)])),
      }),
      strategyOf('forward', 'run them'),
      strategyOf(kind, `what is kept of ${description}`, {
        program: nameOf(run, kind),
        reads: streams.map(state),
        produce: (b) => streams.map((part) => again(b, part)),
      }),
    ]),
  };
}

/** Values inside the front run, which the rear run begins with. */
function innerPart(id: string, inner: readonly StreamPart[], front: BlockRun): PlainSite {
  const before = ({ stream }: StreamPart) =>
    front.streams.find((part) => part.stream === stream)!.input;
  return {
    id,
    description: 'the stream before the rear blocks',
    outputs: inner.map(({ input }) => input),
    states: [],
    strategies: strategiesByName([
      strategyOf(COMPUTE, 'run the blocks before'),
      strategyOf('through', 'the stream before the front blocks', {
        program: nameOf(front, 'delta'),
        produce: (b) => inner.map((part) => b.value(before(part))),
      }),
    ]),
  };
}
