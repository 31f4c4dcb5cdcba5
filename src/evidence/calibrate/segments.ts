/**
 * The fast way to run a search. The model is cut at its sites (partition.ts); of a call with every
 * site computed, all that crosses a border is kept, and a candidate runs only what its change can
 * reach. What candidates of a site share is run once: guidance sharing needs no run of its own, since
 * attention never mixes rows. When a site is fixed, what its last candidate made is taken over, so
 * neither the next site nor the end of the call runs anything twice.
 *
 * It costs memory for the values at the borders: about two of the size of the residual stream a site.
 */
import type { InferenceSession, Tensor } from 'onnxruntime-common';
import type { Value } from '../../model/ir/value.js';
import { withoutSpinning } from '../../runtime/session/spinning.js';
import { type Ort, runModel } from '../measure/engine.js';
import { openModels } from '../measure/scratch.js';
import { type CutModel, cutModel } from './cut.js';
import type { CallEvaluator, OpenSearch } from './evaluator.js';
import { repeatHalf } from './halves.js';
import { KeptStates } from './kept-states.js';
import type { Mode } from './modes.js';
import type { Piece } from './pieces.js';
import type { SearchSpace } from './space.js';
import { shareOfWork } from './work.js';

export const openSegments: OpenSearch = async ({
  ort,
  model,
  shapes,
  space,
  prediction,
  sessionOptions,
}) => {
  const cut = cutModel(model, shapes, space);
  const segments = cut.segments.filter((piece) => piece.outputs.length > 0);
  const modes = space.modes.flatMap((list, s) =>
    list.flatMap((mode) => cut.mode(s, mode).piece ?? []),
  );
  const pieces = [...segments, ...modes];
  // dozens of sessions, each of which would hold on to the memory of its largest attention
  const turns = { enableCpuMemArena: false, ...withoutSpinning(sessionOptions) };
  const opened = await openModels(
    ort,
    pieces.map((piece) => ({
      name: piece.model.graph.name,
      model: piece.model,
      options: modes.includes(piece) ? sharingWeights(turns) : turns,
    })),
  );
  const sessions = new Map(pieces.map((piece, i) => [piece, opened[i]!]));
  const evaluator = new SegmentEvaluator(ort, cut, space, sessions, prediction);
  return { evaluator, flows: cut.flows };
};

/** Weights stay mapped from the file, where a segment has them as well. */
function sharingWeights(options: InferenceSession.SessionOptions): InferenceSession.SessionOptions {
  const { session, ...extra } = (options.extra ?? {}) as { session?: Record<string, unknown> };
  return {
    graphOptimizationLevel: 'extended',
    ...options,
    extra: { ...extra, session: { disable_prepacking: '1', ...session } },
  };
}

/** What a site makes and keeps in a mode, as far as it was asked for. */
interface Made {
  values(): Promise<readonly Tensor[]>;
  keeps(): Promise<ReadonlyMap<string, Tensor>>;
}

type Tensors = Map<Value, Tensor>;

class SegmentEvaluator implements CallEvaluator {
  evaluations = 0;
  readonly #outputs: ReadonlyMap<string, Value>;
  readonly #states: KeptStates;
  /** How each site is computed in this call. */
  #computed: readonly Mode[] = [];
  /** What crosses borders in this call, with sites as they are fixed and those behind computed. */
  #current: Tensors = new Map();
  #kept = new Map<string, Tensor>();
  /** By mode, of the site whose turn it is. */
  #made = new Map<string, Made>();
  #tried: { readonly key: string; readonly values: Tensors } | undefined;
  #share: ((piece: Piece) => number) | undefined;

  constructor(
    private readonly ort: Ort,
    private readonly cut: CutModel,
    private readonly space: SearchSpace,
    private readonly sessions: ReadonlyMap<Piece, InferenceSession>,
    private readonly prediction: string,
  ) {
    this.#outputs = new Map(cut.graph.outputs.map((value) => [value.name, value]));
    this.#states = new KeptStates(ort as never, space.sites, space.histories);
  }

  async begin(feeds: InferenceSession.FeedsType, computed: readonly Mode[]): Promise<Tensor> {
    this.#start(feeds);
    this.#computed = computed;
    for (const piece of this.cut.segments) await this.#run(piece, this.#current);
    return this.#predictionIn(this.#current);
  }

  async attempt(site: number, mode: Mode): Promise<Tensor> {
    const values: Tensors = new Map();
    const made = await this.#make(site, mode).values();
    for (const [k, value] of this.cut.sites[site]!.entries()) values.set(value, made[k]!);
    for (const piece of this.cut.segments)
      if (piece.inputs.some((input) => values.has(input))) await this.#run(piece, values);
    this.#tried = { key: mode.key, values };
    return this.#predictionIn(values);
  }

