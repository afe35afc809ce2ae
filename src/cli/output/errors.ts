import { visibleLines } from '../../domain/visible.ts';
import { formatErrors, type PolicyError } from '../../language/policy-error.ts';
import type { Colours } from './colours.ts';

/** Errors or warnings of a policy's author as a person reads them. They quote the file, which may hold anything. */
export function errorsText(errors: readonly PolicyError[], colours: Colours, kind: 'error' | 'warning'): string {
  const code = kind === 'error' ? colours.red : colours.yellow;
  return `${formatErrors(visibleLines(errors), { place: colours.bold, code, label: colours.dim })}\n`;
}
