/** The merged form: which alternative a program chooses, by its constants and by the tables in the model. */
import { change, changes, type Kind } from '../kind.js';
import type { Tampered } from '../tampered.js';

function choose({ schedule }: Tampered, program: string, site: string, choice: number): void {
  const { constants } = schedule.programs[program]!.runs[0]!;
  constants![`stepfold.strategy.${site}`]!.data = [choice];
}

export const CONSTANTS: readonly Kind[] = [
  {
    name: 'a program chooses another strategy',
    changes: [
      change('deepcache merged', 'reuse in place of compute, at the end', (bundle) =>
        choose(bundle, 'full-stateless', 'deep', 1),
      ),
      ...changes(
        ['deepcache merged', 'deepcache merged of 50 calls'],
        'compute in place of reuse',
        (bundle) => choose(bundle, 'shallow', 'deep', 0),
      ),
      change('deepcache with zeros', 'compute in place of zeros', (bundle) => {
        choose(bundle, 'shallow', 'deep', 0);
      }),
      change('delta-cache merged', 'rear in place of front blocks', (bundle) =>
        choose(bundle, 'delta-front', 'blocks', 1),
      ),
      change('windows merged', 'compute in place of a window', (bundle) =>
        choose(bundle, 'mixed-2', 'attention.1', 0),
      ),
      change('windows merged', 'reuse in place of a window', (bundle) =>
        choose(bundle, 'mixed-stateless', 'attention.0', 2),
      ),
      change('shared halves merged', 'a window that is not shared', (bundle) =>
        choose(bundle, 'mixed-5', 'attention.0', 4),
      ),
      change('shared halves merged', 'a shared half that is computed', (bundle) =>
        choose(bundle, 'mixed-3', 'attention.0', 0),
      ),
      change('shared calls merged', 'compute at a late call', ({ schedule }) => {
        const { constants } = schedule.programs['mixed-9']!.runs[0]!;
        constants!['stepfold.strategy.attention.1']!.data = [0];
      }),
      change('attention and captions', 'reuse in place of compute', (bundle) =>
        choose(bundle, 'mixed', 'attention.1', 1),
      ),
      change('deepcache of an attended U-Net', 'compute in place of reuse', (bundle) =>
        choose(bundle, 'mixed', 'attention.0', 0),
      ),
    ],
  },
  {
    name: 'constants exchanged',
    changes: [
      change('windows merged', 'of two sites', ({ schedule }) => {
        const { constants } = schedule.programs['mixed-3']!.runs[0]!;
        const [a, b] = ['stepfold.strategy.attention.0', 'stepfold.strategy.attention.1'];
        [constants![a!], constants![b!]] = [constants![b!]!, constants![a!]!];
      }),
      change('shared halves merged', 'of two programs', ({ schedule: { programs } }) => {
        const [a, b] = [programs['mixed-4']!.runs[0]!, programs['mixed-5']!.runs[0]!];
        [a.constants, b.constants] = [b.constants!, a.constants!];
      }),
      change('delta-cache merged', 'of two programs', ({ schedule: { programs } }) => {
        const [a, b] = [programs['delta-rear']!.runs[0]!, programs['full-2']!.runs[0]!];
        [a.constants, b.constants] = [b.constants!, a.constants!];
      }),
    ],
  },
  {
    name: 'the table of alternatives is wrong',
    changes: [
      change('windows merged', 'the core of one strategy', (bundle) =>
        bundle
          .of('full')
          .edit('stepfold.choices.attention.0.core', (n) => [n[0]!, n[0]!, ...n.slice(2)]),
      ),
      change('delta-cache merged', 'front and rear', (bundle) => {
        bundle.of('full').edit('stepfold.choices.blocks.front', () => [0, 1, 0]);
        bundle.of('full').edit('stepfold.choices.blocks.rear', () => [0, 0, 1]);
      }),
    ],
  },
];
