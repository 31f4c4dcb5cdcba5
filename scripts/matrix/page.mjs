// The page of the matrix: a table per group, and below it every reason that a cell gives by number.
export const PASSES = ['deepcache', 'ditfastattn', 'delta-cache', 'module-cache', 'depth-skip'];

const HEAD = `# What works on which file

One row for each file of [samples](../samples/README.md), made by \`npm run matrix\`: *found* is what
\`stepfold inspect\` finds of the skip branches, attention modules (to themselves + to a context) and transformer
blocks that the network has by its definition; then, for each pass, what became of it.

| | |
|---|---|
| ✓ | transformed in all three forms (split, merged, chain), and proved by \`stepfold verify\` with random weights: each program against the source, and a loop of calls with inputs of their own against a reference |
| ✓ *n* | the same, with a note |
| built | transformed in all three forms, not run: *n* says why |
| – | refused, since the model is of another kind: *n* says what was missing |
| gap | not supported yet: *n* says what and why |

Published architectures with a ✓, and module-cache on all files, were built and run in the form that is the default for the plan, module-cache
without onnxruntime's optimizations.
DeepCache and depth-skip cut at the middle branch; DiTFastAttn's plan takes every strategy that each site
offers, in turn, with guidance in one batch; Δ-DiT keeps one block; module-cache keeps every attention and feed-forward, as FORA.
`;

export function page(rows, manifests, gaps) {
  const notes = new Map();
  const unexplained = [];
  const note = (text) => {
    if (!notes.has(text)) notes.set(text, notes.size + 1);
    return `<sup>[${notes.get(text)}](#note-${notes.get(text)})</sup>`;
  };
  const tables = Object.entries(manifests).map(([group, manifest]) => {
    const lines = Object.entries(manifest).flatMap(([name, about]) => {
      const row = rows[name];
      if (!row) return [];
      const explained = gaps[name] ?? {};
      const cells = PASSES.map((pass) => {
        const { text, reason, isGap } = cellOf(row.cells[pass], about.holds, pass, row.run);
        const why = (isGap && explained[pass]) || reason;
        if (isGap && !explained[pass]) unexplained.push(`${name}, ${pass}: ${reason}`);
        return why ? `${text} ${note(why)}` : text;
      });
      const found = foundText(row.cells.inspect, about.holds);
      const isShort = found.includes('of');
      if (isShort && !explained.inspect) unexplained.push(`${name}, inspect: ${found}`);
      const inspect = isShort && explained.inspect ? `${found} ${note(explained.inspect)}` : found;
      return [
        `| \`${name}\` | ${about.made ?? about.network} | ${inspect} | ${cells.join(' | ')} |`,
      ];
    });
    return [
      `## ${group === 'corpus' ? 'Forms of small networks' : 'Published architectures'}`,
      '',
      `| file | ${group === 'corpus' ? 'form' : 'network'} | found | ${PASSES.join(' | ')} |`,
      `|---|---|---|${PASSES.map(() => '---').join('|')}|`,
      ...lines,
      '',
    ].join('\n');
  });
  const list = [...notes].map(([text, n]) => `${n}. <a id="note-${n}"></a>${text}`);
  return { text: [HEAD, ...tables, '## Notes', '', ...list, ''].join('\n'), unexplained };
}

/** How much of what the network has by definition was found. */
function foundText(found, holds) {
  if (found.state === 'refused') return 'nothing';
  const part = (is, has) => (is === has ? `${has}` : `${is} of ${has}`);
  const attention = `${part(found.selfAttentions, holds.selfAttentions)}+${part(found.crossAttentions, holds.crossAttentions)}`;
  return [
    ...(holds.branches ? [`${part(found.branches, holds.branches)} branches`] : []),
    ...(holds.blocks ? [`${part(found.blocks, holds.blocks)} blocks`] : []),
    `${attention} attentions`,
  ].join(', ');
}

/** Which passes are about such a model at all. */
function applies(holds, pass) {
  if (pass === 'deepcache' || pass === 'depth-skip') return holds.branches > 0;
  const attentions = holds.selfAttentions + (pass === 'module-cache' ? holds.crossAttentions : 0);
  return attentions > 0;
}

const whyFailed = ({ worst, unproved = [], statements = [] }) =>
  [
    `relative difference ${worst}`,
    ...unproved.map((what) => `not proved: ${what}`),
    ...statements.map(({ path, message }) => `${path} ${message}`),
  ].join('; ');

function cellOf(cell, holds, pass, run) {
  if (!cell) return { text: 'not tried', reason: '`npm run matrix -- --missing` tries it' };
  const forms = cell.state === 'refused' ? [cell] : Object.values(cell.forms);
  const [worst] = ['failed', 'refused', 'not run', 'transformed', 'verified'].flatMap((state) =>
    forms.filter((form) => form.state === state),
  );
  const reason = worst.reason && `${worst.code}: ${worst.reason}`;
  switch (worst.state) {
    case 'verified':
      return { text: '✓', reason: undefined };
    case 'transformed':
      return {
        text: 'built',
        reason: 'its weights need gigabytes; `npm run matrix -- --run` runs it',
      };
    case 'not run':
      return { text: 'built', reason: reason ?? worst.unproved?.join('; ') ?? String(run) };
    case 'refused':
      if (!applies(holds, pass)) return { text: '–', reason };
      return { text: 'gap', reason, isGap: true };
    default:
      return { text: '**failed**', reason: whyFailed(worst), isGap: true };
  }
}
