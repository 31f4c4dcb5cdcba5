/** What a pass is told of a model on disk, in a loop. */
import { type PassContext, passContext } from '../../../src/compiler/pass/index.js';
import { prepare } from '../../../src/compiler/pipeline/index.js';
import { loadModel } from '../../../src/model/onnx/files.js';
import type { GuidancePair } from '../../../src/runtime/schedule/index.js';

export async function contextOf(
  file: string,
  { calls = 50, guidance }: { readonly calls?: number; readonly guidance?: GuidancePair } = {},
): Promise<PassContext> {
  const { canonical, shapes, bindings, roles } = await prepare(loadModel(file));
  return passContext(canonical, shapes, calls, bindings, guidance, roles);
}
