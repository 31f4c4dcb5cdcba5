// Control characters in every name and text of a model, the same after the same name everywhere, so that the
// model stays what it is. (That none of them comes out is asked of every class, in child.mjs.)
import { decodeMessage, encodeMessage } from '../../dist/src/model/onnx/descriptor.js';
import { CONTROLS } from './nasty.mjs';

/** Fields that say what a model computes, not how something is called. */
const MEANING = new Set(['opType', 'domain', 'overload', 'location', 'refAttrName']);

/** Only these lists of texts are names; attributes have theirs as bytes. */
const LISTS = new Set(['input', 'output']);

/**
 * @param bytes of a model
 * @param seed chooses the characters, together with the name that they come behind
 */
export function withControlNames(bytes, seed) {
  const message = decodeMessage(bytes);
  const behind = (name) => {
    if (name === '') return name;
    let hash = seed;
    for (const char of name) hash = (Math.imul(hash, 31) + char.codePointAt(0)) >>> 0;
    return name + CONTROLS[hash % CONTROLS.length];
  };
  const visit = (object, inAttribute) => {
    for (const [key, value] of Object.entries(object)) {
      if (typeof value === 'string') {
        // attributes are known by their names
        if (!MEANING.has(key) && !(inAttribute && key === 'name')) object[key] = behind(value);
      } else if (Array.isArray(value)) {
        if (LISTS.has(key) && typeof value[0] === 'string') object[key] = value.map(behind);
        else if (key === 'externalData' || key === 'opsetImport') continue;
        else
          for (const item of value)
            if (item && typeof item === 'object' && !ArrayBuffer.isView(item))
              visit(item, key === 'attribute');
      } else if (value && typeof value === 'object' && !ArrayBuffer.isView(value))
        visit(value, key === 'attribute');
    }
  };
  visit(message, false);
  return encodeMessage(message);
}
