// The order of what a search finds: a task or a name that was asked for, before a page that mentions it often.
import { GROUPS } from './pages.mjs';

/**
 * How much a page counts in the search: tasks before what explains, and that before what is read in passing or looked up
 * by its name. Headings count more by themselves.
 */
const WEIGHTS = [
  [/^reference\//, 0.2],
  [/^docs\/errors/, 0.5],
  [/^(docs\/decisions|bench|conformance|api|CHANGELOG|CONTRIBUTING)/, 0.3],
];
const tasks = GROUPS.filter(({ name }) => ['Start', 'Tasks'].includes(name));

export const weightOf = (file) =>
  WEIGHTS.find(([which]) => which.test(file))?.[1] ??
  (tasks.some(({ pages }) => pages.includes(file)) ? 2 : 1);

/** What headings count where they are sentences, and where a page is so long that its names would be lost in it. */
const HEADINGS = [
  [/^docs\/decisions/, 1],
  [/^reference/, 10],
];
/** @returns the page's HTML, with what its headings count */
export function withWeights(file, html) {
  const weight = HEADINGS.find(([which]) => which.test(file))?.[1];
  return weight
    ? html.replaceAll(/<(h[1-6])(?=[ >])/g, `<$1 data-pagefind-weight="${weight}"`)
    : html;
}
