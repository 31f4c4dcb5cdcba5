/**
 * A pass as somebody else would write it: it keeps what every feed-forward of a transformer adds to the stream,
 * and takes it again for several calls, as FORA (arXiv 2407.01425) does with attention and feed-forward both.
 *
 *     stepfold transform dit.onnx --plugin feed-forward-cache.mjs --pass feed-forward-cache:interval=3 \
 *       --calls 12 -o bundle
 *     stepfold verify bundle --against dit.onnx --plugin feed-forward-cache.mjs
 *
 * A pass is a plain object, so nothing is imported.
 */
export default {
  name: 'feed-forward-cache',
  description:
    'Keep what each feed-forward of a transformer adds, and add it again for several calls.',
  example: 'feed-forward-cache:interval=3',
  options: {
    type: 'object',
    properties: {
      interval: {
        type: 'integer',
        minimum: 1,
        default: 2,
        description: 'One call that computes them, then interval-1 that take what it kept.',
      },
    },
  },
  // from this, and from nothing in here, `verify` makes what every call must give
  strategies: { 'keep-feed-forward': { meaning: { result: 'kept' }, letter: 'f' } },
  propose(context, { interval }) {
    const branches = context.blocks().stages.flat().flatMap(feedForwards);
    if (branches.length === 0) throw new Error('no block of the model has a feed-forward');
    const column = Array.from({ length: context.calls }, (_, call) =>
      call % interval === 0 ? 'compute' : 'keep-feed-forward',
    );
    const sites = branches.map(siteOf);
    return { sites, entries: Object.fromEntries(sites.map(({ id }) => [id, column])) };
  },
  trials: (_, options) => ({
    title: 'Intervals of the feed-forwards',
    figure: 'Cost against error of each interval',
    note: 'Every interval in a loop of its own from the same noise.',
    choices: [2, 3, 4].map((interval) => ({
      label: `interval ${interval}`,
      short: String(interval),
      options: { ...options, interval },
      chosen: interval === options.interval,
    })),
  }),
};

/** What each feed-forward of a block adds to the stream: the other input of the Add where it comes back. */
const feedForwards = ({ layers }) =>
  layers
    .filter(({ kind }) => kind === 'feed-forward')
    .flatMap(({ add, from }) => add.inputs.filter((value) => value !== from).slice(0, 1));

function siteOf(branch, i) {
  const state = `feed-forward.${i}.state`;
  return {
    id: `feed-forward.${i}`,
    description: `what a feed-forward adds, "${branch.name}"`,
    outputs: [branch],
    states: [{ id: state, like: branch }],
    strategies: {
      compute: {
        name: 'compute',
        description: 'run it',
        reads: [],
        writes: { [state]: (b) => b.value(branch) },
      },
      'keep-feed-forward': {
        name: 'keep-feed-forward',
        description: 'take what the last call that ran it added',
        program: 'kept',
        reads: [state],
        produce: (b) => [b.state(state)],
        writes: {},
      },
    },
  };
}
