/** The report of a bundle as a page. */
import { VERSION } from '../../version.js';
import type { KnownSubject } from './facts/subject.js';
import { html } from './page/html.js';
import { renderPage } from './page/page.js';
import { blocksSection } from './sections/blocks.js';
import { choicesSection } from './sections/choices.js';
import { errorSection } from './sections/error.js';
import { fewerStepsSection } from './sections/fewer-steps.js';
import { planSection } from './sections/plan.js';
import { summarySection } from './sections/summary.js';

/** In the order in which they are read. Each leaves itself out where the subject has nothing for it. */
const SECTIONS = [
  summarySection,
  planSection,
  blocksSection,
  errorSection,
  fewerStepsSection,
  choicesSection,
];

/** HTML that needs no other file and no script. */
export function reportPage(subject: KnownSubject): string {
  return renderPage({
    title: `${subject.schedule.source.file}: ${subject.name}`,
    lead: html``,
    sections: SECTIONS.map((section) => section(subject)).filter((s) => s !== undefined),
    producer: `stepfold ${VERSION}; the bundle was written by ${subject.schedule.producer}`,
  });
}
