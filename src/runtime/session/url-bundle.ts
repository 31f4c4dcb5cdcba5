/** A bundle at a web address, for browsers and everything else that has `fetch`. */
import { fetchFailed, scheduleFileEscapes } from '../../errors/index.js';
import type { Bundle } from './engine.js';

/**
 * Fetches schedule.json; models and weights are fetched when they are needed.
 * @param base address of the bundle's folder; relative addresses are taken from the page's
 * @throws StepfoldError FETCH_FAILED
 */
export async function bundleFromUrl(base: string | URL, init?: RequestInit): Promise<Bundle> {
  const folder = new URL(base, globalThis.location?.href);
  if (!folder.pathname.endsWith('/')) folder.pathname += '/';
  const get = async (file: string): Promise<Response> => {
    // Schedules name plain files; a "#" or "?" in a name is part of it.
    const url = new URL(encodeURIComponent(file), folder);
    // `.` and `..` are the two names that encoding leaves as they are; a schedule with them is refused
    if (!url.pathname.startsWith(folder.pathname)) throw scheduleFileEscapes(file, folder.href);
    url.search = folder.search;
    const response = await fetch(url, init).catch((error: Error) => {
      throw fetchFailed(url.href, error.message);
    });
    if (!response.ok) throw fetchFailed(url.href, `${response.status} ${response.statusText}`);
    return response;
  };
  return {
    schedule: await (await get('schedule.json')).text(),
    open: async (file) => (await get(file)).arrayBuffer(),
    externalData: async (file) => (await get(file)).arrayBuffer(),
  };
}
