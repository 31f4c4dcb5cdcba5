/** Rules by which full steps are placed, by their names alone: the command line asks for them before it loads anything. */
export const PUBLISHED_RULES = ['magcache', 'smoothcache'] as const;
export const PLACEMENT_RULES = ['end-error', ...PUBLISHED_RULES] as const;
export type PlacementRule = (typeof PLACEMENT_RULES)[number];
