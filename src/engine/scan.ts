import { factsOf } from '../domain/collected.ts';
import { describeMissing } from '../domain/facts.ts';
import { type Judgement, judgeUnseen, needsOf } from '../domain/judge.ts';
import type { Aws, Scope } from '../domain/operations.ts';
import type { BoundPolicy } from '../domain/policy.ts';
import { collect, describeAllInstances, readFailures } from './collect.ts';
import { judgeOrSay } from './look.ts';
import { chunked } from './reads.ts';

/** What a scan found: every judgement, in the order of instances, then of policies. */
export interface ScanResult {
  /** All that DescribeInstances gave, matched or not. */
  readonly instances: number;
  readonly judgements: readonly Judgement[];
  /** One line for each read that failed: what hangs on it is INSUFFICIENT_DATA. */
  readonly failures: readonly string[];
}

/** Of an instance that can't be read. */
const UNKNOWN_SCOPE: Scope = { accountId: '', region: '' };

/** How many instances are collected together: few calls, and steps that a person can watch. */
const SCAN_INSTANCES = 200;

/**
 * Judges every instance of an account and Region, read-only.
 * @param onProgress told after each step how many of all instances are done.
 * @throws when DescribeInstances failed: nothing can be said at all.
 */
export async function scan(
  aws: Aws,
  policies: readonly BoundPolicy[],
  now: Date,
  onProgress: (done: number, all: number) => void,
): Promise<ScanResult> {
  const described = await describeAllInstances(aws);
  if (described.failure !== undefined) throw new Error(described.failure.detail);
  const needs = needsOf(policies);
  const judgements: Judgement[] = [];
  const failures = new Set<string>();
  for (const [id, missing] of described.malformed) {
    failures.add(describeMissing(missing));
    judgements.push(...policies.map((policy) => judgeUnseen(policy, id, UNKNOWN_SCOPE, missing)));
  }
  let done = 0;
  for (const instances of chunked(described.instances, SCAN_INSTANCES)) {
    const collected = await collect(aws, instances, needs, new Map());
    for (const failure of readFailures(collected)) failures.add(failure);
    for (const instance of instances) {
      const inspected = { instance, facts: factsOf(instance, collected, now) };
      judgements.push(...policies.flatMap((policy) => judgeOrSay(policy, inspected, now) ?? []));
    }
    done += instances.length;
    onProgress(done, described.instances.length);
  }
  return { instances: described.instances.length + described.malformed.size, judgements, failures: [...failures] };
}
