import { notEnforcing } from './not-enforcing.ts';
import { policyFor } from './policies.ts';

/** What λ drain has compiled in, in tests of its handler. */
export const policies = [policyFor('spot-interruption', {})];

export const { safety } = notEnforcing;
