import { asError } from '../domain/errors.ts';
import { defaultNow, type Given, inspected } from '../domain/given.ts';
import { actionsOf, type Judgement, judge } from '../domain/judge.ts';
import type { BoundPolicy } from '../domain/policy.ts';
import type { Compliance } from '../domain/verdict.ts';

/** A case of a policy.test.yml: an instance, and what the policy should say of it. */
export interface PolicyCase extends Given {
  readonly name: string;
  /** ISO 8601. */
  readonly now?: string;
  readonly expect: {
    readonly compliance?: Compliance;
    /** The instance is outside the policy's `match`. */
    readonly matched?: false;
    readonly exempt?: boolean;
    readonly reason?: string;
    readonly actions?: readonly string[];
  };
}

/** A policy.test.yml. */
export interface PolicyTests {
  readonly now?: string;
  readonly cases: readonly PolicyCase[];
}

/** What became of a case. No failures: it passed. */
export interface CaseResult {
  readonly name: string;
  readonly failures: readonly string[];
}

/** Runs the cases of a policy through the functions that production judges with. Pure. */
export function runCases(policy: BoundPolicy, tests: PolicyTests): readonly CaseResult[] {
  return tests.cases.map((one) => ({ name: one.name, failures: failuresOf(policy, one, one.now ?? tests.now) }));
}

/**
 * Outcomes that a policy can give and that no case expects: compliant, unless no example of its rule is, non-compliant, and whichever
 * others an example gives with the policy's parameters.
 */
export function outcomesWithoutCase(policy: BoundPolicy, tests: PolicyTests): readonly string[] {
  const expected = new Set(tests.cases.map((one) => one.expect.compliance));
  const { examples } = policy.boundRule;
  const isNeverCompliant = examples.length > 0 && examples.every(({ expect }) => expect.compliance !== 'COMPLIANT');
  const possible = new Map<Compliance, string>([
    ...(isNeverCompliant ? [] : [['COMPLIANT', ''] as const]),
    ['NON_COMPLIANT', ''],
    ...outcomesOfExamples(policy).filter(
      ([outcome]) => outcome === 'NOT_APPLICABLE' || outcome === 'INSUFFICIENT_DATA',
    ),
  ]);
  return [...possible]
    .filter(([outcome]) => !expected.has(outcome))
    .map(([outcome, title]) => `no case expects ${outcome}${title === '' ? '' : `, which comes of: ${title}`}`);
}

function outcomesOfExamples(policy: BoundPolicy): readonly (readonly [Compliance, string])[] {
  const { match: _, ...unmatched } = policy;
  return policy.boundRule.examples.flatMap(({ title, given, now = defaultNow }) => {
    const at = new Date(now);
    const judgement = judge({ ...unmatched, exempt: [] }, inspected(given, at, policy.name), at);
    return judgement === undefined ? [] : [[judgement.compliance, title] as const];
  });
}

function failuresOf(policy: BoundPolicy, given: PolicyCase, now = defaultNow): readonly string[] {
  const at = new Date(now);
  try {
    return differences(given.expect, judge(policy, inspected(given, at, policy.name), at));
  } catch (error) {
    return [`this is no instance that EC2 could return: ${asError(error).message}`];
  }
}

function differences(expected: PolicyCase['expect'], judgement: Judgement | undefined): readonly string[] {
  if (judgement === undefined) return expected.matched === false ? [] : ["the instance is outside the policy's match"];
  const { compliance, reason, exempt } = judgement;
  const why = reason === '' ? '' : ` (${reason})`;
  if (expected.matched === false) return [`expected an instance outside match, and it is judged: ${compliance}${why}`];
  if (expected.compliance !== compliance) return [`expected ${expected.compliance}, got ${compliance}${why}`];
  const failures: string[] = [];
  if (expected.reason !== undefined && expected.reason !== reason)
    failures.push(`expected the reason ${JSON.stringify(expected.reason)}, got ${JSON.stringify(reason)}`);
  if ((expected.exempt ?? false) !== (exempt !== undefined))
    failures.push(
      exempt === undefined ? 'expected an exemption to hold, and none does' : `exempt, not expected: ${exempt.reason}`,
    );
  return [
    ...failures,
    ...actionDifferences(
      expected.actions,
      actionsOf(judgement).map(({ id }) => id),
    ),
  ];
}

function actionDifferences(expected: readonly string[] | undefined, actual: readonly string[]): readonly string[] {
  if (expected === undefined) return [];
  return [
    ...actual.filter((action) => !expected.includes(action)).map((action) => `action not expected: ${action}`),
    ...expected
      .filter((action) => !actual.includes(action))
      .map((action) => `action expected, and not taken: ${action}`),
  ];
}
