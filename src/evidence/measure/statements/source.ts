/** The inputs and outputs that a schedule says its source has: all of them, in order, as declared. */
import type { Problem } from '../../../errors/index.js';
import type { Model } from '../../../model/ir/model.js';
import type { Value } from '../../../model/ir/value.js';
import type { Port, Schedule } from '../../../runtime/schedule/index.js';
import { pointer } from '../../../runtime/schedule/pointer.js';
import { fixedSize, portProblems } from './ports.js';

export function sourceProblems({ source }: Schedule, { graph }: Model): Problem[] {
  const inputs = graph.inputs.filter((value) => !value.initializer);
  return [
    ...listProblems('inputs', source.inputs, inputs),
    ...listProblems('outputs', source.outputs, graph.outputs),
  ];
}

function listProblems(
  kind: 'inputs' | 'outputs',
  ports: readonly Port[],
  values: readonly Value[],
): Problem[] {
  const names = (list: readonly { readonly name: string }[]) =>
    list.map(({ name }) => `"${name}"`).join(', ');
  if (names(ports) !== names(values))
    return [
      {
        path: pointer('source', kind),
        message: `lists ${names(ports)}, where the source has ${names(values)}`,
      },
    ];
  return ports.flatMap((port, i) =>
    portProblems(['source', kind, i], port, values[i]!, fixedSize, `"${port.name}" of the source`),
  );
}
