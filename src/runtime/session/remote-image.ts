/**
 * What an image in another thread has here: its number. Feeds are copied over, since the caller keeps them;
 * results are moved. States never leave the worker unless they are saved.
 */
import type { OnnxValue, Tensor } from 'onnxruntime-common';
import { tensorNotTransferable } from '../../errors/index.js';
import type { Schedule } from '../../generated/schedule.js';
import type { Connection } from './connection.js';
import type { Engine } from './engine.js';
import type { CallRequest, ImageRunner } from './image-surface.js';
import { packCopies, unpack } from './messages.js';
import { fieldsOf, type SavedImage, type SavedStates } from './saved-image.js';
import { fill, isInMemory } from './tensors.js';

export class RemoteImage implements ImageRunner {
  constructor(
    private readonly ort: Pick<Engine, 'Tensor'>,
    private readonly connection: Connection,
    private readonly image: number,
    private readonly inputNames: readonly string[],
  ) {}

  async execute({ feeds, wanted, options }: CallRequest) {
    const { connection, image, ort } = this;
    const targets = [...wanted] as [string, Tensor | null][];
    for (const [name, target] of targets)
      if (target && !isInMemory(target)) throw tensorNotTransferable(name, target.location);
    const { tensors, transfer } = packCopies(this.inputNames, feeds);
    const asked = targets.map(([name, target]) =>
      target ? { name, into: { type: target.type, dims: target.dims } } : { name },
    );
    const { outputs: made, milliseconds } = await connection.ask<'run'>(
      (id) => ({ kind: 'run', image, id, feeds: tensors, wanted: asked, options }),
      transfer,
    );
    const outputs: Record<string, OnnxValue> = unpack(ort, made);
    for (const [name, target] of targets) {
      if (!target) continue;
      await fill(name, target, outputs[name] as Tensor);
      outputs[name] = target;
    }
    return { outputs, milliseconds };
  }

  forget(): void {
    this.connection.tell({ kind: 'reset', image: this.image });
  }

  follow(schedule: Schedule): void {
    this.connection.tell({ kind: 'follow', image: this.image, schedule });
  }

  async save(): Promise<SavedStates> {
    const { connection, image } = this;
    return (await connection.ask<'save'>((id) => ({ kind: 'save', image, id }))).states;
  }

  restore(saved: SavedImage): void {
    // what else lies in it is nobody's, and may be what no message can hold
    this.connection.tell({ kind: 'restore', image: this.image, saved: fieldsOf(saved) });
  }

  async close(): Promise<void> {
    const { connection, image } = this;
    if (!connection.isLost)
      await connection.ask<'release'>((id) => ({ kind: 'release', image, id }));
  }
}
