/**
 * Counts what a model holds that its text has no place for, so that a reader knows. None of it
 * changes what the model computes. Walks the whole message once.
 */

/** For each kind of message, by the field that holds it: fields without a place in the text. */
const LEFT_OUT: Readonly<Record<string, string>> = {
  docString: 'doc string',
  metadataProps: 'metadata list',
  denotation: 'denotation',
  quantizationAnnotation: 'quantization annotation',
  deviceConfigurations: 'device placement',
  configuration: 'device configuration',
  trainingInfo: 'training graph',
  segment: 'tensor segment',
};

/** A comment, or `""` when the text says everything. */
export function printOmissions(model: object): string {
  const counts = new Map<string, number>();
  // the header and the functions have a place for a doc string, the header for metadata
  countIn(model, new Set(['docString', 'metadataProps']), counts);
  if (counts.size === 0) return '';
  const parts = [...counts].map(([what, count]) => `${count} ${what}${count === 1 ? '' : 's'}`);
  return `\n# Not in this text: ${parts.join(', ')}.\n`;
}

const FUNCTION_SAYS = new Set(['docString']);
const NOTHING = new Set<string>();

function countIn(message: object, said: ReadonlySet<string>, counts: Map<string, number>): void {
  const add = (what: string, count: number) => {
    if (count > 0) counts.set(what, (counts.get(what) ?? 0) + count);
  };
  add('unknown field', (message as { $unknowns?: unknown[] }).$unknowns?.length ?? 0);
  for (const [field, value] of Object.entries(message)) {
    const left = LEFT_OUT[field];
    if (left && !said.has(field)) add(left, sizeOf(field, value));
    else if (!left && typeof value === 'object' && value !== null) {
      const says = field === 'functions' ? FUNCTION_SAYS : NOTHING;
      if (Array.isArray(value)) {
        // lists of numbers hold no messages
        if (typeof value[0] === 'object') for (const item of value) visit(item, says, counts);
      } else visit(value, says, counts);
    }
  }
}

function visit(value: object, says: ReadonlySet<string>, counts: Map<string, number>): void {
  if (!ArrayBuffer.isView(value) && !('unsigned' in value)) countIn(value, says, counts);
}

/** A list of messages counts each, but a metadata list counts once; what is empty does not count. */
function sizeOf(field: string, value: unknown): number {
  if (Array.isArray(value))
    return field === 'metadataProps' ? Math.min(value.length, 1) : value.length;
  return value === '' || value === undefined || value === null ? 0 : 1;
}
