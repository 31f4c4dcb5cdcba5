/** Passes and their options as a form, made from the passes' own schemas. */
import type { Inspection } from 'stepfold';
import { passes } from 'stepfold/passes';
import { el } from '../page/dom.js';
import type { PassFit } from './messages.js';
import { passText, suggestion } from './suggestion.js';

/** What of a pass's JSON Schema a form needs. */
interface OptionSchema {
  readonly type?: string | readonly string[];
  readonly enum?: readonly string[];
  readonly default?: unknown;
  readonly description?: string;
  readonly minimum?: number;
  readonly maximum?: number;
}

export function passFields(inspection: Inspection, fits: readonly PassFit[]): HTMLElement[] {
  const offered = fits.filter(({ refusal }) => refusal === undefined).map(({ pass }) => pass);
  const wanted = inspection.isUnet ? 'deepcache' : 'ditfastattn';
  const first = offered.includes(wanted) ? wanted : offered[0];
  const fields = offered.map((name) => {
    const pass = passes[name]!;
    const given = suggestion(pass.name, inspection);
    const tick = el('input', {
      type: 'checkbox',
      name: 'pass',
      value: pass.name,
      checked: pass.name === first,
    });
    const all = Object.entries(pass.options.properties as Record<string, OptionSchema>);
    const fieldsOf = (which: boolean) =>
      all
        .filter(([name]) => name in given === which)
        .map(([name, schema]) => field(pass.name, name, schema, given[name]));
    const more = fieldsOf(false);
    const inside = el(
      'div',
      { className: 'options', hidden: !tick.checked },
      ...fieldsOf(true),
      more.length > 0 &&
        el(
          'details',
          {},
          el('summary', { textContent: `${more.length} options more` }),
          el('div', { className: 'options' }, ...more),
        ),
    );
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
  const refused = fits.flatMap(({ pass, refusal }) =>
    refusal === undefined ? [] : [el('li', {}, el('b', { textContent: pass }), ` ${refusal}`)],
  );
  return [
    ...fields,
    ...(refused.length > 0
      ? [
          el('h4', { textContent: 'Not offered for this model' }),
          el('ul', { id: 'not-offered', className: 'faint' }, ...refused),
        ]
      : []),
  ];
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
      .filter(([, value]) => value !== '');
    return passText(String(pass), Object.fromEntries(options));
  });
}
