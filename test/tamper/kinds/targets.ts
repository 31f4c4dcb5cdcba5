/** What is rewritten for an engine: the same numbers but for rounding, so that little gives a mistake away. */
import { change, type Kind } from '../kind.js';
import { node, setAttribute } from '../onnx-model.js';

const ON = 'deepcache for a target';

export const TARGETS: readonly Kind[] = [
  {
    name: 'a rewrite for an engine that is wrong',
    changes: [
      change(ON, 'padding on one side only', (bundle) => {
        const conv = bundle.of('full').node('conv2');
        setAttribute(conv, 'pads', [0, 0, 2, 2]);
      }),
      change(ON, 'another form of GELU', (bundle) => {
        const model = bundle.of('shallow');
        const [gelu] = model.ops('FastGelu');
        const { graph } = model;
        const [x] = gelu!.input!;
        const erf = [
          node('Mul', [x!, model.scalar(Math.SQRT1_2)], 'divided.tampered'),
          node('Erf', ['divided.tampered'], 'erf.tampered'),
          node('Add', ['erf.tampered', 'one'], 'above.tampered'),
          node('Mul', [x!, 'above.tampered'], 'product.tampered'),
          node('Mul', ['product.tampered', model.scalar(0.5)], gelu!.output![0]!),
        ];
        graph.node!.splice(graph.node!.indexOf(gelu!), 1, ...erf);
      }),
      change(ON, 'rows of a kernel added up otherwise', (bundle) => {
        const model = bundle.of('full');
        const sums = model.graph.initializer!.filter(
          ({ dims }) => dims!.map(Number).join() === '2,3',
        );
        model.edit(sums[0]!.name!, ([a, b, c, ...rest]) => [b!, a!, c!, ...rest]);
      }),
      change(ON, 'places of a doubled pixel exchanged', (bundle) => {
        const model = bundle.of('shallow');
        const concat = model.node(
          model.nodes.findLast(({ opType, input }) => opType === 'Concat' && input!.length === 4)!
            .output![0]!,
        );
        concat.input = [concat.input![0]!, concat.input![2]!, concat.input![1]!, concat.input![3]!];
      }),
      change(ON, 'a bias of the four convolutions left out', (bundle) => {
        const model = bundle.of('full');
        const convs = model.ops('Conv').filter(({ input }) => input![2] === 'b_up');
        if (convs.length === 0) throw new Error('no convolution with that bias');
        for (const conv of convs) conv.input = conv.input!.slice(0, 2);
      }),
    ],
  },
];
