/** `--dump` and `--debug`: what happens to the graph on the way, for whoever looks for a fault. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { checkDump, Dump } from '../compiler/emit/index.js';
import type { BrokenGraph, Stage, WatchOptions } from '../compiler/stages/index.js';
import { dumpInOutput, StepfoldError, withGraphsAt } from '../errors/index.js';

interface DumpArguments {
  readonly dump?: string | undefined;
  readonly debug: boolean;
  /** Replaces an earlier dump. */
  readonly force?: boolean;
  readonly output?: string;
}

const BROKEN: ReadonlySet<string> = new Set(['GRAPH_BROKEN', 'PASS_BROKE_GRAPH']);

/**
 * Does some work and writes the stages that it went through, up to where it failed if it does.
 * @param told of each stage as it comes, whether or not they are written
 * @throws what the work throws, and what `checkDump` throws
 */
export async function dumping<T>(
  { dump, debug, force = false, output }: DumpArguments,
  work: (watch: WatchOptions) => Promise<T>,
  told: (stage: Stage) => void,
): Promise<T> {
  if (dump !== undefined) {
    if (output !== undefined) refuseInside(dump, output);
    checkDump(dump, force);
  }
  const stages = new Dump();
  const keeps = debug || dump !== undefined;
  let result: T;
  try {
    result = await work({
      debug: keeps,
      onStage(stage) {
        told(stage);
        if (dump !== undefined) stages.add(stage);
      },
    });
  } catch (error) {
    if (!keeps || !(error instanceof StepfoldError)) throw error;
    if (!BROKEN.has(error.code)) {
      if (dump !== undefined) stages.write(dump, force);
      throw error;
    }
    stages.addBroken(error.details.data as BrokenGraph);
    const folder = dump ?? fs.mkdtempSync(path.join(os.tmpdir(), 'stepfold-debug-'));
    stages.write(folder, force);
    throw withGraphsAt(error, folder);
  }
  if (dump !== undefined) stages.write(dump, force);
  return result;
}

/** @throws OUTPUT_HOLDS_DUMP when one folder is the other, or lies in it */
function refuseInside(dump: string, output: string): void {
  const [a, b] = [path.resolve(dump), path.resolve(output)];
  const lies = (inner: string, outer: string) =>
    !path.relative(outer, inner).startsWith('..') && !path.isAbsolute(path.relative(outer, inner));
  if (lies(a, b) || lies(b, a)) throw dumpInOutput(dump, output);
}
