/** What could have been chosen instead of a pass's options: `stepfold report` tries each, and shows what came of it. */
export interface PassTrials {
  /** What the choices are, as a heading: `DeepCache's branches`. */
  readonly title: string;
  /** What their figure shows. */
  readonly figure: string;
  /** What is the same in all of them, as a sentence. */
  readonly note: string;
  readonly choices: readonly {
    readonly label: string;
    /** What stands at its point of the figure. */
    readonly short: string;
    readonly options: Readonly<Record<string, unknown>>;
    /** It is what was chosen. */
    readonly chosen: boolean;
  }[];
}
