import * as z from 'zod';
import type { InspectedInstance } from '../../src/domain/collected.ts';
import { defaultNow, type Given, inspected } from '../../src/domain/given.ts';
import type { Json } from '../../src/domain/json.ts';
import { type Judgement, judge } from '../../src/domain/judge.ts';
import type { Need } from '../../src/domain/needs.ts';
import type { AnyRule } from '../../src/domain/rule.ts';
import { policyWith } from '../support/policies.ts';

/** What a policy with this rule and these parameters says of an instance, as the product would judge it. */
export function look(rule: AnyRule, parameters: Json, given: Given, now = defaultNow): Judgement {
  return lookAt(rule, parameters, inspected(given, new Date(now), rule.id), now);
}

/** The same of an instance whose facts were put together by the test. */
export function lookAt(rule: AnyRule, parameters: Json, seen: InspectedInstance, now = defaultNow): Judgement {
  const judgement = judge(policyWith(rule, parameters), seen, new Date(now));
  if (judgement === undefined) throw new Error('a policy without match matched nothing');
  return judgement;
}

/** Needs of a rule with these parameters. */
export function needsWith(rule: AnyRule, parameters: Json): readonly Need[] {
  const parsed = rule.parameters(z).parse(parameters);
  return typeof rule.needs === 'function' ? rule.needs(parsed) : rule.needs;
}

/** Messages with which a rule refuses parameters; none when it takes them. */
export function refusals(rule: AnyRule, parameters: unknown): readonly string[] {
  const schema: z.ZodType = rule.parameters(z);
  const result = schema.safeParse(parameters);
  return result.success ? [] : result.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
}
