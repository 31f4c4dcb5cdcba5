/** Settings of papers that are a search on the model: `stepfold calibrate` finds their plan. */
import type { PassRequest } from '../../src/compiler/pass/index.js';
import type { Source } from './recipe.js';

export interface SearchedSetting {
  readonly name: string;
  readonly request: PassRequest;
  readonly source: Source;
}

const ditfastattn = (text: string): SearchedSetting => ({
  name: 'ditfastattn',
  request: { pass: 'ditfastattn', options: { threshold: 'D3' } },
  source: { kind: 'paper', text: `DiTFastAttn (arXiv 2406.08552), ${text}` },
});

const BY_FAMILY: Readonly<Record<string, readonly SearchedSetting[]>> = {
  dit: [
    ditfastattn(
      'table 1: of DiT-XL/2 at 512 pixels, 50 steps, D3 leaves 59 % of the MACs in attention',
    ),
  ],
  pixart: [
    ditfastattn(
      'table 3: of PixArt-Sigma at 1024 pixels, 50 steps, D3 leaves 63 % of the MACs in attention, 12.76 to 11.42 s',
    ),
  ],
};

export const searchedOf = (family: string | undefined): readonly SearchedSetting[] =>
  BY_FAMILY[family ?? ''] ?? [];
