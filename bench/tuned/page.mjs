// Tables of what bench/tuned.mjs wrote: one a model, a row for each setting that is not in it already.
//
//   node bench/tuned/page.mjs [MODEL]...
import { EQUAL } from '../../dist/src/evidence/tune/distance.js';
import { PARTS, readPart, SHIPPED, spread } from './parts.mjs';
import { askedSamples } from './subjects.mjs';

for (const name of askedSamples(process.argv.slice(2))) {
  const parts = PARTS.flatMap((part) => readPart(name, part) ?? []);
  if (parts.length === 0) continue;
  console.log(`\n### ${name}\n`);
  console.log(
    '| | setting | MACs | time | dB to converged | dB to own | Fréchet distance | taken for it |',
  );
  console.log('|---|---|---|---|---|---|---|---|');
  const [loop] = parts[0].results;
  print('the loop as it is', loop);
  for (const { part, results } of parts) {
    const seen = new Set([loop.title]);
    for (const row of results) {
      if (seen.has(row.title)) continue;
      seen.add(row.title);
      const is = results.filter(({ title }) => title === row.title).map(({ what }) => what);
      print(part === SHIPPED ? row.recipe : `${part}x, ${is.join(', ')}`, row);
    }
  }
  for (const { part, search } of parts)
    if (search)
      console.log(
        `\n${part}x: ${search.trials} trials, ${search.evaluations.toFixed(0)} evaluations, ${search.seconds.toFixed(0)} s`,
      );
}

function print(what, { title, macs, speedup, converged, own, pictures }) {
  const cells = [
    what,
    title,
    `${macs.toFixed(2)}x`,
    speedup ? `${speedup.toFixed(2)}x` : '',
    spread(converged),
    own.mean >= EQUAL ? '' : own.mean.toFixed(1),
    pictures ? pictures.toReal.toFixed(2) : '',
    pictures ? `${(100 * pictures.accuracy).toFixed(1)} %` : '',
  ];
  console.log(`| ${cells.join(' | ')} |`);
}
