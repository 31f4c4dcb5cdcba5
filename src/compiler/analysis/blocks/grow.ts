/**
 * How far one block goes: from an attention over every sum that its streams come to, until the next
 * attention is computed from where they are.
 *
 * An attention that is computed from inside of a block belongs to it: the second one of Stable Diffusion
 * 3.5, which reads what the first one reads. A sum may start where the block does, as that of AuraFlow's
 * feed-forward does. A sum around other attentions is none of the block's.
 */
import type { Node } from '../../../model/ir/node.js';
import type { Value } from '../../../model/ir/value.js';
import type { ShapeTable } from '../../../model/shape/index.js';
import type { Ancestry } from '../ancestry.js';
import { findLeak, neededParts } from './between.js';
import type { Readers } from './readers.js';
import { entryOf, firstFrom, follows, type Residual } from './residual.js';
import type { StreamPart } from './stream-range.js';

/** Self-attentions that come back to the stream by the same sums, and those sums. */
export interface Group {
  readonly mixes: Node[];
  readonly sums: Residual[];
}

/** What a block is grown in. */
export interface Streams {
  readonly ancestry: Ancestry;
  readonly shapes: ShapeTable;
  readonly readers: Readers;
  /** Attentions by the group that they belong to, in topological order. */
  readonly mixes: readonly (readonly [mix: Node, group: Group])[];
  /** The group of a connection around a self-attention. */
  readonly groupOf: ReadonlyMap<Residual, Group>;
  /** Connections around a self-attention by the sums that lie before them on the same stream. */
  readonly passed: ReadonlyMap<Value, readonly Residual[]>;
  /** Connections by what they add to, as it was computed, in topological order. */
  readonly onwards: ReadonlyMap<Value, readonly Residual[]>;
  /** A layer over a feature map, which no transformer has. */
  readonly endsStage: (residual: Residual) => boolean;
}

/** One stream of a block that grows. */
interface Growing {
  /** Where it enters, in every layout. */
  readonly from: readonly Value[];
  /** What sums make of it, each as it was computed. */
  readonly values: Set<Value>;
  readonly sums: Residual[];
  end: Value;
}

export interface Grown {
  readonly groups: readonly Group[];
  readonly parts: readonly (Omit<StreamPart, 'stream'> & { readonly sums: readonly Residual[] })[];
}

/** The block that begins with an attention. Costs some walks over its nodes. */
export function growBlock(first: Group, streams: Streams): Grown {
  const alone = growAround([first], streams);
  let grown = alone;
  for (;;) {
    const leak = findLeak(asRange(grown), streams.readers, streams.shapes);
    if (!leak) return withoutIdle(grown, streams);
    // what leaks into an attention that comes next makes that one a part of the block
    const { ancestry, groupOf } = streams;
    const taker = grown.next.find(
      ({ branch, add }) =>
        leak.reader && (add === leak.reader || ancestry.dependsOn(branch, leak.reader)),
    );
    // a leak to elsewhere stays one, which whoever wants to replace the block is told
    if (!taker) return alone;
    grown = growAround([...grown.groups, groupOf.get(taker)!], streams);
  }
}

const asRange = ({ parts }: Grown) => ({
  streams: parts.map((part, stream) => ({ ...part, stream })),
});

/** Without streams of which nobody behind the block reads what they become, as of the text in a last block. */
const withoutIdle = (grown: Grown, { readers, shapes }: Streams): Grown => ({
  ...grown,
  parts: neededParts(asRange(grown).streams, readers, shapes),
});

interface GrownAround extends Grown {
  /** Connections around attentions at which other blocks begin. */
  readonly next: readonly Residual[];
}

/** Grows around some attentions, and those that are computed from inside of what comes of it. */
function growAround(given: readonly Group[], streams: Streams): GrownAround {
  const { groupOf, passed, onwards, ancestry } = streams;
  const groups = [...given];
  const begin = (sum: Residual) => beginWith(sum, onwards);
  const growing = groups[0]!.sums.map(begin);
  const left = new Set<Residual>();
  const next: Residual[] = [];
  const candidates = function* () {
    for (const stream of growing)
      for (const value of stream.values)
        for (const sum of onwards.get(value) ?? [])
          if (!stream.values.has(sum.to) && !left.has(sum)) yield { stream, sum };
  };
  const place = ({ sum }: { sum: Residual }) => ancestry.place(sum.add);
  for (;;) {
    const [candidate] = [...candidates()].sort((a, b) => place(a) - place(b));
    if (!candidate) {
      const apart = groups
        .flatMap(({ sums }) => sums)
        .find(({ to }) => !growing.some(({ values }) => values.has(to)));
      if (!apart) break;
      growing.push(begin(apart));
      continue;
    }
    const { stream, sum } = candidate;
    const group = groupOf.get(sum);
    // an attention that is computed from where the stream is, or a layer beside it that is added before
    const beginning = [sum, ...(passed.get(sum.to) ?? [])].find((other) => {
      const its = groupOf.get(other);
      return its && !groups.includes(its) && other.from[0] === stream.end;
    });
    if (beginning) next.push(beginning);
    if (beginning || !belongs(stream, sum, group, groups, streams)) left.add(sum);
    else {
      take(stream, sum);
      if (!group || groups.includes(group)) continue;
      groups.push(group);
      for (const other of group.sums) left.delete(other);
    }
  }
  const parts = growing.map(({ from, end, sums }) => ({
    input: entryOf(from, end, streams.shapes)!,
    output: end,
    sums,
  }));
  return { groups, parts, next: next.filter((sum) => !groups.includes(groupOf.get(sum)!)) };
}

/** A stream from a sum on, and what sums have added to it since the branch of that was computed. */
function beginWith(sum: Residual, onwards: Streams['onwards']): Growing {
  const values = new Set([sum.from[0]!, ...sum.since, sum.to]);
  const since = [...values]
    .flatMap((value) => onwards.get(value) ?? [])
    .filter(({ to }) => sum.since.includes(to));
  return { from: sum.from, values, sums: [...since, sum], end: sum.to };
}

function take(stream: Growing, sum: Residual): void {
  stream.values.add(sum.to);
  stream.sums.push(sum);
  stream.end = sum.to;
}

/** Is a sum on the stream of a block one of the block's? Not where it goes around other attentions. */
function belongs(
  { from }: Growing,
  sum: Residual,
  group: Group | undefined,
  groups: readonly Group[],
  { ancestry, shapes, mixes, endsStage }: Streams,
): boolean {
  if (!entryOf(from, sum.to, shapes)) return false;
  if (group) return true;
  if (endsStage(sum)) return false;
  const start = from[0]!.producer ? ancestry.place(from[0]!.producer) : 0;
  const end = ancestry.place(sum.add);
  for (let i = firstFrom(mixes, start, ([mix]) => ancestry.place(mix)); i < mixes.length; i++) {
    const [mix, other] = mixes[i]!;
    if (ancestry.place(mix) > end) break;
    if (groups.includes(other) || !ancestry.dependsOn(sum.branch, mix)) continue;
    if (follows(mix.output, from[0]!, ancestry)) return false;
  }
  return true;
}
