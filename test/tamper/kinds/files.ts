/** Files: exchanged, of another model, or a few bytes other than they were. */
import fs from 'node:fs';
import { change, changes, type Kind } from '../kind.js';
import type { Tampered } from '../tampered.js';

const WEIGHTS = 'weights.bin';

/** Where a tensor begins in the weights file. */
function offsetOf(bundle: Tampered, model: string, tensor: string) {
  const entries = bundle.of(model).tensor(tensor).externalData!;
  return entries.find(({ key }) => key === 'offset')!;
}

export const FILES: readonly Kind[] = [
  {
    name: 'weights of other bytes',
    changes: [
      ...changes(['windows split', 'windows merged'], 'one bit of one weight', (bundle) => {
        const at = Number(offsetOf(bundle, 'full', 'w_wide1').value);
        const bytes = fs.readFileSync(bundle.file(WEIGHTS));
        bytes[at + 6]! ^= 1 << 4;
        fs.writeFileSync(bundle.file(WEIGHTS), bytes);
      }),
      change('windows merged', 'zeros from the middle on', (bundle) => {
        const bytes = fs.readFileSync(bundle.file(WEIGHTS));
        bytes.fill(0, bytes.length / 2);
        fs.writeFileSync(bundle.file(WEIGHTS), bytes);
      }),
    ],
  },
  {
    name: 'a tensor read from another place',
    changes: [
      ...changes(['windows split', 'shared halves merged'], 'an element further on', (bundle) => {
        const offset = offsetOf(bundle, 'full', 'w_narrow0');
        offset.value = String(Number(offset.value) + 4);
      }),
      change('shared halves split', 'that of another one', (bundle) => {
        const model = bundle.of('mixed-4');
        [model.tensor('w_q1').externalData, model.tensor('w_k1').externalData] = [
          model.tensor('w_k1').externalData!,
          model.tensor('w_q1').externalData!,
        ];
      }),
    ],
  },
  {
    name: 'hashes and sizes',
    said: true,
    changes: [
      ...changes(['deepcache split', 'deepcache merged'], 'of a model', ({ schedule }) => {
        const [model] = Object.values(schedule.models);
        model!.sha256 = model!.sha256.replace(/^./, (digit) => (digit === '0' ? '1' : '0'));
      }),
      change('windows split', 'of the source', ({ schedule: { source } }) => {
        source.sha256 = source.sha256.split('').reverse().join('');
      }),
      change('windows split', 'bytes of the weights', ({ schedule: { weights } }) => {
        weights[0]!.bytes += 1;
      }),
      change('windows split', 'a model twice under one name', ({ schedule: { models } }) => {
        models.mixed = models['mixed-2']!;
      }),
    ],
  },
  {
    name: 'a call that reads what nobody wrote',
    stops: true,
    changes: [
      change('deepcache split', 'the first one', ({ schedule }) => {
        schedule.calls[0] = 'shallow';
      }),
      change('delta-cache merged', 'the deviation of blocks that come later', ({ schedule }) => {
        schedule.calls[1] = 'delta-front';
      }),
      change('loop-invariant chain', 'all of them', ({ schedule }) => {
        schedule.calls[0] = 'reuse';
      }),
    ],
  },
];
