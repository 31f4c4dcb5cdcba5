/** What a check of a model for an engine came to, by names only: it outlives the nodes. */
import type { StepfoldError } from '../../../errors/index.js';

/** The engine takes nothing of the model, or something of it runs elsewhere. */
export type Severity = 'error' | 'warning';

export interface Finding {
  readonly severity: Severity;
  /** One of those of errors: `TARGET_OPERATOR` and the like. */
  readonly code: string;
  readonly message: string;
  /** What to do, one sentence. */
  readonly hint: string;
  /** Every node that it is about, in order; none where it is about the model's inputs. */
  readonly nodes: readonly string[];
  readonly opType?: string;
}

export function findingOf(severity: Severity, error: StepfoldError): Finding {
  const { hint = '', opType, data } = error.details;
  const { nodes = [] } = (data ?? {}) as { readonly nodes?: readonly string[] };
  return {
    severity,
    code: error.code,
    message: error.message,
    hint,
    nodes,
    ...(opType !== undefined && { opType }),
  };
}
