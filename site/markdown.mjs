// Markdown as the repository's web view shows it: code in colours for light and dark, and
// Mermaid drawn when the site is built, so that no page needs a script for it.
import { renderMermaidSVG } from 'beautiful-mermaid';
import MarkdownIt from 'markdown-it';
import { createHighlighter } from 'shiki';

const LANGUAGES = [
  'bash',
  'c',
  'console',
  'html',
  'javascript',
  'json',
  'jsonc',
  'python',
  'typescript',
  'yaml',
];
const THEMES = { light: 'github-light-high-contrast', dark: 'github-dark' };

const highlighter = await createHighlighter({ langs: LANGUAGES, themes: Object.values(THEMES) });

/** The drawing takes its colours from the page, and its letters too: the library would fetch a font. */
const draw = (text) =>
  `<figure class="drawing">${renderMermaidSVG(text, { transparent: true })
    .replace(/@import[^;]*fonts[^;]*;[^;]*;/, '')
    .replace(/@import url\([^)]*\);/, '')
    .replace(/ style="[^"]*"/, '')
    .replaceAll("'Inter', ", '')}</figure>`;

const known = (language) =>
  highlighter.getLoadedLanguages().includes(language) ? language : 'text';

const markdown = new MarkdownIt({
  html: true,
  highlight: (code, language) =>
    language === 'mermaid'
      ? draw(code)
      : highlighter
          .codeToHtml(code.trimEnd(), {
            lang: known(language),
            themes: THEMES,
            defaultColor: 'light-dark()',
            transformers: [{ pre: ({ properties }) => void delete properties.style }],
          })
          // the colours once more, for pages that choose by a class
          .replaceAll(/;--shiki-(?:light|dark):#\w+/g, ''),
});
// what `highlight` gives is a whole block, also where it does not begin with <pre>
markdown.renderer.rules.fence = (tokens, index, options) =>
  options.highlight(tokens[index].content, tokens[index].info.trim().split(' ')[0], '');

export const toHtml = (text) => markdown.render(text);
