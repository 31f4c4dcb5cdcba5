/** The form that a compilation asks for, where that is one for the whole plan. */
import type { Compilation } from '../pipeline/index.js';
import { statefulOf } from './stateful.js';

export function inForm(compilation: Compilation): Compilation {
  switch (compilation.form) {
    case undefined:
      return compilation;
    case 'stateful':
    case 'loop':
      return statefulOf(compilation);
  }
}
