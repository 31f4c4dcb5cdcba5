/** Which passes have a place in a model: each is asked for its sites, and what it refuses is the reason why not. */
import { type Inspection, type Model, Pipeline, prepare, StepfoldError } from 'stepfold';
import { parsePassRequest, passes } from 'stepfold/passes';
import type { PassFit } from './messages.js';
import { passText, suggestion } from './suggestion.js';

/** Of a loop in which they are asked; where they fit does not depend on it. */
const CALLS = 50;

/** Ends a compilation as soon as the pass has found its places. */
class Found extends Error {}

/** @param canonical in which nothing is left to fold */
export async function passFits(canonical: Model, inspection: Inspection): Promise<PassFit[]> {
  const fits: PassFit[] = [];
  const prepared = await prepare(canonical, { engine: false });
  for (const pass of Object.values(passes)) {
    const { options } = parsePassRequest(passText(pass.name, suggestion(pass.name, inspection)));
    const onStage = ({ name }: { readonly name: string }) => {
      if (name === pass.name) throw new Found();
    };
    try {
      await Pipeline.create({ calls: CALLS, engine: false, onStage })
        .use(pass, options as never)
        .compile(prepared);
      fits.push({ pass: pass.name });
    } catch (error) {
      // an option that has to be chosen says nothing of the model
      const isFit =
        error instanceof Found || (error instanceof StepfoldError && error.code === 'PASS_OPTION');
      if (isFit) fits.push({ pass: pass.name });
      else if (error instanceof StepfoldError)
        fits.push({ pass: pass.name, refusal: error.message });
      else throw error;
    }
  }
  return fits;
}
