/**
 * Element types of outputs, as far as the operator and the types of its inputs say: they hold where no shape
 * could be inferred too. A wrong type would make a model whose inputs no engine accepts.
 */
import { attrNumber } from '../../ir/attribute.js';
import type { Node } from '../../ir/node.js';
import { type DataType, dataTypeFromCode } from '../../ir/types.js';

/** Type of an output, by its place; `input` gives that of an input. */
export type OutputType = (
  node: Node,
  output: number,
  input: (index: number) => DataType | undefined,
) => DataType | undefined;

export const always =
  (type: DataType): OutputType =>
  () =>
    type;

export const like =
  (index: number): OutputType =>
  (_, __, input) =>
    input(index);

/** Most operators hand on the type of their first input. */
export const likeFirst = like(0);

/** The values are of the input's type, what lies behind them of another. */
export const firstThen =
  (type: DataType): OutputType =>
  (_, output, input) =>
    output === 0 ? input(0) : type;

export const byAttribute =
  (name: string, otherwise: OutputType): OutputType =>
  (node, output, input) => {
    const code = attrNumber(node, name, 0);
    return code > 0 ? dataTypeFromCode(code) : otherwise(node, output, input);
  };

/** What such a node makes follows from more than its inputs' types. */
export const untold: OutputType = () => undefined;
