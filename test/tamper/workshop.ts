/** Makes sources and bundles in a folder that lives as long as the tests, each of them once. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { writeBundle } from '../../src/compiler/emit/index.js';
import { Pipeline } from '../../src/compiler/pipeline/index.js';
import { loadModel, saveModel } from '../../src/model/onnx/files.js';
import { writeLayout } from '../helpers/layouts.js';
import { modelOf } from '../helpers/text.js';
import {
  type BundleName,
  EXTERNAL,
  planOf,
  RECIPES,
  type Recipe,
  SOURCES,
  type SourceName,
} from './bundles.js';
import { Tampered } from './tampered.js';

export class Workshop {
  private readonly root = fs.mkdtempSync(path.join(os.tmpdir(), 'stepfold-tamper-'));
  private readonly made = new Map<string, Promise<string>>();
  private copies = 0;

  close(): void {
    fs.rmSync(this.root, { recursive: true, force: true });
  }

  /** Path of a source model. */
  source(name: SourceName): string {
    const folder = path.join(this.root, name);
    const file = path.join(folder, 'model.onnx');
    if (fs.existsSync(file)) return file;
    fs.mkdirSync(folder);
    saveModel(modelOf(SOURCES[name]), file);
    if (EXTERNAL.has(name))
      writeLayout(folder, fs.readFileSync(file), { file: () => 'model.onnx_data' });
    return file;
  }

  /** Folder of a bundle as the compiler made it. */
  original(name: BundleName): Promise<string> {
    return this.once(name, RECIPES[name]);
  }

  /** Folder of a bundle that another plan or other options made, for its parts. */
  once(name: string, recipe: Recipe): Promise<string> {
    let made = this.made.get(name);
    if (!made) {
      made = this.build(path.join(this.root, `bundle ${this.made.size}`), recipe);
      this.made.set(name, made);
    }
    return made;
  }

  /** A copy of a bundle, to be changed. */
  async copy(name: BundleName): Promise<Tampered> {
    const folder = path.join(this.root, `copy ${this.copies++}`);
    fs.cpSync(await this.original(name), folder, { recursive: true });
    return new Tampered(folder);
  }

  private async build(
    folder: string,
    { source, loop, plan, passes, ruled }: Recipe,
  ): Promise<string> {
    const file = this.source(source);
    let pipeline = Pipeline.create({
      ...loop,
      fixedLoop: !ruled,
      ...(plan && {
        plan: { format: 'stepfold.plan', version: 1, calls: loop.calls, sites: planOf(plan) },
      }),
    });
    for (const [pass, options] of passes) pipeline = pipeline.use(pass, options as never);
    writeBundle(await pipeline.compile(loadModel(file)), folder, { sourceFile: file });
    return folder;
  }
}
