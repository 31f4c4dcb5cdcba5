/** Names of the inputs and outputs that a probe has beside those of the source. */
const PREFIX = 'stepfold.probe';

/** Inputs and outputs for one value of a site. */
export const valueNames = (value: string) => ({
  /** bool: take what is given in place of the value. */
  use: `${PREFIX}.use.${value}`,
  given: `${PREFIX}.given.${value}`,
  /** int64 [rows]: which row of the value stands in each row. */
  rows: `${PREFIX}.rows.${value}`,
  /** The value as the network makes it, its rows in that order. */
  seen: `${PREFIX}.seen.${value}`,
});

/** Inputs and outputs for an output of which one half of a guidance pair may be had from the other. */
export const pairNames = (value: string) => ({
  /** bool: take what is given, or of one batch the conditional half for both, and what is given on top. */
  use: `${PREFIX}.pair.use.${value}`,
  given: `${PREFIX}.pair.given.${value}`,
  /** The output as the network makes it. */
  seen: `${PREFIX}.pair.seen.${value}`,
});

/** Inputs and outputs for a run of blocks, by the stream behind it. */
export const runNames = (to: string) => ({
  /** bool: take what is given in place of the run. */
  use: `${PREFIX}.run.use.${to}`,
  given: `${PREFIX}.run.given.${to}`,
  /** What a call that runs the blocks keeps. */
  kept: `${PREFIX}.run.kept.${to}`,
});

/** Inputs and outputs for the product with v of one attention. */
export const bandNames = (mixed: string) => ({
  /** bool: take the band and what is added to it. */
  use: `${PREFIX}.band.use.${mixed}`,
  residual: `${PREFIX}.band.residual.${mixed}`,
  /** What the band lacks of the full product. */
  lacks: `${PREFIX}.band.lacks.${mixed}`,
});

/** bool: the input that says which keys each query sees; one for all attentions of a size and window. */
export const maskName = (dims: readonly number[], window: object) =>
  `${PREFIX}.mask.${dims.join('x')}.${JSON.stringify(window)}`;

export const innerName = (value: string) => `${PREFIX}.inner.${value}`;
