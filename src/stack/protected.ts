import type { ChangingOperation } from '../domain/operations.ts';
import type { MatchBlock, TagPattern } from '../domain/policy.ts';
import type { Safety } from '../domain/safety.ts';
import { ownArn, type RoleStatement, withPlaceholders } from './cloudformation.ts';

/** A statement by which IAM refuses, whatever the code does. */
export type Refusal = RoleStatement & { readonly Sid: `SpareProtected${number}`; readonly Effect: 'Deny' };

/**
 * Most characters of these statements: the inline policies of a role have 10,240 together.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
 */
const CHARACTERS = 5_000;

/** What IAM takes as it stands, but for `*`, which is any run of characters here and there. */
const saidAlike = /^[\w .:/=+@*-]+$/;

/**
 * Refuses to touch instances that enforcement.yml protects by ids or tags. A block of `protected` is said whole or not at all:
 * without one of its keys it would refuse what policies may do. What is not said here is left to the engine alone.
 * @param operations those that are authorised on instances.
 */
export function sparingProtected(
  { protected: covered = [] }: Partial<Pick<Safety, 'protected'>>,
  operations: readonly ChangingOperation[],
): readonly Refusal[] {
  if (operations.length === 0) return [];
  const blocks: readonly MatchBlock[] = [covered].flat();
  const statements = blocks
    .flatMap((block) => statementFor(block, operations))
    .map((statement, index): Refusal => ({ Sid: `SpareProtected${index + 1}`, ...statement }));
  let characters = 0;
  return statements.filter((statement) => {
    characters += JSON.stringify(withPlaceholders(statement)).length;
    return characters <= CHARACTERS;
  });
}

function statementFor(
  { instanceIds, tags = {}, ...others }: MatchBlock,
  Action: readonly ChangingOperation[],
): readonly Omit<Refusal, 'Sid'>[] {
  const conditions = Object.entries(tags).map(([key, pattern]) => [key, valuesOf(pattern)] as const);
  // To IAM keys that differ in case alone are the same.
  const keys = new Set(conditions.map(([key]) => key.toLowerCase()));
  const isSaid =
    keys.size === conditions.length &&
    conditions.every(([key, values]) => values.length > 0 && [key, ...values].every(isSaidAlike));
  if (!isSaid || Object.keys(others).length > 0) return [];
  const named = instanceIds?.map((id) => ownArn('ec2', `instance/${id}`));
  const StringLike = Object.fromEntries(conditions.map(([key, values]) => [`aws:ResourceTag/${key}`, values]));
  return [
    {
      Effect: 'Deny',
      Action,
      Resource: named ?? [ownArn('ec2', 'instance/*')],
      ...(conditions.length === 0 ? {} : { Condition: { StringLike } }),
    },
  ];
}

/** Any of these; none where the pattern says more than that. */
function valuesOf(pattern: TagPattern): readonly string[] {
  if (pattern === null) return [];
  if (typeof pattern === 'string') return [pattern];
  if (!('in' in pattern)) return pattern;
  return pattern.ignoreCase || pattern.orMissing ? [] : pattern.in;
}

function isSaidAlike(text: string): boolean {
  return saidAlike.test(text);
}
