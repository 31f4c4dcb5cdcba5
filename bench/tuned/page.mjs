// Tables of what bench/tuned.mjs wrote: one a model, a row for each setting that is not in it already.
//
//   node bench/tuned/page.mjs [MODEL]...
import fs from 'node:fs';
import path from 'node:path';
import { ROOT } from '../../scripts/demo/common.mjs';
import { askedSamples } from './subjects.mjs';

const FOLDER = path.join(ROOT, 'bench/results/tuned');
const PARTS = ['1.5', '2', '3', '4', 'shipped'];

const read = (name, part) => {
  const file = path.join(FOLDER, `${name}-${part}.json`);
  return fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, 'utf8')) : undefined;
};
const decibels = ({ mean, least, most }) =>
  `${mean.toFixed(1)} (${least.toFixed(1)} to ${most.toFixed(1)})`;

for (const name of askedSamples(process.argv.slice(2))) {
  const parts = PARTS.flatMap((part) => read(name, part) ?? []);
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
      print(part === 'shipped' ? row.recipe : `${part}x, ${is.join(', ')}`, row);
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
    decibels(converged),
    own.mean >= 150 ? '' : own.mean.toFixed(1),
    pictures ? pictures.toReal.toFixed(2) : '',
    pictures ? `${(100 * pictures.accuracy).toFixed(1)} %` : '',
  ];
  console.log(`| ${cells.join(' | ')} |`);
}
