/** How far the loop of the bundle goes from that of the source, step by step. */
import * as Plot from '@observablehq/plot';
import { callsOf, type Schedule } from '../../../runtime/schedule/index.js';
import { chart } from '../charts/chart.js';
import type { KnownSubject, LoopTrace } from '../facts/subject.js';
import { plural } from '../format.js';
import { html } from '../page/html.js';
import { figure, type Section } from '../page/page.js';

export function errorSection({ trace, schedule }: KnownSubject): Section | undefined {
  if (!trace) return undefined;
  const last = trace.steps.at(-1);
  return {
    id: 'error',
    title: 'Error at each step',
    folded: last && `off by ${percentOf(last.latent)} at the end`,
    body: traceFigure(trace, schedule),
  };
}

const percentOf = (share: number) => `${share === 0 ? '0' : (100 * share).toPrecision(2)} %`;

function traceFigure(trace: LoopTrace, schedule: Schedule) {
  const calls = callsOf(schedule);
  const perStep = calls.length / trace.steps.length;
  const points = trace.steps.flatMap(({ step, prediction, latent }) => {
    const program = calls.programAt(step * perStep)!;
    return [
      { step, program, of: 'output of the denoiser', error: prediction },
      { step, program, of: 'latent after the step', error: latent },
    ];
  });
  // a logarithm has no place for none
  const shown = points.filter(({ error }) => error > 0);
  if (shown.length === 0)
    return html`<p>Every step gave what the source gave, bit for bit (${trace.sampler}, seed ${trace.seed}).</p>`;
  if (new Set(shown.map(({ step }) => step)).size === 1)
    return html`<p>Only step ${shown[0]!.step} differs: ${shown.map(({ of, error }) => `the ${of} by ${percentOf(error)}`).join(', ')} (${trace.sampler}, seed ${trace.seed}).</p>`;
  const programs = calls.programs;
  const picture = chart('Relative error of each step', {
    width: 840,
    height: 300,
    marginLeft: 60,
    x: { label: 'step', domain: [0, Math.max(1, trace.steps.length - 1)], nice: false },
    y: {
      type: 'log',
      label: 'relative error (%)',
      grid: true,
      ticks: 6,
      tickFormat: (error: number) => String(Number((100 * error).toPrecision(1))),
    },
    color: {
      type: 'ordinal',
      domain: ['output of the denoiser', 'latent after the step'],
      range: ['var(--source)', 'var(--bundle)'],
      legend: false,
    },
    symbol: { domain: programs.slice(0, 6) },
    style: { fontSize: '11px' },
    marks: [
      Plot.line(shown, { x: 'step', y: 'error', stroke: 'of' }),
      Plot.dot(shown, {
        x: 'step',
        y: 'error',
        fill: 'of',
        r: 3,
        ...(programs.length <= 6 && { symbol: 'program' }),
        title: ({ step, program, of, error }: (typeof points)[number]) =>
          `step ${step}, ${program}: ${of} off by ${percentOf(error)}`,
      }),
    ],
  });
  const last = trace.steps.at(-1);
  const hidden = points.length - shown.length;
  return html`<ul class="keys"><li><i style="background:var(--source)"></i>output of the denoiser, after guidance</li><li><i style="background:var(--bundle)"></i>latent after the step</li></ul>
${figure(
  'Relative error of each step',
  picture,
  html`Root mean square of the difference over that of the source's own, in two loops from the same noise (${trace.sampler}, seed ${trace.seed}, ${
    trace.images
  } image${trace.images === 1 ? '' : 's'})${
    trace.madeUp.length > 0 && `; ${trace.madeUp.join(', ')} made up from the seed`
  }. The final latent is off by ${last ? percentOf(last.latent) : '?'}.${hidden > 0 && ` ${plural(hidden, 'value')} without any difference have no place on this scale.`}`,
)}`;
}
