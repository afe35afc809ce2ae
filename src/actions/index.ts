import type { AnyAction } from '../domain/action.ts';
import { revokeIngress } from './revoke-ingress.ts';

/** Every action, in the order of the documentation. */
export const actions: readonly AnyAction[] = [revokeIngress];