  async fix(site: number, mode: Mode): Promise<void> {
    // of those tried only the last is held, with what it changed behind the site
    const changes = mode.key !== this.#computed[site]!.key;
    if (changes && this.#tried?.key !== mode.key) await this.attempt(site, mode);
    const keeps = await this.#make(site, mode).keeps();
    for (const [state, tensor] of keeps) this.#kept.set(state, tensor);
    if (this.#tried?.key === mode.key)
      for (const [value, tensor] of this.#tried.values) this.#current.set(value, tensor);
    this.#nextSite();
  }

  async end(): Promise<InferenceSession.ReturnType> {
    this.#states.take(this.#kept);
    const outputs = [...this.#outputs].map(([name, value]) => [name, this.#current.get(value)!]);
    this.#current = new Map();
    return Object.fromEntries(outputs);
  }

  async replay(
    feeds: InferenceSession.FeedsType,
    modes: readonly Mode[],
  ): Promise<InferenceSession.ReturnType> {
    this.#start(feeds);
    const runLevel = async (level: number) => {
      for (const piece of this.cut.segments)
        if (piece.level === level) await this.#run(piece, this.#current);
    };
    await runLevel(-1);
    for (const [s, mode] of modes.entries()) {
      const made = this.#make(s, mode);
      const values = await made.values();
      // before the site's own value gives way to that of the mode, which is kept from it
      for (const [state, tensor] of await made.keeps()) this.#kept.set(state, tensor);
      for (const [k, value] of this.cut.sites[s]!.entries()) this.#current.set(value, values[k]!);
      this.#nextSite();
      await runLevel(s);
    }
    return this.end();
  }

  again(): CallEvaluator {
    return new SegmentEvaluator(this.ort, this.cut, this.space, this.sessions, this.prediction);
  }

  async release(): Promise<void> {
    for (const session of this.sessions.values()) await session.release();
  }

  #start(feeds: InferenceSession.FeedsType): void {
    this.#share ??= this.#sharesOf(feeds as Record<string, Tensor>);
    this.#current = new Map();
    this.#kept = new Map();
    this.#nextSite();
    for (const input of this.cut.graph.inputs) {
      const tensor = feeds[input.name] as Tensor | undefined;
      if (tensor) this.#current.set(input, tensor);
    }
    for (const [state, input] of this.cut.states) {
      const tensor = this.#states.read(state);
      if (tensor) this.#current.set(input, tensor);
    }
  }

  #nextSite(): void {
    this.#made = new Map();
    this.#tried = undefined;
  }

  #make(site: number, mode: Mode): Made {
    const known = this.#made.get(mode.key);
    if (known) return known;
    const made = this.#fromHalf(site, mode) ?? this.#fromPiece(site, mode);
    this.#made.set(mode.key, made);
    return made;
  }

  /** From the mode that a shared one is a half of; undefined where that does not keep all of its states. */
  #fromHalf(site: number, { half, ...mode }: Mode): Made | undefined {
    const keeps = [...this.cut.mode(site, mode).keeps.keys()];
    const whole = half && this.cut.mode(site, half.of);
    if (!half || !whole || keeps.some((state) => !whole.keeps.has(state))) return undefined;
    const from = this.#make(site, half.of);
    const repeat = (tensor: Tensor, name: string) =>
      repeatHalf(this.ort.Tensor as never, tensor, half.which, name);
    return {
      values: async () =>
        (await from.values()).map((tensor, k) => repeat(tensor, this.cut.sites[site]![k]!.name)),
      keeps: async () => {
        const kept = keeps.length > 0 ? await from.keeps() : new Map();
        return new Map(keeps.map((state) => [state, repeat(kept.get(state)!, state)]));
      },
    };
  }

  #fromPiece(site: number, mode: Mode): Made {
    const { piece, values, keeps } = this.cut.mode(site, mode);
    const results: Tensors = new Map();
    let running: Promise<unknown> | undefined;
    const get = async (value: Value): Promise<Tensor> => {
      if (piece?.outputs.includes(value)) {
        running ??= this.#run(piece, results);
        await running;
        return results.get(value)!;
      }
      return this.#current.get(value)!;
    };
    return {
      values: () => Promise.all(values.map(get)),
      keeps: async () => {
        const kept = new Map<string, Tensor>();
        for (const [state, value] of keeps) kept.set(state, await get(value));
        return kept;
      },
    };
  }

  /** Runs a piece on what `into` holds, else on the current values; its results go into `into`. */
  async #run(piece: Piece, into: Tensors): Promise<void> {
    const session = this.sessions.get(piece);
    if (!session) return;
    const feeds = Object.fromEntries(
      piece.inputs.map((input) => [input.name, into.get(input) ?? this.#current.get(input)!]),
    );
    const results = await runModel(session, feeds, piece.model.graph.name);
    for (const output of piece.outputs) into.set(output, results[output.name]!);
    this.evaluations += this.#share!(piece);
  }

  #predictionIn(values: Tensors): Tensor {
    const value = this.#outputs.get(this.prediction)!;
    return values.get(value) ?? this.#current.get(value)!;
  }

  #sharesOf(feeds: Readonly<Record<string, Tensor>>): (piece: Piece) => number {
    const { model, segments } = this.cut;
    const share = shareOfWork(
      model,
      segments.flatMap((piece) => [...piece.nodes]),
      feeds,
    );
    const known = new Map([...this.sessions.keys()].map((piece) => [piece, share(piece.nodes)]));
    return (piece) => known.get(piece)!;
  }
}
