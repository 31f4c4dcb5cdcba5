/** A page that is one file: no script is needed to read it, nothing is fetched, and a policy of its own holds it to both. */
import { html, type Markup } from './html.js';
import { STYLE } from './style.js';

export interface Section {
  /** Anchor within the page. */
  readonly id: string;
  readonly title: string;
  readonly body: Markup;
  /** What it comes to in one line; the section is folded behind that. */
  readonly folded?: string | undefined;
}

export interface Page {
  readonly title: string;
  readonly lead: Markup;
  readonly sections: readonly Section[];
  /** What made the page. */
  readonly producer: string;
}

/** Plots bring styles of their own, which are written in the document. */
const POLICY =
  "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

export function renderPage({ title, lead, sections, producer }: Page): string {
  const shown = sections.filter(({ folded }) => folded === undefined);
  const links = shown.map((section) => html`<a href="#${section.id}">${section.title}</a>`);
  const isListed = shown.length > 1 && shown.length === sections.length;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<style>${STYLE}</style>
</head>
<body>
<header><h1>${title}</h1>
${lead}
${isListed && html`<nav aria-label="Sections">${links}</nav>`}</header>
<main>
${sections.map(sectionMarkup)}</main>
<footer>${producer}</footer>
</body>
</html>
`.text;
}

const sectionMarkup = ({ id, title, body, folded }: Section): Markup =>
  folded === undefined
    ? html`<section id="${id}"><h2>${title}</h2>
${body}
</section>
`
    : html`<section id="${id}"><details class="part"><summary><h2>${title}</h2> <span class="faint">${folded}</span></summary>
${body}
</details></section>
`;

/** What may be wider than the page: reached by keyboard, and faded at the edge behind which it goes on. */
export const scrolling = (label: string, content: Markup, kind = ''): Markup =>
  html`<div class="scroll${kind && ` ${kind}`}" role="region" aria-label="${label}" tabindex="0">${content}</div>`;

/**
 * A table whose first cells say what their rows are.
 * @param label what it holds, for those who come upon it by keyboard or hear it
 * @param numeric columns of numbers, which are set right
 */
export function table(
  label: string,
  head: readonly (string | Markup)[],
  rows: readonly (readonly (string | number | Markup)[])[],
  numeric: readonly number[] = [],
): Markup {
  const align = (column: number) => numeric.includes(column) && html` class="number"`;
  const cell = (content: string | number | Markup, column: number) =>
    column === 0
      ? html`<th scope="row">${content}</th>`
      : html`<td${align(column)}>${content}</td>`;
  return scrolling(
    label,
    html`<table><thead><tr>${head.map((content, c) =>
      content === '' ? html`<td></td>` : html`<th scope="col"${align(c)}>${content}</th>`,
    )}</tr></thead><tbody>${rows.map((row) => html`<tr>${row.map(cell)}</tr>`)}</tbody></table>`,
  );
}

/** A picture with words under it. */
export const figure = (label: string, picture: Markup, caption: string | Markup): Markup =>
  html`<figure>${scrolling(label, picture)}<figcaption>${caption}</figcaption></figure>`;

/** Figures that say the most, large, each with what it is and a line that explains it. */
export const cards = (
  all: readonly {
    readonly what: string;
    readonly figure: string;
    readonly words: string | Markup;
  }[],
): Markup =>
  html`<dl class="cards">${all.map(
    (card) =>
      html`<div><dt>${card.what}</dt><dd class="figure">${card.figure}</dd><dd class="faint">${card.words}</dd></div>`,
  )}</dl>`;
