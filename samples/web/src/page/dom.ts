/** Small helpers on the page. */
import { visibleLines } from 'stepfold';

export function byId<T extends Element>(id: string, type: new () => T): T {
  const found = document.getElementById(id);
  if (!(found instanceof type)) throw new TypeError(`the page has no #${id}`);
  return found;
}

type Child = Node | string | undefined | false;

/** An element with properties and children. */
export function el<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  properties: Partial<HTMLElementTagNameMap[K]> = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const made = Object.assign(document.createElement(tag), properties);
  // names come from files that anybody may have written
  if (properties.textContent) made.textContent = visibleLines(properties.textContent);
  for (const child of children)
    if (child) made.append(typeof child === 'string' ? visibleLines(child) : child);
  return made;
}

/** What may be wider than the page: reached by keyboard, and faded at the edge behind which there is more. */
export const scrolling = (label: string, ...children: readonly Child[]): HTMLElement =>
  el('div', { className: 'scroll', role: 'region', ariaLabel: label, tabIndex: 0 }, ...children);

export function table(
  label: string,
  head: readonly string[],
  rows: readonly (readonly (string | number)[])[],
): HTMLElement {
  const numeric = head.map((_, c) =>
    rows.every((row) => /^[-\d.]*( ?[kMG%x])?$/.test(String(row[c]))),
  );
  const cell = (tag: 'td' | 'th', text: string | number, c: number) =>
    el(tag, {
      textContent: String(text),
      className: numeric[c] ? 'number' : '',
      ...(tag === 'th' && { scope: 'col' }),
    });
  return scrolling(
    label,
    el(
      'table',
      {},
      el('thead', {}, el('tr', {}, ...head.map((text, c) => cell('th', text, c)))),
      el(
        'tbody',
        {},
        ...rows.map((row) => el('tr', {}, ...row.map((text, c) => cell('td', text, c)))),
      ),
    ),
  );
}

export const options = (
  select: HTMLSelectElement,
  entries: readonly {
    readonly value: string;
    readonly text: string;
    readonly disabled?: boolean;
  }[],
): void => {
  select.replaceChildren(...entries.map((entry) => el('option', entry)));
};
