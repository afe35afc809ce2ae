import type { AnyAction } from '../domain/action.ts';
import { hibernate } from './hibernate.ts';
import { quarantine } from './quarantine.ts';
import { revokeIngress } from './revoke-ingress.ts';
import { start } from './start.ts';
import { stop } from './stop.ts';
import { terminate } from './terminate.ts';

/** Every action, the mildest first. */
export const actions: readonly AnyAction[] = [start, revokeIngress, quarantine, hibernate, stop, terminate];
