/**
 * Families of published denoisers, and by what of its structure a model is one of them. They are asked in order, the
 * narrower ones first; each condition says in words what it found, or what it missed.
 */
import type { Structure } from './structure.js';

/** What a family is called, and by what it is known. */
export interface RecipeFamily {
  readonly name: string;
  readonly title: string;
  /** In one line, for a table. */
  readonly recognised: string;
}

export interface Family extends RecipeFamily {
  readonly conditions: readonly Condition[];
  /** Of the loops that its models are mostly run in. */
  readonly steps: number;
  /** Which of its members it is by its sizes, where that can be told. */
  member?(structure: Structure): string | undefined;
}

interface Condition {
  holds(structure: Structure): boolean;
  /** What there is of it: a sentence without a full stop. */
  found(structure: Structure): string;
  /** What there would have to be. */
  readonly wanted: string;
  /** Goes without saying where it holds. */
  readonly isUsual?: boolean;
}

const counted = (count: number, what: string): string =>
  `${count === 0 ? 'no' : count} ${what}${count === 1 ? '' : 's'}`;

const SKIPS: Condition = {
  wanted: 'skips that join a decoder by Concat',
  holds: ({ unet }) => unet !== undefined,
  found: ({ unet, noUnet }) =>
    unet
      ? `${counted(unet.joins, 'skip')} joined by Concat${unet.levels === undefined ? '' : ` at ${counted(unet.levels, 'resolution')}`}`
      : `no skips (${noUnet})`,
};

const OF_PICTURES: Condition = {
  wanted: 'skips of pictures, joined by Concat',
  holds: ({ unet }) => unet?.ofPictures === true,
  found: () => 'skips of tokens or sound, or joined by sums',
  isUsual: true,
};

const NO_SKIPS: Condition = {
  ...SKIPS,
  wanted: 'no skips from an encoder to a decoder',
  holds: ({ unet }) => unet === undefined,
  found: (structure) => (structure.unet ? SKIPS.found(structure) : 'no skips'),
};

const FRAMES: Condition = {
  wanted: 'a latent with an axis of frames',
  holds: ({ frames }) => frames,
  found: ({ frames, latentRank }) =>
    frames
      ? 'a latent with an axis of frames'
      : latentRank === undefined
        ? 'no input that is known to be the latent'
        : `a latent of ${latentRank} axes, none of frames`,
};

const PIXELS: Condition = {
  wanted: 'a latent of pixels',
  holds: ({ latentRank }) => latentRank === 4,
  found: ({ latentRank }) =>
    latentRank === undefined
      ? 'no input that is known to be the latent'
      : `a latent of ${latentRank} axes`,
  isUsual: true,
};

const CAPTIONS: Condition = {
  wanted: 'cross-attention',
  holds: ({ crossAttentions }) => crossAttentions > 0,
  found: ({ crossAttentions, captionWidths }) =>
    captionWidths.length === 0
      ? counted(crossAttentions, 'cross-attention')
      : `${counted(crossAttentions, 'cross-attention')}, to tokens of ${captionWidths.join(' and ')} elements`,
};

const CAPTIONS_ALONE: Condition = {
  wanted: 'keys of captions alone in cross-attention',
  holds: ({ mixedAttentions }) => mixedAttentions === 0,
  found: ({ mixedAttentions }) =>
    `${counted(mixedAttentions, 'cross-attention')} with keys of the latent as well`,
  isUsual: true,
};

const NO_CAPTIONS: Condition = {
  ...CAPTIONS,
  wanted: 'no cross-attention',
  holds: ({ crossAttentions }) => crossAttentions === 0,
};

const VECTORS: Condition = {
  wanted: 'vectors that are added to the embedding of the timestep',
  holds: ({ vectors }) => vectors > 0,
  found: ({ vectors }) => `${counted(vectors, 'vector')} added to the embedding of the timestep`,
};

const NO_VECTORS: Condition = {
  ...VECTORS,
  wanted: 'no vectors that are added to the embedding of the timestep',
  holds: ({ vectors }) => vectors === 0,
};

