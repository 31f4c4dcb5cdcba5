/**
 * A bundle under change: its schedule as JSON, its models as onnx-proto decodes them. Nothing here is the
 * compiler's own code. Hashes are put right when it is saved, so that they give nothing away.
 */
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import type { Schedule } from '../../src/runtime/schedule/index.js';
import { OnnxModel } from './onnx-model.js';

/** A schedule that can be written to. */
export type Writable<T> = T extends object ? { -readonly [K in keyof T]: Writable<T[K]> } : T;

export class Tampered {
  readonly schedule: Writable<Schedule>;
  private readonly models = new Map<string, OnnxModel>();

  constructor(readonly folder: string) {
    this.schedule = JSON.parse(fs.readFileSync(this.file('schedule.json'), 'utf8'));
  }

  file(name: string): string {
    return path.join(this.folder, name);
  }

  /** A model by its id in the schedule. */
  model(id: string): OnnxModel {
    const entry = this.schedule.models[id];
    if (!entry) throw new Error(`no model "${id}", only ${Object.keys(this.schedule.models)}`);
    let model = this.models.get(id);
    if (!model) {
      model = OnnxModel.read(this.file(entry.file));
      this.models.set(id, model);
    }
    return model;
  }

  /** The model of the only run of a program. */
  of(program: string): OnnxModel {
    return this.model(this.run(program).model);
  }

  get everyModel(): OnnxModel[] {
    return Object.keys(this.schedule.models).map((id) => this.model(id));
  }

  /** A run of a program, by default its first. */
  run(program: string, index = 0) {
    const run = this.schedule.programs[program]?.runs[index];
    if (!run)
      throw new Error(`no program "${program}", only ${Object.keys(this.schedule.programs)}`);
    return run;
  }

  get everyRun() {
    return Object.values(this.schedule.programs).flatMap(({ runs }) => runs);
  }

  save(): void {
    for (const [id, model] of this.models) {
      const entry = this.schedule.models[id];
      if (!entry) continue;
      const bytes = model.encode();
      fs.writeFileSync(this.file(entry.file), bytes);
      entry.sha256 = createHash('sha256').update(bytes).digest('hex');
    }
    fs.writeFileSync(this.file('schedule.json'), JSON.stringify(this.schedule));
  }
}
