/** What a pass is told of a model, on disk or in memory, in a loop. */
import { type PassContext, passContext } from '../../../src/compiler/pass/index.js';
import { prepare } from '../../../src/compiler/pipeline/index.js';
import type { Model } from '../../../src/model/ir/model.js';
import { loadModel } from '../../../src/model/onnx/files.js';
import type { GuidancePair } from '../../../src/runtime/schedule/index.js';

export async function contextOf(
  source: string | Model,
  { calls = 50, guidance }: { readonly calls?: number; readonly guidance?: GuidancePair } = {},
): Promise<PassContext> {
  const model = typeof source === 'string' ? loadModel(source) : source;
  const { canonical, shapes, bindings, roles } = await prepare(model);
  return passContext(canonical, shapes, calls, bindings, guidance, roles);
}
