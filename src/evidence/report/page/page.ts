/** A page that is one file: no script is needed to read it, and nothing is fetched. */
import { html, type Markup } from './html.js';
import { STYLE } from './style.js';

export interface Section {
  /** Anchor within the page. */
  readonly id: string;
  readonly title: string;
  readonly body: Markup;
}

export interface Page {
  readonly title: string;
  readonly lead: Markup;
  readonly sections: readonly Section[];
  /** What made the page. */
  readonly producer: string;
}

export function renderPage({ title, lead, sections, producer }: Page): string {
  const links = sections.map((section) => html`<a href="#${section.id}">${section.title}</a>`);
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<style>${STYLE}</style>
</head>
<body>
<header><h1>${title}</h1>
${lead}
${sections.length > 1 && html`<nav aria-label="Sections">${links}</nav>`}</header>
<main>
${sections.map(
  (section) => html`<section id="${section.id}"><h2>${section.title}</h2>
${section.body}
</section>
`,
)}</main>
<footer>${producer}</footer>
</body>
</html>
`.text;
}

/** A table; cells of numbers are set right by `numeric`, which lists their columns. */
export function table(
  head: readonly (string | Markup)[],
  rows: readonly (readonly (string | number | Markup)[])[],
  numeric: readonly number[] = [],
): Markup {
  const align = (column: number) => numeric.includes(column) && html` class="number"`;
  return html`<div class="scroll"><table><thead><tr>${head.map(
    (cell, c) => html`<th scope="col"${align(c)}>${cell}</th>`,
  )}</tr></thead><tbody>${rows.map(
    (row) => html`<tr>${row.map((cell, c) => html`<td${align(c)}>${cell}</td>`)}</tr>`,
  )}</tbody></table></div>`;
}

/** A picture with words under it. */
export const figure = (picture: Markup, caption: string | Markup): Markup =>
  html`<figure><div class="scroll">${picture}</div><figcaption>${caption}</figcaption></figure>`;
