// What the site shows, and where: groups by what a reader wants, each a list of files of the repository. A page keeps
// its place, so that a link between two of them is the same here as in the repository; README.md is a folder's index.
import fs from 'node:fs';
import path from 'node:path';

export const root = path.dirname(import.meta.dirname);

/** Pages made from the public declarations, by entry point; `api.mjs` writes them. */
export const REFERENCE = 'reference';

export const GROUPS = [
  {
    name: 'Start',
    pages: [
      'README.md',
      'docs/is-it-for-me.md',
      'docs/guide.md',
      'docs/recipes.md',
      'docs/tune.md',
    ],
  },
  {
    name: 'Tasks',
    pages: [
      'docs/image-to-image.md',
      'docs/controlnet.md',
      'docs/sdxl.md',
      'docs/flux.md',
      'docs/browser.md',
      'docs/server.md',
      'docs/python.md',
      'docs/pipelines.md',
      'docs/triton.md',
      'actions/verify/README.md',
      'samples/space/README.md',
    ],
  },
  {
    name: 'Methods',
    pages: [
      'docs/transformers.md',
      'docs/samplers.md',
      'docs/schedulers.md',
      'docs/forms.md',
      'docs/targets.md',
      'docs/matrix.md',
      'docs/architectures.md',
      'docs/measurements.md',
      'docs/writing-passes.md',
    ],
  },
  {
    name: 'Reference',
    pages: [
      'docs/schedule.md',
      'docs/errors.md',
      'docs/stability.md',
      'docs/web.md',
      'samples/server/README.md',
      'readers/python/README.md',
      'readers/c/README.md',
      'packages/queue/README.md',
      'CHANGELOG.md',
    ],
  },
  {
    name: 'Inside',
    pages: [
      'docs/architecture.md',
      'docs/decisions/README.md',
      'docs/robustness.md',
      'docs/tampering.md',
      'docs/mutation.md',
      'samples/README.md',
      'conformance/README.md',
      'bench/README.md',
      'api/README.md',
      'CONTRIBUTING.md',
    ],
  },
];

/** In the list of pages, where a title says too little beside others. */
export const LABELS = {
  'README.md': 'What it is',
  'docs/web.md': 'The web page',
  'bench/README.md': 'Scripts that measure',
  'packages/queue/README.md': 'A queue for tuning',
  'actions/verify/README.md': 'In CI, by an Action',
  'samples/space/README.md': 'A Hugging Face Space',
};

const namesIn = (folder) =>
  fs
    .readdirSync(path.join(root, folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `${folder}/${name}`);

/** Pages that are reached from another, and not listed beside it. */
const beneath = [...namesIn('docs/decisions'), ...namesIn('api')];

/** Every file of the repository that becomes a page. */
export function listPages() {
  const listed = GROUPS.flatMap(({ pages }) => pages);
  const forgotten = namesIn('docs').filter((file) => !listed.includes(file));
  if (forgotten.length)
    throw new Error(`site/pages.mjs: no group has ${forgotten.join(', ')}; put it into one`);
  return [...new Set([...listed, ...beneath])];
}

/** The group's page that a page belongs to: a decision to the list of decisions. */
export const listedAs = (file) =>
  beneath.includes(file) ? `${path.posix.dirname(file)}/README.md` : file;

/** Where a page lies on the site. */
export const addressOf = (file) =>
  path.posix.basename(file) === 'README.md'
    ? path.posix.join(path.posix.dirname(file), 'index.html')
    : file.replace(/\.md$/, '.html');

/** From one page to another place of the site: works under any path, and without a server. */
export const between = (from, to) => path.posix.relative(path.posix.dirname(from), to) || '.';
