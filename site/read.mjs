// From the Markdown of a page to what the site shows of it: links and pictures as they are there, an anchor at each
// heading, and a frame around each table, in which it can be wider than a phone.
import GithubSlugger from 'github-slugger';
import { parseHTML } from 'linkedom';
import { resolve } from './links.mjs';
import { toHtml } from './markdown.mjs';

const withAttributes = (element, attributes) => {
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
};

/** The anchor that TypeDoc puts in front of what has a name, taken away from there. */
function anchorBefore(heading) {
  const before = heading.previousElementSibling;
  const anchor = before?.tagName === 'P' && before.textContent === '' && before.firstElementChild;
  if (!anchor?.id) return undefined;
  before.remove();
  return anchor.id;
}

/**
 * Gives headings their anchors. The search shows each heading with an anchor by itself, so that the title has its own in
 * front of it, and in the reference a list of parameters has none.
 *
 * @param isReference anchors are those of TypeDoc, else the ones that the repository's web view makes
 * @returns those that a table of contents shows
 */
function anchorHeadings(document, isReference) {
  const slugger = new GithubSlugger();
  const shown = [];
  for (const heading of document.querySelectorAll('h1, h2, h3, h4, h5, h6')) {
    const text = heading.textContent;
    const level = Number(heading.tagName[1]);
    const named = isReference ? anchorBefore(heading) : undefined;
    const id = named ?? slugger.slug(text);
    if (level === 1) heading.before(withAttributes(document.createElement('span'), { id }));
    else if (!isReference || named || level === 2) {
      heading.setAttribute('id', id);
      if (level < 4) shown.push({ level, id, text });
      const label = `Link to ${text}`;
      heading.append(
        withAttributes(document.createElement('a'), {
          class: 'anchor',
          href: `#${id}`,
          'aria-label': label,
        }),
      );
    }
  }
  return shown;
}

/** In place of a link to a file of the repository, of which nobody knows where it is shown. */
function nameOf(document, link, file) {
  const span = withAttributes(document.createElement('span'), {
    class: 'file',
    title: `${file}, in the repository`,
  });
  span.innerHTML = link.innerHTML;
  if (!link.textContent.includes(file)) {
    const code = document.createElement('code');
    code.textContent = file;
    span.append(' (', code, ')');
  }
  link.replaceWith(span);
}

function frameTables(document) {
  for (const table of document.querySelectorAll('table')) {
    const frame = withAttributes(document.createElement('div'), { class: 'wide', tabindex: '0' });
    table.replaceWith(frame);
    frame.append(table);
  }
}

/**
 * @param file the page, as it is called in the repository
 * @param text its Markdown
 * @param pages every page of the site
 * @param isReference it was made by TypeDoc
 * @returns `title`, `html`, the `headings` of its table of contents, and the `assets` that it shows: files of the repository
 */
export function readPage(file, text, pages, isReference) {
  const body = toHtml(text.replace(/^---\n[\s\S]*?\n---\n/, ''));
  const { document } = parseHTML(`<html><body>${body}</body></html>`);
  const assets = [];
  const title = document.querySelector('h1')?.textContent ?? file;
  const headings = anchorHeadings(document, isReference);
  for (const [selector, attribute] of [
    ['a[href]', 'href'],
    ['img[src]', 'src'],
    ['source[srcset]', 'srcset'],
  ])
    for (const element of document.querySelectorAll(selector)) {
      const { href, asset, named } = resolve(file, element.getAttribute(attribute), pages);
      if (asset) assets.push(asset);
      if (href !== undefined) element.setAttribute(attribute, href);
      else nameOf(document, element, named);
    }
  frameTables(document);
  return { file, title, html: document.body.innerHTML, headings, assets };
}
