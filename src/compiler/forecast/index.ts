/** Forecasts of what is kept: weighted sums of its last values, as strategies beside those that take it as it was. */
export * from './options.js';
export * from './with-forecasts.js';