const width = (elements: number): Condition => ({
  wanted: `tokens of ${elements} elements`,
  holds: ({ captionWidths }) => captionWidths.length === 1 && captionWidths[0] === elements,
  found: ({ captionWidths }) => `tokens of ${captionWidths.join(' and ') || 'unknown'} elements`,
});

const doubles = ({ streams }: Structure) => streams.filter((count) => count > 1).length;
const singles = ({ streams }: Structure) => streams.length - doubles({ streams } as Structure);

const TWO_STREAMS: Condition = {
  wanted: 'blocks in which streams of picture and text attend together',
  holds: (structure) => doubles(structure) > 0,
  found: (structure) => `${counted(doubles(structure), 'block')} of two streams`,
};

/** The last block of an MMDiT leaves its text alone, and so has one. */
const THEN_ONE: Condition = {
  wanted: 'several blocks of one stream behind them',
  holds: (structure) => singles(structure) > 1,
  found: (structure) => `${counted(singles(structure), 'block')} of one`,
};

const LINEAR: Condition = {
  wanted: 'attention without a Softmax',
  holds: ({ linearAttentions }) => linearAttentions > 0,
  found: ({ linearAttentions }) =>
    `${counted(linearAttentions, 'attention')} with keys times values first, without a Softmax`,
};

const CROSS_BLOCKS: Condition = {
  wanted: 'blocks of self-attention and cross-attention',
  holds: ({ blocksCross }) => blocksCross,
  found: ({ blocksCross, streams }) =>
    `${counted(streams.length, 'block')}${blocksCross ? ' of self-attention and cross-attention' : ', not all with cross-attention'}`,
};

const SHARED_MODULATION: Condition = {
  wanted: 'one modulation for all blocks (adaLN-single)',
  holds: ({ modulations, streams }) => modulations > 0 && modulations < streams.length,
  found: ({ modulations }) => `${counted(modulations, 'layer')} over the timestep for all of them`,
};

const OWN_MODULATION: Condition = {
  wanted: 'a modulation of its own for each block (adaLN-zero)',
  holds: ({ modulations, streams }) => streams.length > 0 && modulations >= streams.length,
  found: ({ modulations, streams }) =>
    `${counted(modulations, 'layer')} over the timestep for ${counted(streams.length, 'block')}`,
};

const LABEL: Condition = {
  wanted: 'a class label beside the timestep',
  holds: ({ labels }) => labels > 0,
  found: ({ labels }) => `${counted(labels, 'class label')} beside the timestep`,
};

const ATTENTION: Condition = {
  wanted: 'attention',
  holds: ({ selfAttentions, linearAttentions }) => selfAttentions + linearAttentions > 0,
  found: ({ selfAttentions }) => counted(selfAttentions, 'self-attention'),
};

/** As `tune` and diffusers' pipelines take them: the latter for flow matching. */
export const STEPS = 50;
const FLOW_STEPS = 28;

