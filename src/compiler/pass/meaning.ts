/**
 * What a strategy's result is, in terms of values of the source: a pass's statement to whoever reads a schedule,
 * where strategies are names. `verify` makes its reference of it, and reports their colours.
 */
export type StrategyMeaning =
  /**
   * Computed by the network, as the source does it but for what is said here. `band`: in an attention each query
   * sees the keys beside it alone, or those and what the band lacked at the last call that computed the
   * attention in full (`Site.attention` says where). `halves`: the conditional half of a guidance pair stands
   * for both.
   */
  | {
      readonly result: 'computed';
      readonly band?: 'alone' | 'with-residual';
      readonly halves?: 'shared';
      readonly forecast?: true;
    }
  /** The site's values as the last call that computed them left them; of runs, what `Site.ranges` says of it. */
  | { readonly result: 'kept'; readonly forecast?: true }
  /**
   * Of a guidance pair one half is computed, and the other is that and what both differed by at the last call, or step
   * of two calls, that computed both. In one batch it is the conditional half, in two calls the first.
   */
  | { readonly result: 'derived-half'; readonly forecast?: true }
  /** Zeros in place of the site's values. */
  | { readonly result: 'zeros' }
  /** In place of a run of blocks, by `Site.ranges`: the stream before it and a kept deviation, or the stream kept. */
  | { readonly result: 'kept-run'; readonly forecast?: true };

/** What the forecast of a strategy means, where it has one: the same, with what was kept forecast by `Site.forecast`. */
export function forecastMeaning(meaning: StrategyMeaning): StrategyMeaning | undefined {
  if (meaning.result === 'zeros') return undefined;
  if (meaning.result === 'computed' && meaning.band !== 'with-residual') return undefined;
  return { ...meaning, forecast: true };
}

/** Is what was kept forecast, and not taken as it was? */
export const isForecast = (meaning: StrategyMeaning): boolean =>
  meaning.result !== 'zeros' && meaning.forecast === true;

/** What a pass says of a strategy that its sites have, under the name that schedules have it by. */
export interface StrategyStatement {
  readonly meaning: StrategyMeaning;
  /** What stands for it in a plan as text; left out: one that is free. */
  readonly letter?: string;
}

export type StrategyStatements = Readonly<Record<string, StrategyStatement>>;

/** Are two meanings one? */
export const sameMeaning = (a: StrategyMeaning, b: StrategyMeaning): boolean => {
  const parts = (meaning: StrategyMeaning) => [
    isForecast(meaning),
    ...(meaning.result === 'computed' ? [meaning.band, meaning.halves] : []),
  ];
  return a.result === b.result && parts(a).every((part, i) => part === parts(b)[i]);
};
