import { noConditions } from '../../src/domain/bind.ts';
import { defaultSafety } from '../../src/domain/safety.ts';

/** The part of an engine of a deployment that does nothing but tell. */
export const notEnforcing = { isEnforcing: false, safety: { ...defaultSafety, conditions: noConditions } } as const;
