/** What lies beside a configuration for who serves and calls the model: how it is called, and where its limits are. */
import { visible } from '../../../errors/index.js';
import type { Dim } from '../../../model/ir/types.js';
import { VERSION } from '../../../version.js';
import { ownShape, type ServedModel } from './config.js';
import type { Tensor } from './tensors.js';

export interface ReadmeFacts {
  readonly model: ServedModel;
  /** Of the bundle: its folder, and its source. */
  readonly bundle: string;
  readonly source: { readonly file: string; readonly sha256: string };
  readonly calls: number;
  /** Both halves of guidance are calls, in turns. */
  readonly inTurns: boolean;
  readonly latent: string;
  readonly prediction: string;
  readonly opset: number;
  /** Why requests are not batched, of a loop. */
  readonly alone?: string | undefined;
  /** Of all states of an image, at some sizes. */
  readonly states?: { readonly bytes: number; readonly sizes: Readonly<Record<string, number>> };
  /** Why the engine could not be asked for the sizes of outputs. */
  readonly unsettled?: string | undefined;
}

export function readmeOf(facts: ReadmeFacts): string {
  const { model, bundle, source, opset, unsettled } = facts;
  const { name, sequence } = model;
  const what = sequence
    ? `One call of a denoiser that keeps from call to call what it need not compute again, ${facts.calls} calls an image.`
    : `A whole denoising loop of ${facts.calls} calls: noise in, ${model.outputs.length > 1 ? 'latents and pictures' : 'latents'} out.`;
  return [
    `# ${code(name)}`,
    `${what} Written by \`stepfold export triton\` (${VERSION}) from the bundle ${code(bundle)}, which was made of ${code(source.file)} (SHA-256 \`${source.sha256}\`).`,
    "**Seen in Triton on a CPU alone.** Models made as this one were loaded and called by hand in Triton 2.51 (24.10) with its onnxruntime backend, and gave what they give without it; this one was not, and none on a GPU. In Stepfold's tests configurations are read by `protoc`, and models run by a simulator of Triton's rules for shapes, sequences, states and batches.",
    `## Serving`,
    `\`\`\`sh\ntritonserver --model-repository=REPOSITORY\n\`\`\``,
    `REPOSITORY is the folder that this one lies in; other models may lie in it too, and KServe mounts the same. It takes the onnxruntime backend, with an onnxruntime that knows operator set ${opset}. Files of weights lie in \`1\` beside the model, where onnxruntime looks for them: copy the folder as a whole.`,
    ...(unsettled === undefined
      ? []
      : [
          `Triton wants outputs to be described as its onnxruntime sees them, and here that could not be asked (${visible(unsettled)}). Where it refuses the model for the dims of an output, take those that it names into \`config.pbtxt\`.`,
        ]),
    `## ${sequence ? 'A call' : 'A request'}`,
    table(model),
    ...(sequence ? sequenceUse(facts) : loopUse(facts)),
    `## Limits`,
    (sequence ? sequenceLimits(facts) : loopLimits(facts)).map((limit) => `- ${limit}`).join('\n'),
    '',
  ].join('\n\n');
}

const code = (text: string) => `\`${visible(text).replaceAll('`', "'").replaceAll('|', '\\|')}\``;

function table({ inputs, outputs, maxBatch }: ServedModel): string {
  const row = (way: string) => (tensor: Tensor) => {
    const { shape } = ownShape(tensor, maxBatch);
    const own = shape.length === 0 ? [1] : shape;
    const sent = maxBatch > 0 ? ['n', ...own] : own;
    return `| ${way} | ${code(tensor.name)} | ${tensor.type.replace('TYPE_', '')} | ${code(`[${sent.map(size).join(', ')}]`)} |`;
  };
  return [
    '| | name | type | shape |',
    '|---|---|---|---|',
    ...inputs.map(row('input')),
    ...outputs.map(row('output')),
  ].join('\n');
}

const size = (dim: Dim) => (dim === null ? '?' : String(dim));

function sequenceUse({ latent, prediction, model, calls, inTurns }: ReadmeFacts): string[] {
  const others = model.inputs.filter(({ name }) => name !== latent).map(({ name }) => name);
  return [
    `An image is a **sequence**: ${calls} requests in the order of the steps, from the noisiest, under one \`sequence_id\` other than 0, the first with \`sequence_start\`, the last with \`sequence_end\`, each sent when the one before has come back. States stay in Triton. The client steps and guides as with the plain model${inTurns ? '; both halves of guidance are calls, in turns' : ''}.`,
    [
      '```python',
      `# feeds: ${[latent, ...others].map((name) => visible(JSON.stringify(name))).join(', ')}, as in the table`,
      `for call in range(${calls}):`,
      `    result = client.infer(${JSON.stringify(model.name)}, inputs_of(feeds(call, latent)), sequence_id=image,`,
      `        sequence_start=call == 0, sequence_end=call == ${calls - 1})`,
      `    latent = step(result.as_numpy(${visible(JSON.stringify(prediction))}), call, latent)`,
      '```',
    ].join('\n'),
  ];
}

