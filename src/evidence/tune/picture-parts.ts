/** What loops start from beside noise, for as many images as a search makes: kept like its conditions. */
import type { TensorConstructor } from 'onnxruntime-common';
import { type GivenFeeds, isWritten } from '../measure/loop-given.js';
import type { LoopParts } from '../measure/loop-parts.js';
import { takeRows } from '../measure/rows.js';

/** Of the parts of a pipeline those that cost nothing. */
export type PictureParts = Pick<LoopParts, 'init' | 'mask' | 'embeddedGuidance'>;

/** As inputs by names of their own. */
export const partsAsFeeds = ({ init, mask, embeddedGuidance }: PictureParts = {}): GivenFeeds => ({
  ...(init && { init }),
  ...(mask && { mask }),
  ...(embeddedGuidance !== undefined && { embeddedGuidance: [embeddedGuidance] }),
});

export function partsOfFeeds(feeds: GivenFeeds): PictureParts {
  const tensor = (name: 'init' | 'mask') => {
    const found = feeds[name];
    return found && !isWritten(found) ? { [name]: found } : {};
  };
  const scale = feeds['embeddedGuidance'];
  return {
    ...tensor('init'),
    ...tensor('mask'),
    ...(scale && isWritten(scale) && { embeddedGuidance: scale[0] }),
  };
}

/** Those of some images, which take rows in turn. */
export function partsOfImages(
  Tensor: TensorConstructor,
  { init, mask, ...parts }: PictureParts,
  images: readonly number[],
): PictureParts {
  const of = (tensor: typeof init) => {
    const rows = tensor?.dims[0] ?? 1;
    if (!tensor || rows === 1) return tensor;
    return takeRows(
      Tensor,
      tensor,
      images.map((image) => image % rows),
    );
  };
  // a mask may be one picture's, without a row
  const hasRows = mask && mask.dims.length === init?.dims.length;
  return { ...parts, init: of(init), mask: hasRows ? of(mask) : mask };
}
