import type { AnyAction } from '../domain/action.ts';

/** Every action, in the order of the documentation. */
export const actions: readonly AnyAction[] = [];
