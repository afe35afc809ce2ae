import type { AnyRule } from '../domain/rule.ts';
import { approvedInstanceTypes } from './approved-instance-types.ts';
import { encryptedVolumes } from './encrypted-volumes.ts';
import { englishTags } from './english-tags.ts';
import { requiredTags } from './required-tags.ts';
import { restrictedIngress } from './restricted-ingress.ts';
import { runningHours } from './running-hours.ts';
import { spotInterruption } from './spot-interruption.ts';

/** Every rule, sorted by id. */
export const rules: readonly AnyRule[] = [
  approvedInstanceTypes,
  encryptedVolumes,
  englishTags,
  requiredTags,
  restrictedIngress,
  runningHours,
  spotInterruption,
];
