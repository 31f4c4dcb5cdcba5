// One page of what was drawn, each strip with what it is: demo-out/index.html.
import fs from 'node:fs';
import path from 'node:path';

const escaped = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');

const captionOf = ({ name, what, seconds, speedup, psnr }) =>
  [
    what === undefined ? name : `${name}: ${what}`,
    `${seconds.toFixed(2)} s, ${speedup.toFixed(2)} times as fast`,
    psnr === null ? 'what the others are to come near to' : `${psnr.toFixed(1)} dB`,
  ].join('; ');

/** @param parts folders with their titles, in order */
export function writePage(folder, parts) {
  const sections = parts.map(({ name, title }) => {
    const { results } = JSON.parse(fs.readFileSync(path.join(folder, name, 'demo.json'), 'utf8'));
    const figures = results.map((result) => {
      const bytes = fs.readFileSync(path.join(folder, name, `${result.name}.png`));
      const caption = escaped(captionOf(result));
      return `<figure><figcaption>${caption}</figcaption><img alt="${caption}" src="data:image/png;base64,${bytes.toString('base64')}"></figure>`;
    });
    return `<h2>${escaped(title)}</h2>\n${figures.join('\n')}`;
  });
  const page = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Stepfold: what the demo drew</title>
<style>
  :root { color-scheme: light dark }
  body { font: 1rem/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
  figure { margin: 1rem 0 }
  img { display: block; width: 100%; max-width: 56rem; image-rendering: pixelated }
</style>
<h1>What the demo drew</h1>
<p>The same noise in every row of a part. Times are medians of whole loops, run in turns on this machine.</p>
${sections.join('\n')}
</html>
`;
  const file = path.join(folder, 'index.html');
  fs.writeFileSync(file, page);
  return file;
}
