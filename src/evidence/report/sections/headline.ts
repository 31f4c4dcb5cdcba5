/** The figures that are asked for first, and in one sentence what they come to. */
import { type Decibels, headlineOf } from '../facts/headline.js';
import { otherLoopOf } from '../facts/other-loop.js';
import type { KnownSubject } from '../facts/subject.js';
import { formatDecibels, formatTimes, milliseconds } from '../format.js';
import { html, type Markup } from '../page/html.js';
import { cards, type Section } from '../page/page.js';
import { percent } from '../strategies.js';

type Facts = ReturnType<typeof headlineOf>;

export function headlineSection(subject: KnownSubject): Section {
  const facts = headlineOf(subject);
  const other = otherLoopOf(subject);
  const { speed, distance, fewerSteps, macRatio } = facts;
  return {
    id: 'summary',
    title: 'In short',
    body: html`${cards([
      ...(speed ? [speedCard(speed, macRatio)] : macRatio === undefined ? [] : [macCard(macRatio)]),
      ...(distance ? [distanceCard(distance)] : []),
      ...(fewerSteps
        ? [
            {
              what: 'Fewer steps in the same time',
              figure: formatDecibels(fewerSteps.toOwn.decibels),
              words: html`to the source's own result: ${fewerSteps.toOwn.what}`,
            },
          ]
        : []),
    ])}
${verdict(facts)}
${speed?.doubts.map((doubt) => html`<p>Doubtful: ${doubt}.</p>`)}
${other && html`<p>${other}.</p>`}`,
  };
}

const speedCard = (
  { ratio, milliseconds: took, rounds, quartiles, worth }: NonNullable<Facts['speed']>,
  macRatio: number | undefined,
) => ({
  what: 'Speed',
  figure: worth === 'unclear' ? 'unclear' : formatTimes(ratio),
  words: html`${worth === 'unclear' ? 'A' : 'as fast: a'} loop takes ${milliseconds(took.bundle)} in place of ${milliseconds(took.source)}, medians of ${rounds} rounds in turn on this machine, half of them between ${formatTimes(quartiles[0])} and ${formatTimes(quartiles[1])}${
    macRatio !== undefined && `; by MACs it would be ${formatTimes(macRatio)}`
  }`,
});

const macCard = (macRatio: number) => ({
  what: 'Work',
  figure: formatTimes(macRatio),
  words: html`fewer MACs for an image, ${percent(1 / macRatio)} of the source's`,
});

const distanceCard = ({ decibels, relative }: NonNullable<Facts['distance']>) => ({
  what: 'Distance',
  figure: formatDecibels(decibels),
  words:
    decibels === null
      ? html`the result is the source's own, bit for bit`
      : html`to the source's own result from the same noise, off by ${(100 * relative).toPrecision(2)} %; more is nearer`,
});

const isNearer = (a: Decibels, b: Decibels) =>
  (a ?? Number.POSITIVE_INFINITY) > (b ?? Number.POSITIVE_INFINITY);

function verdict({ speed, distance, fewerSteps }: Facts): Markup {
  if (!speed && !distance)
    return html`<p>Nothing was run for this page. With <code>--against</code> and the source it shows times, pictures and what fewer steps come to.</p>`;
  if (!fewerSteps || !distance)
    return html`<p>What fewer steps of the source come to in the same time was not measured: <code>--yardstick</code> does.</p>`;
  const { toOwn, toConverged, convergedSteps, bundleToConverged } = fewerSteps;
  const own = isNearer(toOwn.decibels, distance.decibels);
  const converged = isNearer(toConverged.decibels, bundleToConverged);
  const toLoop = `the source's own result (${formatDecibels(toOwn.decibels)} against ${formatDecibels(distance.decibels)} with this bundle)`;
  const toMany = `that of ${convergedSteps} steps (${formatDecibels(toConverged.decibels)} against ${formatDecibels(bundleToConverged)})`;
  const words =
    own && converged
      ? html`<b>Fewer steps do better here.</b> In the same time they end nearer to ${toLoop} and to ${toMany}.`
      : own
        ? html`<b>It depends on what counts.</b> In the same time fewer steps end nearer to ${toLoop}, and no nearer to ${toMany}.`
        : converged
          ? html`<b>It depends on what counts.</b> In the same time no fewer steps end nearer to ${toLoop}; to ${toMany} they do.`
          : html`<b>Better than fewer steps.</b> In the same time none end nearer to ${toLoop} or to ${toMany}.`;
  return html`<p class="verdict">${words}</p>`;
}
