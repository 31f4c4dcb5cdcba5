/** The tables of docs/recipes.md, from what recipes say of themselves; UPDATE_RECIPES=1 writes them. */
import fs from 'node:fs';
import { expect, test } from 'vitest';
import { families, recipesByFamilies } from '../../../passes/recipes/index.js';
import type { Source } from '../../../passes/recipes/recipe.js';

const PAGE = new URL('../../../docs/recipes.md', import.meta.url);
const MEASUREMENTS = new URL('../../../docs/measurements.md', import.meta.url);

const table = (head: readonly string[], rows: readonly (readonly string[])[]) =>
  [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');

function sourceOf(source: Source): string {
  if (source.kind === 'measured')
    return `[measured](measurements.md#${source.where}) ${source.text}`;
  return source.kind === 'exact' ? source.text : `${source.kind}: ${source.text}`;
}

const all = families().length;

const parts: Record<string, string> = {
  families: table(
    ['family', 'models', 'recognised by'],
    families().map(({ family }) => [`\`${family.name}\``, family.title, family.recognised]),
  ),
  recipes: table(
    ['recipe', 'of', 'settings', 'source'],
    recipesByFamilies().map(({ recipe, families: those }) => [
      `\`${recipe.name}\``,
      those.length === all ? 'any model' : those.join(', '),
      recipe.settings,
      sourceOf(recipe.source),
    ]),
  ),
};

const page = (text: string) =>
  text.replaceAll(
    /<!-- (\w+) -->\n(?:.*?)<!-- end -->/gs,
    (_, part: string) => `<!-- ${part} -->\n${parts[part]}\n<!-- end -->`,
  );

test('the page says what recipes do', () => {
  const text = fs.readFileSync(PAGE, 'utf8');
  if (process.env.UPDATE_RECIPES) fs.writeFileSync(PAGE, page(text));
  else expect(text).toBe(page(text));
});

/** Headings as links call them. */
const headings = new Set(
  [...fs.readFileSync(MEASUREMENTS, 'utf8').matchAll(/^#+ (.+)$/gm)].map(([, title]) =>
    title!
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} -]/gu, '')
      .replaceAll(' ', '-'),
  ),
);

test('what is measured is in the tables that are named, to the figure', () => {
  const measurements = fs.readFileSync(MEASUREMENTS, 'utf8');
  for (const { recipe } of recipesByFamilies()) {
    const { source } = recipe;
    if (source.kind !== 'measured') continue;
    expect(headings).toContain(source.where);
    const figures = [...source.text.matchAll(/\d+\.\d(?=[^\d]* dB| and| dB)/g)].map(([one]) => one);
    expect(figures.length).toBeGreaterThan(0);
    for (const figure of figures) expect(measurements).toContain(figure);
  }
});
