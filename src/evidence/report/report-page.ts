/** The report of a bundle as a page: what it comes to and the pictures, the plan, and all else folded below. */
import { VERSION } from '../../version.js';
import type { KnownSubject } from './facts/subject.js';
import { renderPage } from './page/page.js';
import { blocksSection } from './sections/blocks.js';
import { choicesSection } from './sections/choices.js';
import { errorSection } from './sections/error.js';
import { fewerStepsSection } from './sections/fewer-steps.js';
import { figuresSection } from './sections/figures.js';
import { headlineSection } from './sections/headline.js';
import { lead } from './sections/lead.js';
import { picturesSection } from './sections/pictures.js';
import { planSection } from './sections/plan.js';
import { programsSection } from './sections/programs.js';
import { statesSection } from './sections/states.js';

/** In the order in which they are read. Each leaves itself out where the subject has nothing for it. */
const SECTIONS = [
  headlineSection,
  picturesSection,
  planSection,
  fewerStepsSection,
  errorSection,
  choicesSection,
  figuresSection,
  programsSection,
  statesSection,
  blocksSection,
];

/** HTML that needs no other file and no script. */
export function reportPage(subject: KnownSubject): string {
  return renderPage({
    title: `${subject.schedule.source.file}: ${subject.name}`,
    lead: lead(subject),
    sections: SECTIONS.map((section) => section(subject)).filter((s) => s !== undefined),
    producer: `stepfold ${VERSION}; the bundle was written by ${subject.schedule.producer}`,
  });
}
