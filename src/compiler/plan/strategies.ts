/** Making strategies: most read nothing, keep nothing and have few members. */
import type { Strategy } from './site.js';

export const strategyOf = (
  name: string,
  description: string,
  rest: Partial<Omit<Strategy, 'name' | 'description'>> = {},
): Strategy => ({ name, description, reads: [], writes: {}, ...rest });

/** As `Site.strategies` has them. */
export const strategiesByName = (strategies: readonly Strategy[]): Record<string, Strategy> =>
  Object.fromEntries(strategies.map((strategy) => [strategy.name, strategy]));
