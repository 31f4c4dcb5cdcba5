/** What lies in Redis. Everything but the queues, which BullMQ keeps, goes by itself after a while. */

/** Also of BullMQ's keys: `stepfold:<search>:…`. */
export const PREFIX = 'stepfold';

/** Searches by the time, in milliseconds of the server, at which they were last heard of. */
export const SEARCHES = `${PREFIX}:searches`;
export const fileKey = (hash: string): string => `${PREFIX}:file:${hash}`;
export const resultKey = (id: string): string => `${PREFIX}:result:${id}`;
export const remarksKey = (search: string): string => `${PREFIX}:remarks:${search}`;

/** Seconds. A search says more often that it is there. */
export const SEARCH_STAYS = 600;
export const RESULT_STAYS = 3600;
export const MOST_REMARKS = 100;
