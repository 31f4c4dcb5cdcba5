/** Command lines as they can be pasted, whatever names hold. */
import { shellWord } from '../../../../src/cli/shell.js';
import { el } from '../page/dom.js';

export const commandLine = (words: readonly string[]): string => words.map(shellWord).join(' ');

/** With a button that copies it. */
export function commandBox(id: string, text: string): HTMLElement {
  const code = el('code', { id, textContent: text });
  const copy = el('button', { type: 'button', className: 'copy', textContent: 'Copy' });
  copy.addEventListener('click', async () => {
    await navigator.clipboard.writeText(code.textContent ?? '').then(
      () => {
        copy.textContent = 'Copied';
      },
      () => {
        copy.textContent = 'Not allowed here';
      },
    );
    setTimeout(() => {
      copy.textContent = 'Copy';
    }, 2000);
  });
  return el('div', { className: 'command' }, el('pre', { tabIndex: 0 }, code), copy);
}
