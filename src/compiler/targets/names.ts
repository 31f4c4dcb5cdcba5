/** Names of the targets, apart from their rules, so that a command line knows them without loading those. */
export const TARGET_NAMES = ['onnxruntime-cpu', 'webnn', 'qnn', 'directml', 'cuda-graph'] as const;

export type TargetName = (typeof TARGET_NAMES)[number];
