/**
 * Changes after which a bundle still computes what its source does under the plan, bit for bit: `verify` must
 * let them pass, or what it catches proves nothing.
 */
import fs from 'node:fs';
import path from 'node:path';
import type { BundleName } from './bundles.js';
import { type Change, change, changes } from './kind.js';
import { exchangeInputs, node, type OnnxModel } from './onnx-model.js';
import type { Tampered } from './tampered.js';

const FORMS = ['deepcache split', 'deepcache merged', 'deepcache chain'] as const;
const SOME: readonly BundleName[] = [...FORMS, 'windows split', 'shared halves merged'];

/** Gives everything that is in no surface another name. */
function renameInside(model: OnnxModel): void {
  const kept = new Set(
    [...model.graph.input!, ...model.graph.output!, ...model.graph.initializer!].map(
      (v) => v.name!,
    ),
  );
  const rename = (name: string) =>
    name === '' || kept.has(name) ? name : `v.${name.length}.${name}`;
  for (const graph of model.graphs) {
    if (graph !== model.graph)
      for (const output of graph.output!) output.name = rename(output.name!);
    graph.valueInfo = [];
    for (const [i, n] of graph.node!.entries())
      Object.assign(n, {
        name: `node ${i}`,
        input: n.input!.map(rename),
        output: n.output!.map(rename),
      });
  }
}

/** The same nodes in another order that is topological too: each as late as it can be. */
function reorder({ graph }: OnnxModel): void {
  const waiting = [...graph.node!];
  const order: typeof waiting = [];
  const readers = (n: (typeof waiting)[number]) =>
    waiting.some((m) => m !== n && inputsOf(m).some((v) => n.output!.includes(v)));
  while (waiting.length > 0) {
    const next = waiting.find((n) => !readers(n))!;
    waiting.splice(waiting.indexOf(next), 1);
    order.unshift(next);
  }
  graph.node = order;
}

/** What a node reads, its branches included. */
const inputsOf = (n: OnnxModel['nodes'][number]): string[] => [
  ...n.input!,
  ...n.attribute!.flatMap(({ g }) =>
    g ? [...g.node!.flatMap(inputsOf), ...g.output!.map((o) => o.name!)] : [],
  ),
];

/** Other ids for all of one table of the schedule. */
function renameIds({ schedule }: Tampered, table: 'models' | 'states' | 'programs'): void {
  const other = (id: string) => `other ${id}`;
  const renamed = (ids: Readonly<Record<string, string>> | undefined) =>
    ids && Object.fromEntries(Object.entries(ids).map(([key, id]) => [key, other(id)]));
  const all = schedule[table] as Record<string, unknown>;
  Object.assign(schedule, {
    [table]: Object.fromEntries(Object.entries(all).map(([id, entry]) => [other(id), entry])),
  });
  if (table === 'programs') {
    schedule.calls = schedule.calls.map(other);
    for (const counts of Object.values(schedule.cost!.macs!.convention))
      counts.programs = Object.fromEntries(
        Object.entries(counts.programs).map(([id, macs]) => [other(id), macs]),
      );
  }
  for (const { runs } of Object.values(schedule.programs))
    for (const run of runs) {
      if (table === 'models') run.model = other(run.model);
      if (table !== 'states') continue;
      for (const kind of ['reads', 'unused'] as const)
        if (run[kind]) run[kind] = renamed(run[kind])!;
      if (run.writes)
        run.writes = Object.fromEntries(
          Object.entries(run.writes).map(([id, output]) => [other(id), output]),
        );
    }
}

