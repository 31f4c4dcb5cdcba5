/** What `stepfold plan` does. */
import fs from 'node:fs';
import path from 'node:path';
import { SCHEDULE_FILE, writeFile } from '../../compiler/emit/index.js';
import { outputExists, planWithoutSites } from '../../errors/index.js';
import { requireBundle } from '../../evidence/measure/bundle.js';
import { planTitle, shownStrategies } from '../../evidence/report/strategies.js';
import { isFolder } from '../../io/is-folder.js';
import { readRegularText } from '../../io/regular-file.js';
import { restoreInterrupted } from '../../io/siblings.js';
import { findBundle } from '../../runtime/model-folder/index.js';
import {
  type PlanFile,
  parsePlanFile,
  parseSchedule,
  planOfSchedule,
} from '../../runtime/schedule/index.js';
import { colors } from '../colors.js';
import type { PlanArguments } from '../commands/plan.js';
import { printHeatmap } from '../heatmap.js';
import { print, printJson } from '../output.js';
import { readPasses } from '../plugins.js';

export async function showPlan(args: PlanArguments): Promise<void> {
  const plan = readPlan(args.plan);
  if (args.svg !== undefined && !args.force && fs.existsSync(args.svg))
    throw outputExists(args.svg, 'svg');
  const { strategies: known } = await readPasses(args.plugin);
  if (args.svg !== undefined) {
    // what draws takes longer to load than all the rest
    const { heatmapSvg } = await import('../../evidence/report/heatmap-svg.js');
    writeFile(args.svg, new TextEncoder().encode(heatmapSvg(plan, known)));
  }
  const distinctRows = countRows(plan);
  if (args.json) {
    const strategies = shownStrategies(plan, known).map(({ name, count, share }) => ({
      name,
      count,
      share,
    }));
    printJson({
      file: args.plan,
      plan,
      strategies,
      distinctRows,
      ...(args.svg && { svg: args.svg }),
    });
    return;
  }
  print(colors.bold(planTitle(plan)));
  print();
  printHeatmap(plan, known);
  print();
  print(`Distinct rows: ${distinctRows}`);
  for (const line of recordLines(plan)) print(line);
  if (args.svg !== undefined) print(`Written: ${args.svg}`);
}

/** A plan file, or the plan that the schedule of a bundle records. */
function readPlan(given: string): PlanFile {
  restoreInterrupted(given);
  const file = findBundle(given);
  const inFolder = isFolder(file);
  if (inFolder) requireBundle(file);
  const source = inFolder ? path.join(file, SCHEDULE_FILE) : file;
  const text = readRegularText(source);
  if (!inFolder && !isSchedule(text)) return parsePlanFile(text, source);
  const plan = planOfSchedule(parseSchedule(text, source));
  if (!plan) throw planWithoutSites(source);
  return plan;
}

function isSchedule(text: string): boolean {
  try {
    return JSON.parse(text)?.format === 'stepfold.schedule';
  } catch {
    return false;
  }
}

function countRows({ calls, sites }: PlanFile): number {
  const columns = Object.values(sites);
  return new Set(
    Array.from({ length: calls }, (_, call) => JSON.stringify(columns.map((c) => c[call]))),
  ).size;
}

/** What a plan file says beside the plan. */
function recordLines({ passes = [], guidance, calibration }: PlanFile): string[] {
  const lines = passes.map(({ pass, options = {} }) => {
    const given = Object.entries(options).map(
      ([name, value]) => `${name}=${[value].flat().join('+')}`,
    );
    return `Pass: ${pass}${given.length > 0 ? `:${given.join(',')}` : ''}`;
  });
  if (guidance) lines.push(`Guidance: ${guidance.order}, ${guidance.mode}`);
  if (calibration) {
    const { search, samples, seed, evaluations, seconds } = calibration;
    const facts = [
      search && `${search} search`,
      samples !== undefined && `${samples} sample${samples === 1 ? '' : 's'}`,
      seed !== undefined && `seed ${seed}`,
      evaluations !== undefined && `${Math.round(evaluations)} evaluations`,
      seconds !== undefined && `${seconds.toFixed(0)} s`,
    ].filter(Boolean);
    if (facts.length > 0) lines.push(`Found by: ${facts.join(', ')}`);
  }
  return lines;
}