export const FAMILIES: readonly Family[] = [
  {
    name: 'video-unet',
    steps: STEPS,
    title: 'Video U-Nets (Stable Video Diffusion)',
    recognised: 'skips joined by Concat; a latent with an axis of frames',
    conditions: [SKIPS, OF_PICTURES, FRAMES],
  },
  {
    name: 'sdxl',
    steps: STEPS,
    title: 'Stable Diffusion XL',
    recognised: 'skips, cross-attention; vectors added to the embedding of the timestep',
    conditions: [SKIPS, OF_PICTURES, CAPTIONS, CAPTIONS_ALONE, VECTORS],
    member: byWidth({ 2048: 'as SDXL base has it', 1280: 'as the SDXL refiner has it' }),
  },
  {
    name: 'ldm',
    steps: STEPS,
    title: 'LDM-4 (ImageNet)',
    recognised: 'skips, cross-attention to tokens of 512 elements',
    conditions: [SKIPS, OF_PICTURES, CAPTIONS, CAPTIONS_ALONE, NO_VECTORS, width(512)],
  },
  {
    name: 'sd',
    steps: STEPS,
    title: 'Stable Diffusion 1.x and 2.x',
    recognised: 'skips, cross-attention (768 elements: 1.x, 1024: 2.x); no added vectors',
    conditions: [SKIPS, OF_PICTURES, CAPTIONS, CAPTIONS_ALONE, NO_VECTORS],
    member: byWidth({
      768: 'as Stable Diffusion 1.x has it',
      1024: 'as Stable Diffusion 2.x has it',
    }),
  },
  {
    name: 'ddpm',
    steps: STEPS,
    title: 'U-Nets of pixels (DDPM, ADM)',
    recognised: 'skips joined by Concat; no cross-attention',
    conditions: [SKIPS, OF_PICTURES, NO_CAPTIONS],
  },
  {
    name: 'video-transformer',
    steps: STEPS,
    title: 'Video transformers (CogVideoX, Wan, HunyuanVideo)',
    recognised: 'attention, no skips; a latent with an axis of frames',
    conditions: [NO_SKIPS, ATTENTION, FRAMES],
  },
  {
    name: 'flux',
    steps: FLOW_STEPS,
    title: 'FLUX and AuraFlow',
    recognised: 'blocks of two streams that attend together, then several of one',
    conditions: [NO_SKIPS, TWO_STREAMS, THEN_ONE],
    member: ({ latentRank, vectors }) =>
      latentRank === 3 && vectors > 0
        ? 'a latent of tokens and a vector, as FLUX.1 has them'
        : latentRank === 4 && vectors === 0
          ? 'a latent of pixels and no vector, as AuraFlow has them'
          : undefined,
  },
  {
    name: 'mmdit',
    steps: FLOW_STEPS,
    title: 'MMDiT (Stable Diffusion 3 and 3.5, CogView, Qwen-Image)',
    recognised: 'blocks of two streams that attend together, to the end',
    conditions: [NO_SKIPS, TWO_STREAMS],
  },
  {
    name: 'sana',
    steps: FLOW_STEPS,
    title: 'Sana',
    recognised: 'attention without a Softmax, and cross-attention',
    conditions: [NO_SKIPS, LINEAR, CAPTIONS],
  },
  {
    name: 'pixart',
    steps: STEPS,
    title: 'PixArt',
    recognised: 'blocks with cross-attention; one modulation for all (adaLN-single)',
    conditions: [NO_SKIPS, CROSS_BLOCKS, SHARED_MODULATION, PIXELS],
  },
  {
    name: 'dit',
    steps: STEPS,
    title: 'DiT',
    recognised: 'blocks without cross-attention; a class label; a modulation each (adaLN-zero)',
    conditions: [NO_SKIPS, NO_CAPTIONS, LABEL, OWN_MODULATION],
  },
];

function byWidth(members: Readonly<Record<number, string>>) {
  return ({ captionWidths }: Structure) =>
    captionWidths.length === 1 && members[captionWidths[0]!]
      ? `tokens of ${captionWidths[0]} elements, ${members[captionWidths[0]!]}`
      : undefined;
}

export interface Recognised {
  /** Undefined: none of them. */
  readonly family: Family | undefined;
  /** What was found, or of each family that comes near what it lacks: sentences without a full stop. */
  readonly why: readonly string[];
}

export function recognise(structure: Structure): Recognised {
  const family = FAMILIES.find(({ conditions }) => conditions.every((one) => one.holds(structure)));
  if (family) {
    const member = family.member?.(structure);
    const told = family.conditions.filter(({ isUsual }) => !isUsual);
    const why = told.map((one) => one.found(structure));
    return { family, why: [...new Set(why), ...(member ? [member] : [])] };
  }
  return { family: undefined, why: FAMILIES.flatMap((one) => missed(one, structure)) };
}

/** Of a family of the same kind, with skips or without, what there would have to be in place of what was found. */
function missed({ title, conditions }: Family, structure: Structure): string[] {
  const [kind, ...others] = conditions;
  if (!kind!.holds(structure)) return [];
  const first = others.find((one) => !one.holds(structure));
  return first ? [`${title}: that would be ${first.wanted}; found: ${first.found(structure)}`] : [];
}