function loopUse({ model, calls }: ReadmeFacts): string[] {
  const { maxBatch } = model;
  return [
    `One request is ${maxBatch > 0 ? 'n images, each a row of every input' : 'a batch of images'}; all ${calls} calls are made inside, and nothing is seen of them before they have ended. Inputs mean what they mean in a bundle: \`noise\` is standard normal${maxBatch > 0 ? ', `guidance_scale` has a scale for each image, `step_noise` the noise of each image by its steps' : ''}.`,
  ];
}

function sequenceLimits({ model, calls, states }: ReadmeFacts): string[] {
  const { sequences, idle } = model.sequence!;
  const held = states
    ? ` Their states take ${states.bytes.toLocaleString('en')} bytes an image at ${sizesOf(states.sizes)}, twice while a call runs.`
    : '';
  return [
    `One image, or one batch of images that go through the loop together, per sequence. A sequence that goes on behind its last call begins another image, as one does that is sent \`sequence_start\` anew; there are no states to clear. A request that fails changes nothing and can be sent again.`,
    `A sequence is given up when ${idle} s pass from the arrival of one request to that of the next, the time of the call itself among them (\`max_sequence_idle_microseconds\`); its next request is refused for want of \`sequence_start\`, and the image has to begin anew. Raise it above the longest call and the client's own step.`,
    `${sequences} sequences are under way at a time in each instance (\`max_candidate_sequences\`), of which there is one, or one on each GPU (\`instance_group\`); others wait for one to end.${held}`,
    'No two requests share a batch (`max_batch_size: 0`): at different calls different work is done, chosen by an ONNX `If` for all rows alike, and the number of the call is one for all of them. Put images that begin together into one sequence, as rows of its inputs. A bundle of the form `loop` is batched by Triton.',
    'The first axis is thus part of the shape in every request, and a scalar is sent as `[1]`.',
    `${calls} calls, and no other number: another number of steps, another plan or other guidance is another bundle and another model, whose weights can be the same file.`,
    otherSizes(model),
    'No response cache: Triton has none for models with sequences. No request for warming up either: Triton runs such a request outside of any sequence, where there are no states to write to, fails, and never serves the model. Send an image of your own after loading.',
    'Outputs of states cannot be asked for, as they are not listed; list them under `output` to see them.',
  ];
}

function loopLimits({ model, calls, alone }: ReadmeFacts): string[] {
  const { maxBatch, warmUp } = model;
  return [
    maxBatch > 0
      ? `Requests are joined to batches of up to ${maxBatch} images (\`max_batch_size\`) while others run; to wait for more, set \`max_queue_delay_microseconds\` in \`dynamic_batching\`. Requests of different sizes share no batch.`
      : `Requests are not batched, since ${alone}. The first axis is thus part of the shape in every request, and a scalar is sent as \`[1]\`.`,
    `${calls} calls by one sampler, and no other: another number of steps or another sampler is another bundle and another model, whose weights can be the same file.`,
    otherSizes(model),
    warmUp
      ? 'Before it is served one image of zeros is made (`model_warmup`), of the sizes that the configuration says; first requests of other sizes may take longer.'
      : 'It is not warmed up: the first request of a size may take longer.',
    'No progress, no pictures in between, no cancelling of a loop that has begun: for these a bundle of the form `stateful` is called step by step.',
    'No response cache is set: what is asked for begins with noise, which no two requests share.',
  ];
}

const sizesOf = (sizes: Readonly<Record<string, number>>) =>
  Object.entries(sizes)
    .map(([name, value]) => code(`${name}=${value}`))
    .join(', ');

function otherSizes({ inputs, maxBatch }: ServedModel): string {
  const shapes = inputs.map((tensor) => ownShape(tensor, maxBatch).shape);
  const open = shapes.some((shape) => shape.some((dim) => typeof dim !== 'number'));
  return open
    ? 'Sizes that the table has names for may differ from image to image, not within one.'
    : 'All sizes are fixed: other ones take another export of the source, without `--freeze`, `--shape` or fixed axes, and another bundle.';
}
