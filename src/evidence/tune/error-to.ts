/** To which pictures the distance is the error: those of very many steps, or those of the loop as it is. */
export const ERROR_TO = ['converged', 'own'] as const;
export type ErrorTo = (typeof ERROR_TO)[number];
