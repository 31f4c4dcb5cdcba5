/** Passes and their options as a form, made from the passes' own schemas. */
import type { Inspection } from 'stepfold';
import { passes } from 'stepfold/passes';
import { el } from '../page/dom.js';

/** What of a pass's JSON Schema a form needs. */
interface OptionSchema {
  readonly type?: string | readonly string[];
  readonly enum?: readonly string[];
  readonly default?: unknown;
  readonly description?: string;
  readonly minimum?: number;
  readonly maximum?: number;
}

/** A first choice that works, for the model at hand. */
function suggestion(
  pass: string,
  { branches, isUnet, blocks }: Inspection,
): Record<string, string> {
  if (pass === 'deepcache')
    return {
      branch: String(branches[Math.min(2, branches.length - 1)]?.branch ?? 1),
      interval: '3',
    };
  if (pass === 'delta-cache')
    return {
      interval: '2',
      ...(!isUnet && { blocks: String(Math.max(1, Math.floor(blocks.length / 2))) }),
    };
  if (pass === 'depth-skip') return { branch: String(branches.at(-1)?.branch ?? 1) };
  if (pass === 'ditfastattn') return { strategy: 'reuse', interval: '2' };
  return {};
}

export function passFields(inspection: Inspection): HTMLElement[] {
  const first = inspection.isUnet ? 'deepcache' : 'ditfastattn';
  return Object.values(passes).map((pass) => {
    const given = suggestion(pass.name, inspection);
    const tick = el('input', {
      type: 'checkbox',
      name: 'pass',
      value: pass.name,
      checked: pass.name === first,
    });
    const fields = Object.entries(pass.options.properties as Record<string, OptionSchema>).map(
      ([name, schema]) => field(pass.name, name, schema, given[name]),
    );
    const inside = el('div', { className: 'options', hidden: !tick.checked }, ...fields);
    tick.addEventListener('change', () => {
      inside.hidden = !tick.checked;
    });
    return el(
      'fieldset',
      {},
      el('legend', {}, el('label', { className: 'tick' }, tick, pass.name)),
      el('p', { className: 'faint', textContent: pass.description }),
      inside,
    );
  });
}

function field(pass: string, name: string, schema: OptionSchema, given = ''): HTMLElement {
  const id = `${pass}.${name}`;
  const input = schema.enum
    ? el(
        'select',
        { name: id },
        el('option', { value: '', textContent: `(${schema.default ?? 'none'})` }),
        ...schema.enum.map((value) =>
          el('option', { value, textContent: value, selected: value === given }),
        ),
      )
    : el('input', {
        name: id,
        value: given,
        type: schema.type === 'integer' || schema.type === 'number' ? 'number' : 'text',
        placeholder: schema.default === undefined ? '' : String(schema.default),
        ...(schema.type === 'number' && { step: 'any' }),
        ...(schema.minimum !== undefined && { min: String(schema.minimum) }),
        ...(schema.maximum !== undefined && { max: String(schema.maximum) }),
      });
  return el('label', { title: schema.description ?? '' }, name, input);
}

/** The passes that are ticked, as the command line has them. */
export function chosenPasses(form: HTMLFormElement): string[] {
  const data = new FormData(form);
  return data.getAll('pass').map((pass) => {
    const options = Object.keys(passes[String(pass)]!.options.properties)
      .map((name) => [name, String(data.get(`${pass}.${name}`) ?? '').trim()] as const)
      .filter(([, value]) => value !== '')
      .map(([name, value]) => `${name}=${value}`);
    return options.length > 0 ? `${pass}:${options.join(',')}` : String(pass);
  });
}
