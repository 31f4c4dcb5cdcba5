/** U-Nets and what looks like one, by a line for each node. */
import { analyzeUnet, type UnetAnalysis } from '../../src/compiler/analysis/index.js';
import { inferShapes } from '../../src/model/shape/index.js';
import { modelOf } from './text.js';

/**
 * A graph over a latent x, a condition c and a timestep t. `[c]` marks a convolution and `[j]` a
 * Concat: `[c] a = x` and `[j] z = a, b` stand for nodes named after what they make, and `[down]` and `[up]` halve and
 * double both sides. Convolutions are 1x1 over two channels, since only dataflow counts.
 */
export function analyze(lines: string, out = 'out'): UnetAnalysis {
  const weights = new Map<string, string>();
  const nodes = lines
    .trim()
    .split('\n')
    .map((line) => {
      const [, kind, output, inputs] = /\[(c|j|down|up)\] (\w+) = (.*)/.exec(line.trim()) ?? [];
      if (kind === undefined) return line;
      if (kind === 'j') return `[${output}] ${output} = Concat <axis = 1> (${inputs})`;
      if (kind === 'down')
        return `${output} = MaxPool <kernel_shape = [2, 2], strides = [2, 2]> (${inputs})`;
      if (kind === 'up') return `${output} = Resize <mode = "nearest"> (${inputs}, , twice)`;
      // how many channels a value has does not matter to the analysis; weights only have to exist
      weights.set(`w_${output}`, `float[2,2,1,1] w_${output} = {1, 0, 0, 1}`);
      return `[${output}] ${output} = Conv (${inputs}, w_${output})`;
    });
  const model =
    modelOf(`g (float[N,2,H,W] x, float[N,2,H,W] c, float[N,2,1,1] t) => (float[N,M,H,W] ${out})
  <${[...weights.values(), 'float[4] twice = {1, 1, 2, 2}'].join(', ')}> {
    ${nodes.join('\n')}
  }`);
  return analyzeUnet(model.graph, inferShapes(model));
}

export const joinsOf = (found: UnetAnalysis) => {
  if (!found.isUnet) throw new Error(`refused: ${found.refusal.reason} (${found.refusal.node})`);
  return found.joins.map((j) => [j.branch, j.node.name, j.main.name, j.skip.name]);
};

export function refusalOf(found: UnetAnalysis): string {
  if (found.isUnet) throw new Error(`found ${found.joins.length} joins`);
  const { reason, node, nearest = [] } = found.refusal;
  return [node, reason, ...nearest].filter(Boolean).join(' | ');
}
