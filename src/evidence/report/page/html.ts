/**
 * HTML as text, in which whatever comes from a model's file is escaped unless it was made here: what HTML
 * would read as markup, and control characters, which neither HTML nor SVG may hold.
 */
import { visibleLines } from '../../../errors/index.js';

export class Markup {
  constructor(readonly text: string) {}

  toString(): string {
    return this.text;
  }
}

type Content = Markup | string | number | undefined | false | readonly Content[];

/** A template whose values are escaped; lists are joined, undefined and false left out. */
export function html(strings: TemplateStringsArray, ...values: readonly Content[]): Markup {
  const parts = strings.map((text, i) => text + (i < values.length ? render(values[i]) : ''));
  return new Markup(parts.join(''));
}

function render(value: Content): string {
  if (value === undefined || value === false) return '';
  if (value instanceof Markup) return value.text;
  if (Array.isArray(value)) return value.map(render).join('');
  return escapeText(String(value));
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

export const escapeText = (text: string): string =>
  visibleLines(text).replaceAll(/[&<>"']/g, (c) => ENTITIES[c]!);
