/** The form that a compilation asks for, where that is one for the whole plan. */
import type { Compilation } from '../pipeline/index.js';
import { statefulOf } from './stateful.js';
import { withLoop } from './whole-loop/index.js';

export function inForm(compilation: Compilation): Compilation {
  switch (compilation.form) {
    case undefined:
      return compilation;
    case 'stateful':
      return statefulOf(compilation);
    case 'loop':
      return withLoop(compilation);
  }
}
