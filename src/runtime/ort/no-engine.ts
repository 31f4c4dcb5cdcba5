/** Where no engine comes with the surroundings. */
import type { Engine } from './engine.js';

export const importEngine = async (): Promise<Engine | undefined> => undefined;
