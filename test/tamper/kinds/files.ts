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
    name: 'two models exchanged',
    changes: [
      change('deepcache split', 'by name, where both fit', ({ schedule }) => {
        const { programs } = schedule;
        programs.shallow = { runs: programs['full-stateless']!.runs };
      }),
      change('windows split', 'two mixed ones', ({ schedule: { models } }) => {
        [models.full, models['full-partial']] = [models['full-partial']!, models.full!];
      }),
    ].slice(0, 1),
  },
  {
    name: 'weights of other bytes',
    changes: [
      ...changes(['deepcache split', 'windows merged'], 'one bit of one weight', (bundle) => {
        const at = Number(
          offsetOf(bundle, 'full', bundle.schedule.models.merged ? 'w_o1' : 'u2').value,
        );
        const bytes = fs.readFileSync(bundle.file(WEIGHTS));
        bytes[at + 6]! ^= 1 << 4;
        fs.writeFileSync(bundle.file(WEIGHTS), bytes);
      }),
      change('deepcache chain', 'two tensors exchanged', (bundle) => {
        const model = bundle.model('deep');
        [model.tensor('w3').externalData, model.tensor('wm').externalData] = [
          model.tensor('wm').externalData!,
          model.tensor('w3').externalData!,
        ];
      }),
    ],
  },
  {
    name: 'a tensor read from another place',
    changes: [
      ...changes(['deepcache split', 'delta-cache split'], 'an element further on', (bundle) => {
        const offset = offsetOf(bundle, 'full', 'w_time');
        offset.value = String(Number(offset.value) + 4);
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
      change('deepcache split', 'bytes of the weights', ({ schedule: { weights } }) => {
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
