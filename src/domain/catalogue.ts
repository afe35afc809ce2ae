import type { AnyAction } from './action.ts';
import type { AnyRule } from './rule.ts';

/** What policies may name: every rule and every action there is. */
export interface Catalogue {
  readonly rules: readonly AnyRule[];
  readonly actions: readonly AnyAction[];
}
