/** In tests every group of rewrites is checked, not only the steps around them. */
import { Watch } from '../../src/compiler/stages/index.js';

Watch.checksGroups = true;
