import type { Paint } from '../../language/policy-error.ts';
import type { Colours } from './colours.ts';

/** How errors or warnings of a policy's author are coloured. */
export function paintFor(colours: Colours, kind: 'error' | 'warning'): Paint {
  return { place: colours.bold, code: kind === 'error' ? colours.red : colours.yellow, label: colours.dim };
}
