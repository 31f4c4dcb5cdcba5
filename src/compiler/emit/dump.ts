/** The stages of a compilation as texts in a folder, numbered so that names sort as they came. */
import fs from 'node:fs';
import path from 'node:path';
import { readRegularText } from '../../io/regular-file.js';
import { cloneModel } from '../../model/ir/clone.js';
import type { Model } from '../../model/ir/model.js';
import { findCycle, sortNodes } from '../../model/ir/order.js';
import { printModel } from '../../model/onnx/text/index.js';
import type { BrokenGraph, Stage } from '../stages/index.js';
import { checkTarget, writeFolder } from './folder.js';

/** Begins every file, so that a later dump may replace it. */
const MARK = '# stepfold stage';
const NAME = /^\d{2,}-.*\.txt$/;
/** Longer names than this no file system has to take; sites and programs of a user's own may be longer. */
const LONGEST = 80;

export class Dump {
  private readonly files = new Map<string, string>();

  add({ name, model, notes }: Stage): void {
    const number = String(this.files.size).padStart(2, '0');
    const safe = name.replace(/[^A-Za-z0-9._-]+/g, '-').slice(0, LONGEST);
    const lines = [`${MARK} ${number}: ${name}`, ...notes.map((note) => `# ${oneLine(note)}`)];
    this.files.set(`${number}-${safe}.txt`, `${lines.join('\n')}\n${textOf(model)}`);
  }

  /** The graphs on both sides of a step that broke one. */
  addBroken({ step, violations, before, after }: BrokenGraph): void {
    if (before) this.add({ name: 'before', model: before, notes: [`before the step "${step}"`] });
    const notes = [`after the step "${step}"`, ...violations.map(({ message }) => message)];
    this.add({ name: 'broken', model: after, notes });
  }

  /**
   * Writes all files or none.
   * @throws what `checkDump` throws
   */
  write(folder: string, force: boolean): void {
    const fill = (staging: string) => {
      for (const [name, text] of this.files) fs.writeFileSync(path.join(staging, name), text);
    };
    writeFolder(folder, force, fill, dumpedFiles);
  }
}

/**
 * Checks that a dump can be written, before the work: `force` replaces an earlier one, and nothing else.
 * @throws OUTPUT_UNNAMED, OUTPUT_IS_A_FILE, OUTPUT_NOT_EMPTY, OUTPUT_NOT_A_BUNDLE, WRITE_FAILED
 */
export const checkDump = (folder: string, force: boolean): void =>
  checkTarget(folder, force, undefined, dumpedFiles);

/** Files of a folder that an earlier dump wrote. */
function dumpedFiles(folder: string): Set<string> {
  const isOurs = (name: string) => {
    try {
      return NAME.test(name) && readRegularText(path.join(folder, name)).startsWith(MARK);
    } catch {
      return false;
    }
  };
  return new Set(fs.readdirSync(folder).filter(isOurs));
}

const oneLine = (text: string): string => text.replace(/[\r\n]+/g, ' ');

/** Nodes in order where there is one: a graph that was broken may have none. */
function textOf(model: Model): string {
  const { model: copy } = cloneModel(model);
  if (!findCycle(copy.graph)) sortNodes(copy.graph);
  return printModel(copy);
}
