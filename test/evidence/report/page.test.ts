/** Names come from files that anybody may have written; in a page they are text and nothing else. */
import { parseHTML } from 'linkedom';
import { expect, test } from 'vitest';
import { html, Markup } from '../../../src/evidence/report/page/html.js';
import { diffModels, parseModel } from '../../../src/index.js';
import { differencePage } from '../../../src/report.js';

const HOSTILE = `</details><script>alert(1)</script>"'&`;

test('a template escapes what is not its own', () => {
  expect(html`<b title="${HOSTILE}">${['<', html`<i></i>`]}${undefined}${false}${0}</b>`.text).toBe(
    '<b title="&lt;/details&gt;&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;">&lt;<i></i>0</b>',
  );
  expect(html`${new Markup('<br>')}`.text).toBe('<br>');
});

test('hostile names of nodes and files stay text', () => {
  const model = (op: string) => {
    const made = parseModel(`<ir_version: 8, opset_import: ["" : 17]>
      g (float[2] x) => (float[2] y) { a = ${op}(x) y = Neg(a) }`);
    for (const node of made.graph.nodes) node.name = HOSTILE;
    for (const value of made.graph.values())
      if (value.name === 'a') made.graph.rename(value, `${HOSTILE}${op}`);
    return made;
  };
  const page = differencePage(diffModels(model('Relu'), model('Exp')), {
    before: `${HOSTILE}.onnx`,
    after: 'b.onnx',
  });
  expect(page).not.toContain('<script');
  const { document } = parseHTML(page);
  expect(document.querySelector('h1')!.textContent).toBe(`${HOSTILE}.onnx and b.onnx`);
  expect(document.querySelector('details svg title')!.textContent).toContain(HOSTILE);
  expect(document.querySelector('pre')!.textContent).toContain(`- ${HOSTILE}Relu = Relu(x)`);
});
