import { notEnforcing } from './not-enforcing.ts';
import { policyFor } from './policies.ts';

/** What the functions have compiled in, in tests of their handlers. */
export const policies = [policyFor('required-tags', { keys: [{ key: 'Owner' }] })];

export const { safety } = notEnforcing;
