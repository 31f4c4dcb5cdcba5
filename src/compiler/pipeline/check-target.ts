/** What an engine with limits does not take at all is refused, before or after models are made for it. */
import { refusedFor, targetForm } from '../../errors/index.js';
import type { EmitForm } from '../lower/index.js';
import type { TargetResult } from '../targets/target.js';
import type { PipelineOptions } from './options.js';

/** The control flow that the models of each form hold. */
const CONTROL_FLOW: Readonly<Record<EmitForm, readonly string[]>> = {
  split: [],
  chain: [],
  merged: ['If'],
  stateful: ['If'],
  loop: ['If', 'Loop'],
};

/** @throws TARGET_FORM */
export function checkForm({ target, emit }: PipelineOptions): void {
  if (!emit || !target?.engine) return;
  const { controlFlow, operators } = target.engine;
  const needs = CONTROL_FLOW[emit];
  const refused = needs.some((name) => controlFlow === 'refused' || !operators['ai.onnx']?.[name]);
  if (refused) throw targetForm(target.name, emit);
}

/** @throws TARGET_OPEN_SIZE, TARGET_OPERATOR, TARGET_OPERATOR_VERSION, TARGET_OPERAND, TARGET_CONTROL_FLOW */
export function refuseUntaken(results: Iterable<readonly [string, TargetResult]>): void {
  const errors = [...results].flatMap(([, { findings = [] }]) =>
    findings.filter(({ severity }) => severity === 'error'),
  );
  // models of one source have most of them in common
  const different = new Map(errors.map((error) => [error.message, error]));
  const [first] = different.values();
  if (first) throw refusedFor(first, different.size - 1);
}
