/**
 * The states of a running schedule: the engine's own tensors, kept without a copy. A call's writes
 * are taken over together when it has ended, so that a failed call leaves everything as it was.
 */
import type { Tensor } from 'onnxruntime-common';
import { stateShapeChanged } from '../../errors/index.js';
import type { Constant, Schedule } from '../../generated/schedule.js';
import { type Bindings, changedSymbol } from './bindings.js';
import type { Engine } from './engine.js';
import type { SavedData, SavedState, SavedStates } from './saved-image.js';
import { constantTensor, dispose, elementsOf, tensorOf } from './tensors.js';

/** Stands for the call that wrote an initial value. */
const BEFORE = -1;

interface Held {
  readonly tensor: Tensor;
  readonly bindings: Bindings;
  readonly call: number;
}

export class States {
  #held = new Map<string, Held>();
  /** By state, the one that follows it. */
  readonly #followers: ReadonlyMap<string, string>;

  constructor(
    private readonly engine: Engine,
    private readonly schedule: Schedule,
  ) {
    this.#followers = new Map(
      Object.entries(schedule.states).flatMap(([id, { follows }]) =>
        follows === undefined ? [] : [[follows, id]],
      ),
    );
    this.#begin();
  }

  /** States with an initial value hold it before the first call. */
  #begin(): void {
    for (const [id, { type, shape, initial }] of Object.entries(this.schedule.states))
      if (initial) {
        // the schedule's check has made sure that these are a constant's
        const constant = { type, shape, data: initial } as Constant;
        const tensor = constantTensor(this.engine, constant);
        this.#held.set(id, { tensor, bindings: new Map(), call: BEFORE });
      }
  }

  /** The tensor of a state that nothing looks at, where it has one of the sizes of this call. */
  fitting(id: string, bindings: Bindings): Tensor | undefined {
    const held = this.#held.get(id);
    if (!held) return undefined;
    const symbol = changedSymbol(this.schedule.states[id]!.shape, held.bindings, bindings);
    return symbol === undefined ? held.tensor : undefined;
  }

  /**
   * The tensor that a call reads. The schedule's check has made sure that it was written.
   * @throws StepfoldError STATE_SHAPE_CHANGED
   */
  read(id: string, bindings: Bindings, call: number): Tensor {
    const held = this.#held.get(id)!;
    const symbol = changedSymbol(this.schedule.states[id]!.shape, held.bindings, bindings);
    if (symbol !== undefined) {
      const [before, now] = [held.bindings.get(symbol)!, bindings.get(symbol)!];
      throw stateShapeChanged(call, id, symbol, before, now, held.call);
    }
    return held.tensor;
  }

  /** Takes over what a call wrote and frees what it replaced. */
  commit(written: ReadonlyMap<string, Tensor>, bindings: Bindings, call: number): void {
    const replaced = new Set<Tensor>();
    for (const [id, tensor] of written) this.#push(id, { tensor, bindings, call }, replaced);
    // Two states may have been written from one output, and a history may hold one tensor twice.
    const live = new Set([...this.#held.values()].map(({ tensor }) => tensor));
    for (const tensor of replaced) if (!live.has(tensor)) dispose(tensor);
  }

  /** What a state held goes on to the one that follows it; where it held nothing, the new value does. */
  #push(id: string, held: Held, replaced: Set<Tensor>): void {
    const before = this.#held.get(id);
    const follower = this.#followers.get(id);
    if (follower !== undefined) this.#push(follower, before ?? held, replaced);
    if (before) replaced.add(before.tensor);
    this.#held.set(id, held);
  }

  /** Copies: what the image does later does not change them. */
  async save(): Promise<SavedStates> {
    const copies = new Map<Tensor, SavedData>();
    const saved: [string, SavedState][] = [];
    for (const [id, { tensor, bindings, call }] of this.#held) {
      const data = copies.get(tensor) ?? (await elementsOf(tensor));
      copies.set(tensor, data);
      const { type, dims } = tensor;
      saved.push([id, { type, dims: [...dims], data, call, sizes: Object.fromEntries(bindings) }]);
    }
    return Object.fromEntries(saved);
  }

  /** Holds what was saved, in tensors of its own, in place of what it held. */
  restore(saved: SavedStates): void {
    this.clear();
    this.#held.clear();
    const tensors = new Map<SavedData, Tensor>();
    for (const [id, { type, dims, data, call, sizes }] of Object.entries(saved)) {
      const tensor = tensors.get(data) ?? tensorOf(this.engine, type, data, dims);
      tensors.set(data, tensor);
      this.#held.set(id, { tensor, bindings: new Map(Object.entries(sizes)), call });
    }
  }

  clear(): void {
    for (const tensor of new Set([...this.#held.values()].map((held) => held.tensor)))
      dispose(tensor);
    this.#held.clear();
    this.#begin();
  }
}
