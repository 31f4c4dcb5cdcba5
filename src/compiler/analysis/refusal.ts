/** What an analysis says where it does not find what it looks for. */

/** Why something is not what was looked for. */
export interface Refusal {
  /** The condition that failed. */
  readonly reason: string;
  /** The node where it failed, by name. */
  readonly node?: string | undefined;
  readonly nearest?: readonly string[];
}
