/** What a search has measured already, by a name for each: kept beside the plan, so that nothing is measured twice. */
export type SearchMemory = Readonly<Record<string, readonly number[]>>;

/** Infinity stands for what is not finite, and JSON has none. */
const LARGEST = Number.MAX_VALUE;

export class Memo {
  readonly #known: Map<string, readonly number[]>;

  constructor(
    known: SearchMemory,
    private readonly onMeasured: (known: () => SearchMemory) => void,
  ) {
    this.#known = new Map(Object.entries(known));
  }

  get known(): SearchMemory {
    return Object.fromEntries(this.#known);
  }

  async of(name: string, measure: () => Promise<readonly number[]>): Promise<readonly number[]> {
    let found = this.#known.get(name);
    if (!found) {
      found = (await measure()).map((value) => (Number.isFinite(value) ? value : LARGEST));
      this.#known.set(name, found);
      this.onMeasured(() => this.known);
    }
    return found.map((value) => (value === LARGEST ? Number.POSITIVE_INFINITY : value));
  }
}
