/**
 * What the sites of a schedule claim to be, proved from the source's graph. The reference acts a plan out
 * where the schedule says that it is; that the schedule names the right places is proved here.
 */
import type { Problem } from '../../../errors/index.js';
import type { Model } from '../../../model/ir/model.js';
import { isOp } from '../../../model/ir/node.js';
import type { Value } from '../../../model/ir/value.js';
import type { Schedule } from '../../../runtime/schedule/index.js';
import { pointer } from '../../../runtime/schedule/pointer.js';
import { wrongModule, wrongScores } from './attention.js';
import { DataFlow } from './data-flow.js';
import { wrongInvariant } from './invariant.js';
import { wrongRun } from './runs.js';

type Site = NonNullable<Schedule['sites']>[string];

/** @param source with its functions written out; a name that is not in it is the reference's to report */
export function claimProblems({ sites = {}, source: says }: Schedule, source: Model): Problem[] {
  const flow = new DataFlow(source.graph);
  const byName = new Map(
    [...source.graph.values()].map((value) => [value.name, originOf(value)] as const),
  );
  const find = (names: readonly string[]): Value[] =>
    names.flatMap((name) => byName.get(name) ?? []);

  const ofRuns = (id: string, { ranges = {} }: Site): Problem[] =>
    Object.entries(ranges).flatMap(([strategy, given]) => {
      const streams = [given].flat().flatMap(({ from, to }) => {
        const [first, last] = [byName.get(from), byName.get(to)];
        return first && last ? [{ from: first, to: last }] : [];
      });
      const wrong = wrongRun(flow, streams);
      const path = pointer('sites', id, 'ranges', strategy);
      return wrong ? [{ path, message: `is no run of blocks: ${wrong}` }] : [];
    });
  const ofAttention = (id: string, { attention, values = [] }: Site): Problem[] => {
    const mixed = attention && byName.get(attention.mixed);
    const wrong = mixed && wrongModule(flow, mixed, find(values));
    const scores = attention?.scores === undefined ? undefined : byName.get(attention.scores);
    const unread = scores && wrongScores(flow, scores);
    const at = (key: string) => pointer('sites', id, 'attention', key);
    return [
      ...(wrong ? [{ path: at('mixed'), message: `is not in the module: ${wrong}` }] : []),
      ...(unread ? [{ path: at('scores'), message: `is no matrix of scores: ${unread}` }] : []),
    ];
  };
  const ofInvariants = (id: string, { invariant, values = [] }: Site): Problem[] => {
    if (!invariant) return [];
    const wrong = wrongInvariant(flow, find(values), says, new Set(invariant));
    const path = pointer('sites', id, 'invariant');
    return wrong ? [{ path, message: `does not hold: ${wrong}` }] : [];
  };
  return Object.entries(sites).flatMap(([id, site]) => [
    ...ofRuns(id, site),
    ...ofAttention(id, site),
    ...ofInvariants(id, site),
  ]);
}

/** What a value is another name of. */
function originOf(value: Value): Value {
  let origin = value;
  while (isOp(origin.producer, 'Identity') && origin.producer.inputs[0])
    origin = origin.producer.inputs[0];
  return origin;
}
