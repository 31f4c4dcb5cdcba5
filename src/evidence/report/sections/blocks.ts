/** The model as its blocks, and what each program does with them. */

import { inferShapes, type ShapeTable } from '../../../model/shape/index.js';
import { callsOf, planOfSchedule } from '../../../runtime/schedule/index.js';
import { type BlockLook, blockChart } from '../blocks/block-chart.js';
import { blockDetails } from '../blocks/block-details.js';
import { blockModel } from '../blocks/block-model.js';
import { bundleDifferences, type ProgramBlocks, programBlocks } from '../blocks/program-blocks.js';
import { DIFFERENCE_KEY } from '../difference-page.js';
import type { KnownSubject } from '../facts/subject.js';
import { html, Markup } from '../page/html.js';
import { type Section, scrolling } from '../page/page.js';
import { colorOf, inkOn, shownStrategies } from '../strategies.js';

/** Programs that are drawn; more differ in little that one could see. */
const MOST_PROGRAMS = 12;

export function blocksSection(subject: KnownSubject): Section {
  const { schedule, source, models, sameFile } = subject;
  const frame = { id: 'blocks', title: 'Blocks of the model' };
  if (!source || !models)
    return {
      ...frame,
      folded: 'drawn where the source is given',
      body: html`<p class="faint">Give the source with <code>--against</code> to see its blocks.</p>`,
    };
  const sizes = new Map(Object.entries(schedule.cost?.macs?.bindings ?? {}));
  const model = blockModel(source, sizes);
  const differences = bundleDifferences({ source, models }, sameFile);
  const programs = programBlocks(schedule, model, models, differences);
  const tables = new Map<string, ShapeTable>();
  const details = blockDetails(model, differences, (id) => {
    const found = tables.get(id) ?? inferShapes(models.get(id)!);
    tables.set(id, found);
    return found;
  });
  const looks = looksOf(subject, programs);
  const groups = alike(programs);
  const loop = callsOf(schedule);
  const drawn = groups.slice(0, MOST_PROGRAMS).map(([first, ...others]) => {
    const names = [first!, ...others].map(({ program }) => program);
    const calls = loop.of(...names).length;
    const picture = blockChart(`Blocks in ${names.join(', ')}`, {
      model,
      uses: first!.uses,
      look: (does) => looks.get(does)!,
      href: (use) => {
        const anchor = details.anchor(use);
        return anchor && `#${anchor}`;
      },
    });
    return html`<figure>${scrolling(`Blocks in ${names[0]}`, picture)}<figcaption>${names.length > 3 ? `${names[0]} and ${names.length - 1} alike` : names.join(', ')}: ${calls} of ${loop.length} calls</figcaption></figure>`;
  });
  const left = groups.length - drawn.length;
  const keys = [...looks].map(
    ([does, { fill }]) => html`<li><i style="${new Markup(`background:${fill}`)}"></i>${does}</li>`,
  );
  return {
    ...frame,
    folded: `${COUNTED[model.kind](model.blocks.length)}, and what each program does with it`,
    body: html`<ul class="keys">${keys}</ul>
<p class="faint">${KINDS[model.kind]} The figure in a box is what the whole block costs in MACs. A click opens its nodes below.</p>
<div class="small">${drawn}</div>${left > 0 && html`<p class="faint">${left} more programs are mixtures of the same.</p>`}
<h3>Nodes, before and after</h3>${DIFFERENCE_KEY}${details.markup}`,
  };
}

const COUNTED = {
  unet: (count: number) => `a U-Net of ${count} blocks`,
  transformer: (count: number) => `a transformer of ${count} blocks, with what is around them`,
  plain: () => 'the model as one block',
} as const;

const KINDS = {
  unet: 'Down the left and up the right; dashed lines are skip branches.',
  transformer: 'From the top down.',
  plain:
    'Neither the branches of a U-Net nor transformer blocks were found, so all of it is one block.',
} as const;

/** Colours of the plan; what is cut for good has none. */
function looksOf(
  { schedule, known: strategies }: KnownSubject,
  programs: readonly ProgramBlocks[],
): Map<string, BlockLook> {
  const plan = planOfSchedule(schedule);
  const known = new Map(
    (plan ? shownStrategies(plan, strategies) : []).map(({ name, color }) => [name, color]),
  );
  const found = new Set(programs.flatMap(({ uses }) => uses.map(({ does }) => does)));
  const order = ['compute', ...[...found].filter((does) => does !== 'compute').sort()];
  return new Map(
    order
      .filter((does) => found.has(does))
      .map((does) => {
        if (does === 'removed') return [does, { fill: 'var(--paper)', ink: 'var(--faint)' }];
        const color = known.get(does) ?? colorOf(does.split(' and ')[0]!, strategies);
        return [does, { fill: color, ink: inkOn(color) }];
      }),
  );
}

function alike(programs: readonly ProgramBlocks[]): ProgramBlocks[][] {
  const groups = new Map<string, ProgramBlocks[]>();
  for (const program of programs) {
    const key = JSON.stringify(
      program.uses.map(({ does, share, model }) => [does, share.toFixed(3), model]),
    );
    groups.set(key, [...(groups.get(key) ?? []), program]);
  }
  return [...groups.values()];
}
