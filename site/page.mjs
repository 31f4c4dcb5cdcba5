// One page as HTML: the navigation of the site, what the page says, and what is on it.
import { addressOf, between, GROUPS, listedAs } from './pages.mjs';

const escaped = (text) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');

/** @param reference the pages of the reference, which stand in their group before the rest */
function navigation(at, current, titles, reference) {
  const item = (file) => {
    const here = file === current ? ' aria-current="page"' : '';
    return `<li><a href="${between(at, addressOf(file))}"${here}>${escaped(titles.get(file))}</a></li>`;
  };
  return GROUPS.map(({ name, pages }) => {
    const all = name === 'Reference' ? [...reference, ...pages] : pages;
    return `<section><h2>${name}</h2><ul>${all.map(item).join('')}</ul></section>`;
  }).join('\n');
}

function contents(headings) {
  if (headings.length < 2) return '';
  const items = headings.map(
    ({ level, id, text }) =>
      `<li class="level-${level}"><a href="#${id}">${escaped(text)}</a></li>`,
  );
  return `<nav class="side contents" aria-label="On this page"><h2>On this page</h2><ul>${items.join('')}</ul></nav>`;
}

/**
 * @param page `file`, `title`, `html`, `headings` of one page, and its `weight` in the search, which leaves it out without one
 * @param titles of all pages that are listed, by file
 */
export function render({ file, title, html, headings, weight }, titles, reference) {
  const at = addressOf(file);
  const to = (place) => between(at, place);
  const current = listedAs(file);
  const name = file === 'README.md' ? title : `${title} · Stepfold`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escaped(name)}</title>
<link rel="icon" href="${to('assets/icon.svg')}">
<link rel="stylesheet" href="${to('assets/style.css')}">
<script src="${to('assets/theme.js')}"></script>
<script src="${to('assets/page.js')}" type="module"></script>
</head>
<body>
<a class="skip" href="#main">To the text</a>
<header>
<button id="menu" type="button" aria-expanded="false" aria-controls="navigation">Pages</button>
<a class="brand" href="${to('index.html')}">Stepfold</a>
<button id="find" type="button">Search <kbd>/</kbd></button>
<button id="theme" type="button" aria-label="Light or dark">◐</button>
</header>
<div class="columns">
<nav id="navigation" class="side" aria-label="Pages">
${navigation(at, current, titles, reference)}
</nav>
<main id="main" class="text"${weight ? ` data-pagefind-body data-pagefind-weight="${weight}"` : ''}>
${html}
</main>
${contents(headings)}
</div>
<dialog id="search" aria-label="Search"><div id="found"></div></dialog>
</body>
</html>
`;
}
