/** What `stepfold diff` does. */

import { writeFile } from '../../compiler/emit/index.js';
import { prepare } from '../../compiler/pipeline/index.js';
import { outputExists } from '../../errors/index.js';
import { differenceText, operatorOf, type Tone } from '../../evidence/report/difference-text.js';
import {
  diffModels,
  isSame,
  type KeptNode,
  type ModelDifference,
  type PortDifference,
  type Region,
  regionsOf,
} from '../../model/diff/index.js';
import { sameFileOnDisk } from '../../model/diff/same-file.js';
import type { Model } from '../../model/ir/model.js';
import type { Node } from '../../model/ir/node.js';
import { loadModel } from '../../model/onnx/files.js';
import { inferShapes } from '../../model/shape/index.js';
import { findModel } from '../../runtime/model-folder/index.js';
import { colors, type Painted } from '../colors.js';
import type { DiffArguments } from '../commands/diff.js';
import { print, printJson, printPainted } from '../output.js';
import { checkOutputFile } from '../output-file.js';
import { startStatus } from '../progress.js';
import { withModelFile } from '../standard-input.js';

export const diff = (args: DiffArguments): Promise<void> =>
  withModelFile(args.before, (before) =>
    // what comes in once is one of them
    args.after === args.before
      ? compare(args, [before, before])
      : withModelFile(args.after, (after) => compare(args, [before, after])),
  );

async function compare(args: DiffArguments, files: readonly [string, string]): Promise<void> {
  if (args.output !== undefined) checkOutputFile(args.output, args.force, outputExists);
  const status = startStatus(args.json);
  const read = async (name: string) => {
    status.show(`Reading ${name}`);
    const model = loadModel(findModel(name).file);
    return args.canonical ? (await prepare(model)).canonical : model;
  };
  let models: readonly [Model, Model];
  let difference: ModelDifference;
  try {
    models = [await read(files[0]), await read(files[1])];
    status.show('Comparing');
    difference = diffModels(...models, { sameFile: sameFileOnDisk() });
  } finally {
    status.stop();
  }
  if (!isSame(difference)) process.exitCode = 1;
  const [before, after] = models;
  const shapes = { before: inferShapes(before), after: inferShapes(after) };
  if (args.output !== undefined) {
    const { differencePage } = await import('../../evidence/report/difference-page.js');
    const page = differencePage(difference, { before: args.before, after: args.after, shapes });
    writeFile(args.output, new TextEncoder().encode(page));
  }
  if (args.json) printJson(json(difference));
  else {
    const most = args.nodes === 0 ? Number.POSITIVE_INFINITY : args.nodes;
    printPainted(differenceText(difference, { paint, most, shapes }));
    const drawn = regionsOf(difference).length > 0;
    if (args.output === undefined) return;
    print();
    print(`${args.output} ${drawn ? 'shows the regions as pictures' : 'says so as a page'}.`);
  }
}

const TONES: Readonly<Record<Tone, (text: string) => Painted>> = {
  removed: colors.red,
  inserted: colors.green,
  changed: colors.yellow,
  heading: colors.bold,
  faint: colors.dim,
};

const paint = (text: string, tone: Tone) => TONES[tone](text).text;

function json(difference: ModelDifference) {
  const { header, inputs, outputs, kept, removed, inserted, unread } = difference;
  return {
    same: isSame(difference),
    header,
    inputs: portsJson(inputs),
    outputs: portsJson(outputs),
    nodes: {
      same: kept.filter((k) => k.changes.length + k.rewired.length === 0).length,
      changed: kept.filter((k) => k.changes.length > 0).length,
      rewired: kept.filter((k) => k.changes.length === 0 && k.rewired.length > 0).length,
      removed: removed.length,
      inserted: inserted.length,
    },
    unreadConstants: unread,
    regions: regionsOf(difference).map((region: Region) => ({
      removed: region.removed.map(nodeJson),
      inserted: region.inserted.map(nodeJson),
      changed: region.changed.map(changeJson),
    })),
  };
}

const portsJson = ({ removed, inserted, kept }: PortDifference) => ({
  removed: removed.map(({ name }) => name),
  inserted: inserted.map(({ name }) => name),
  changed: kept
    .filter(({ changes }) => changes.length > 0)
    .map(({ before, after, changes }) => ({ name: before.name, after: after.name, changes })),
});

const nodeJson = (node: Node) => ({
  operator: operatorOf(node),
  ...(node.name && { name: node.name }),
  outputs: node.outputs.map((value) => value?.name ?? null),
});

const changeJson = ({ before, after, changes, rewired }: KeptNode) => ({
  ...nodeJson(before),
  after: nodeJson(after),
  changes,
  rewired,
});
