/**
 * Triton's sequence batcher: places for so many sequences, a backlog of those for which there is none, and an end to those
 * of which nothing is heard. Time is what the test says it is.
 */
import type { Model, Response } from './model.js';
import { normalized, type Request } from './requests.js';
import { SequenceStates } from './states.js';
import type { Tensor } from './tensors.js';

interface Waiting {
  readonly inputs: Map<string, Tensor>;
  readonly start: boolean;
  readonly end: boolean;
  resolve(response: Response): void;
  reject(error: unknown): void;
}

interface Backlog {
  readonly id: number;
  readonly waiting: Waiting[];
  /** Its last request has come: another sequence of its number is another backlog. */
  closed: boolean;
}

const DEFAULT_IDLE = 1_000_000;

export class Sequences {
  /** What lies in a place until a sequence starts there. */
  private readonly places: (SequenceStates | undefined)[];
  private readonly free: number[];
  private readonly placeOf = new Map<number, number>();
  private readonly heard = new Map<number, number>();
  private readonly backlogs: Backlog[] = [];
  private readonly idle: number;
  private now = 0;

  constructor(private readonly model: Model) {
    const { max_batch_size: rows, sequence_batching: sequence } = model.config;
    const count = sequence!.oldest?.max_candidate_sequences || Math.max(1, rows);
    this.places = Array<undefined>(count).fill(undefined);
    this.free = [...this.places.keys()];
    this.idle = sequence!.max_sequence_idle_microseconds || DEFAULT_IDLE;
  }

  /** How many sequences wait for a place. */
  get waiting(): number {
    return this.backlogs.length;
  }

  /** Resolves when the request has been run, which may take that other sequences end. */
  async infer(request: Request): Promise<Response> {
    const inputs = normalized(this.model.config, request);
    const { id, start = false, end = false } = request.sequence!;
    const backlog = this.backlogs.find((one) => one.id === id && !one.closed);
    let place = this.placeOf.get(id);
    if (!start && place === undefined && !backlog)
      throw new Error(
        `inference request for sequence ${id} must specify the START flag on the first request of the sequence`,
      );
    this.heard.set(id, this.now);
    if (place === undefined && backlog) {
      backlog.closed = end;
      return wait(backlog, { inputs, start, end });
    }
    place ??= this.free.shift();
    if (place === undefined) {
      const made: Backlog = { id, waiting: [], closed: end };
      this.backlogs.push(made);
      return wait(made, { inputs, start, end });
    }
    this.placeOf.set(id, place);
    try {
      return await this.run(place, { inputs, start });
    } finally {
      if (end) {
        this.placeOf.delete(id);
        await this.leave(place);
      }
    }
  }

  async advance(microseconds: number): Promise<void> {
    this.now += microseconds;
    for (const [id, at] of [...this.heard]) {
      const place = this.placeOf.get(id);
      const waits = this.backlogs.some((backlog) => backlog.id === id);
      if (this.now - at < this.idle || (place === undefined && waits)) continue;
      this.heard.delete(id);
      this.placeOf.delete(id);
      if (place !== undefined) await this.leave(place);
    }
  }

  private async run(
    place: number,
    { inputs, start }: Pick<Waiting, 'inputs' | 'start'>,
  ): Promise<Response> {
    const { state } = this.model.config.sequence_batching!;
    if (start || !this.places[place]) this.places[place] = new SequenceStates(state);
    const [response] = await this.model.run([inputs], this.places[place]);
    return response!;
  }

  /** The sequence that has waited longest takes the place, with what lies in it. */
  private async leave(place: number): Promise<void> {
    const next = this.backlogs.shift();
    if (!next) {
      this.free.push(place);
      return;
    }
    if (!next.closed) this.placeOf.set(next.id, place);
    for (const one of next.waiting) await this.run(place, one).then(one.resolve, one.reject);
    if (next.closed) await this.leave(place);
  }
}

const wait = (
  backlog: Backlog,
  request: Pick<Waiting, 'inputs' | 'start' | 'end'>,
): Promise<Response> =>
  new Promise((resolve, reject) => {
    backlog.waiting.push({ ...request, resolve, reject });
  });