export const CONTROLS: readonly Change[] = [
  ...changes([...SOME, 'delta-cache chain'], 'nodes and values renamed', ({ everyModel }) =>
    everyModel.forEach(renameInside),
  ),
  ...changes(SOME, 'nodes in another order', ({ everyModel }) => everyModel.forEach(reorder)),
  ...changes(['deepcache split', 'windows merged'], 'models saved again', ({ everyModel }) => {
    for (const { proto } of everyModel) proto.producerName = 'another';
  }),
  ...changes(['windows split', 'windows merged'], 'weights in the models', (bundle) => {
    for (const model of bundle.everyModel)
      for (const tensor of model.graph.initializer!)
        if (tensor.externalData!.length > 0) model.write(tensor, model.read(tensor));
    for (const { file } of bundle.schedule.weights) fs.rmSync(bundle.file(file));
    bundle.schedule.weights = [];
  }),
  change('shared halves split', 'weights in a file of another name', (bundle) => {
    const [entry] = bundle.schedule.weights;
    fs.renameSync(bundle.file(entry!.file), bundle.file('parameters.data'));
    for (const model of bundle.everyModel)
      for (const tensor of model.graph.initializer!)
        for (const e of tensor.externalData!) if (e.key === 'location') e.value = 'parameters.data';
    entry!.file = 'parameters.data';
  }),
  ...changes(SOME, 'models under other ids', (bundle) => renameIds(bundle, 'models')),
  ...changes(SOME, 'states under other ids', (bundle) => renameIds(bundle, 'states')),
  ...changes(SOME, 'programs under other ids', (bundle) => renameIds(bundle, 'programs')),
  ...changes(['deepcache chain', 'windows chain'], 'wires under other ids', ({ everyRun }) => {
    for (const run of everyRun) {
      if (run.gives)
        run.gives = Object.fromEntries(
          Object.entries(run.gives).map(([wire, output]) => [`wire ${wire}`, output]),
        );
      for (const [input, wire] of Object.entries(run.takes ?? {}))
        run.takes![input] = `wire ${wire}`;
    }
  }),
  change('loop-invariant chain', 'two runs that need nothing of each other exchanged', (bundle) => {
    const { runs } = bundle.schedule.programs.full!;
    runs.splice(0, 2, runs[1]!, runs[0]!);
  }),
  ...changes(
    ['deepcache split', 'deepcache of 50 calls'],
    'a call by a copy of its program',
    ({ schedule }) => {
      schedule.programs.copy = structuredClone(schedule.programs.full!);
      schedule.calls[3] = 'copy';
      for (const counts of Object.values(schedule.cost!.macs!.convention))
        counts.programs.copy = counts.programs.full!;
    },
  ),
  ...changes(
    ['deepcache split', 'deepcache merged'],
    'a last call that keeps what nobody reads',
    ({ schedule }) => {
      schedule.calls[6] = 'full';
    },
  ),
  ...changes(
    ['deepcache split', 'delta-cache merged'],
    'a node that nobody reads',
    ({ everyModel }) => {
      for (const { graph } of everyModel) graph.node!.push(node('Neg', ['x'], 'idle'));
    },
  ),
  ...changes(['deepcache split', 'windows merged'], 'values that pass through', (bundle) => {
    for (const value of ['condition', 'eps'])
      bundle.of('full').behind(value, (from, to) => [node('Identity', [from], to)]);
  }),
  ...changes(['deepcache merged', 'windows split'], 'terms of a sum exchanged', (bundle) =>
    exchangeInputs(bundle.of('full').node('sum')),
  ),
  ...changes(['deepcache split', 'windows split'], 'rows reversed twice', (bundle) => {
    const model = bundle.of('full');
    const reversed = (from: string, to: string) =>
      node(
        'Slice',
        [
          from,
          model.integers(-1),
          model.integers(-(2 ** 31)),
          model.integers(0),
          model.integers(-1),
        ],
        to,
      );
    model.behind('condition', (from, to) => [
      reversed(from, `${to}.once`),
      reversed(`${to}.once`, to),
    ]);
  }),
  ...changes(['deepcache split', 'windows split'], 'labels held to the table', (bundle) => {
    const model = bundle.of('full');
    const last = model.add('last.tampered', 'int64', [], [7]);
    model.behind('y', (from, to) => [node('Min', [from, last], to)]);
  }),
  change('deepcache split', 'a constant as a node', (bundle) => {
    const model = bundle.of('full');
    const { graph } = model;
    const tensor = model.tensor('one');
    graph.initializer = graph.initializer!.filter((t) => t !== tensor);
    graph.node!.unshift({
      ...node('Constant', [], 'one'),
      attribute: [{ name: 'value', type: 4, t: tensor }],
    });
  }),
  change('deepcache split', 'other words for what is for people', ({ schedule }) => {
    schedule.producer = 'another compiler 2.0';
    schedule.source.file = 'elsewhere.onnx';
    schedule.sites!.deep!.description = 'the deep part';
  }),
  change('windows split', 'keys of the schedule in another order', ({ schedule }) => {
    for (const key of Object.keys(schedule).sort()) {
      const { [key as 'calls']: value } = schedule;
      delete (schedule as Partial<typeof schedule>)[key as 'calls'];
      schedule[key as 'calls'] = value;
    }
  }),
  change('deepcache merged', 'files that are none of its own', ({ folder }) => {
    fs.writeFileSync(path.join(folder, 'notes.txt'), 'mine');
  }),
];
