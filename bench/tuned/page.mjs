// Tables of what bench/tuned.mjs wrote: one a model, a row for each setting that is not in it already.
//
//   node bench/tuned/page.mjs [MODEL]...             whole, with how long searches took
//   node bench/tuned/page.mjs --short [MODEL]...     as docs/tune.md has them: lists of full steps as their number
import { parseArgs } from 'node:util';
import { EQUAL } from '../../dist/src/evidence/tune/distance.js';
import { PARTS, readPart, SHIPPED, spread } from './parts.mjs';
import { askedSamples, SAMPLES } from './subjects.mjs';

const { values: asked, positionals } = parseArgs({
  options: { short: { type: 'boolean', default: false } },
  allowPositionals: true,
});

for (const name of askedSamples(positionals)) {
  const parts = PARTS.flatMap((part) => readPart(name, part) ?? []);
  if (parts.length === 0) continue;
  const rows = rowsOf(parts);
  if (asked.short) printShort(SAMPLES[name].title, rows);
  else printWhole(name, rows, parts);
}

/** The loop as it is, and each setting of a part once, under all that it is there. */
function rowsOf(parts) {
  const [loop] = parts[0].results;
  const rows = [{ ...loop, is: ['the loop as it is'] }];
  for (const { part, results } of parts) {
    const seen = new Set([loop.title]);
    for (const row of results) {
      if (seen.has(row.title)) continue;
      seen.add(row.title);
      const is = results.filter(({ title }) => title === row.title).map(({ what }) => what);
      rows.push(part === SHIPPED ? { ...row, is: [row.recipe] } : { ...row, part, is });
    }
  }
  return rows;
}

function printWhole(name, rows, parts) {
  console.log(`\n### ${name}\n`);
  console.log(
    '| | setting | MACs | time | dB to converged | dB to own | Fréchet distance | taken for it |',
  );
  console.log('|---|---|---|---|---|---|---|---|');
  for (const { part, is, title, pictures, ...row } of rows)
    printRow([
      part ? `${part}x, ${is.join(', ')}` : is.join(', '),
      title,
      ...figuresOf({ ...row, pictures }),
      pictures ? `${(100 * pictures.accuracy).toFixed(1)} %` : '',
    ]);
  for (const { part, search } of parts)
    if (search)
      console.log(
        `\n${part}x: ${search.trials} trials, ${search.evaluations.toFixed(0)} evaluations, ${search.seconds.toFixed(0)} s`,
      );
}

function printShort(title, rows) {
  console.log(`\n**${title}**\n`);
  console.log('| | | MACs | time | dB to converged | dB to own | Fréchet |');
  console.log('|---|---|---|---|---|---|---|');
  for (const row of rows) printRow([shortNameOf(row), shortTitleOf(row), ...figuresOf(row)]);
}

function shortNameOf({ part, is, setting }) {
  if (!part) return is[0] === 'the loop as it is' ? 'as it is' : is[0];
  if (!is.includes('chosen')) return `${part}x: ${is.join(', ')}`;
  return `${part}x: **chosen**${setting.passes.length === 0 ? ', fewer steps' : ''}`;
}

function shortTitleOf({ title }) {
  return title
    .replace(/full=([\d+]+)/g, (_, list) => `${list.split('+').length} full`)
    .replace(/full-calls=(\d+)/g, '$1 full')
    .replace(', at timesteps of its own', '');
}

function figuresOf({ macs, speedup, converged, own, pictures }) {
  return [
    `${macs.toFixed(2)}x`,
    speedup ? `${speedup.toFixed(2)}x` : '',
    spread(converged),
    own.mean >= EQUAL ? '' : own.mean.toFixed(1),
    pictures ? pictures.toReal.toFixed(2) : '',
  ];
}

function printRow(cells) {
  console.log(`| ${cells.join(' | ')} |`);
}
