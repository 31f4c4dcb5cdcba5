/**
 * A pass is a plain object: it finds its sites, gives them strategies, and proposes which is used at
 * which call. Everything else (liveness, lowering, files, the runtime) is shared. Its name,
 * description and options schema are also its help text and its documentation.
 */

import type { Model } from '../../model/ir/model.js';
import type { ShapeTable } from '../../model/shape/index.js';
import type { GuidancePair, LoopPlaces } from '../../runtime/schedule/index.js';
import { type AttentionAnalysis, findAttention } from '../analysis/attention/index.js';
import { type BlockAnalysis, findBlocks } from '../analysis/blocks/index.js';
import { type BranchTable, branchTable } from '../analysis/branches.js';
import {
  analyzeUnet,
  findInputRoles,
  findModules,
  type InputRoles,
  type ModuleAnalysis,
  type UnetAnalysis,
} from '../analysis/index.js';
import type { Proposal } from '../plan/index.js';
import type { PassCalibration } from './calibration.js';
import type { FullStepsRule } from './full-steps.js';
import type { StrategyStatements } from './meaning.js';
import type { PassTrials } from './trials.js';

/** What is asked of one option. */
export interface PassOption {
  readonly description: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly default?: unknown;
  /** Other keywords of JSON Schema: docs/writing-passes.md has those that are checked. */
  readonly [keyword: string]: unknown;
}

/** A JSON Schema of a pass's options: an object whose properties say type, default and meaning. */
export interface OptionsSchema {
  readonly type: 'object';
  readonly properties: Readonly<Record<string, PassOption>>;
  readonly required?: readonly string[];
}

export interface PassContext {
  /** The canonical model. */
  readonly model: Model;
  readonly shapes: ShapeTable;
  /** Calls in the denoising loop. */
  readonly calls: number;
  /** A size for each symbol, for figures in reports and errors. */
  readonly bindings: ReadonlyMap<string, number>;
  /** What the inputs are for. */
  readonly roles: InputRoles;
  /** How the loop calls the denoiser for classifier-free guidance; undefined: not, or not known. */
  readonly guidance: GuidancePair | undefined;
  /** Where the loop's steps lie, as far as it is known. */
  readonly places: LoopPlaces;
  /** Every attention, found once. */
  attention(): AttentionAnalysis;
  /** Transformer blocks, found once. */
  blocks(): BlockAnalysis;
  /** Attentions and feed-forwards by what leaves them, found once. */
  modules(): ModuleAnalysis;
  /** The U-Net skeleton, found once. */
  unet(): UnetAnalysis;
  /** What each skip branch costs; only for a U-Net. */
  branches(): BranchTable;
}

/** What a search over settings, `stepfold tune`, varies of a pass beside which steps are full and the order of its forecast. */
export interface PassTuning {
  /** Nothing is approximated: it goes beside every other setting, where it is found to save time. */
  readonly exact?: boolean;
  /** Tried where it is named alone, as by `tune --try`: its choices take longer than they were found to be worth. */
  readonly onlyNamed?: boolean;
  /**
   * Options that differ in what of the model is kept; none where it has nothing of the kind. The search says which
   * steps are full (`fullSteps`), and, where the schema has an `order`, which.
   */
  choices(context: PassContext): readonly Readonly<Record<string, unknown>>[];
  /** Options under which `calibration` is tried, the strictest first; left out: it is not. */
  readonly strictness?: readonly Readonly<Record<string, unknown>>[];
  /**
   * Other ways than even distances to place so many full steps in a loop of some length: options of its schema that say
   * it, with no more full steps. They are tried where even ones have come out best.
   */
  placements?(full: number, steps: number): readonly Readonly<Record<string, unknown>>[];
}

export interface Pass<Options = Record<string, unknown>> {
  readonly name: string;
  /** One sentence: what it does and when to use it. */
  readonly description: string;
  readonly options: OptionsSchema;
  /** Example of its options on the command line. */
  readonly example: string;
  /** The module that it was loaded from, for messages: set where plugins are loaded. */
  readonly plugin?: string;
  /** Edits that sites need and that change nothing of what the model computes, nor any shape. */
  prepare?(context: PassContext, options: Options): void;
  propose(context: PassContext, options: Options): Proposal;
  /** How a plan for its sites is searched; left out by passes whose plan is a rule. */
  readonly calibration?: PassCalibration<Options>;
  /** How steps are made full, where that is all of its plan: a search then finds which. */
  readonly fullSteps?: FullStepsRule;
  /** What a search over settings varies of it; left out by passes that are no part of such a search. */
  readonly tuning?: PassTuning;
  /**
   * What the strategies of its sites mean, by name: from this `verify` makes its reference. One that is left
   * out works, and cannot be proved.
   */
  readonly strategies?: StrategyStatements;
  /** What a report tries beside these options; undefined where the model leaves no choice. */
  trials?(context: PassContext, options: Options): PassTrials | undefined;
}

export function passContext(
  model: Model,
  shapes: ShapeTable,
  calls: number,
  bindings: ReadonlyMap<string, number>,
  guidance?: GuidancePair,
  roles: InputRoles = findInputRoles(model.graph, shapes),
  places: LoopPlaces = {},
): PassContext {
  let unet: UnetAnalysis | undefined;
  let branches: BranchTable | undefined;
  let attention: AttentionAnalysis | undefined;
  let blocks: BlockAnalysis | undefined;
  let modules: ModuleAnalysis | undefined;
  const context: PassContext = {
    model,
    shapes,
    calls,
    bindings,
    roles,
    guidance,
    places,
    attention() {
      attention ??= findAttention(model.graph, shapes);
      return attention;
    },
    blocks() {
      blocks ??= findBlocks(model.graph, shapes, context.attention().found);
      return blocks;
    },
    modules() {
      modules ??= findModules(
        model.graph,
        shapes,
        context.attention(),
        context.blocks(),
        roles.latent,
      );
      return modules;
    },
    unet() {
      unet ??= analyzeUnet(model.graph, shapes);
      return unet;
    },
    branches() {
      const found = context.unet();
      branches ??= branchTable(model.graph, shapes, found.isUnet ? found.joins : [], bindings);
      return branches;
    },
  };
  return context;
}
