import { adviceFor, type Missing, mayAppear } from '../../src/domain/facts.ts';

const denied: Missing = {
  what: 'volume vol-1',
  why: 'denied',
  detail: 'UnauthorizedOperation: … is not authorized to perform: ec2:DescribeVolumes because …',
};

test.each<[string, readonly Missing[], string]>([
  ['a refused read', [denied], "grant ec2:DescribeVolumes to the guardrail's role: AWS refused 1 read."],
  [
    'a refused read that names no permission',
    [{ what: 'tags', why: 'denied' }],
    "let the guardrail's role read it: AWS refused with the message above.",
  ],
  [
    'a condition that can not be evaluated',
    [{ what: 'condition x', why: 'not-evaluable' }],
    "correct the condition in the policy's `match` or `exempt`: it can not be evaluated on this instance.",
  ],
  [
    'what a rule knows how to mend',
    [{ what: 'tag Snooze', why: 'not-evaluable', fix: 'write the tag as 2026-12-01.' }],
    'write the tag as 2026-12-01.',
  ],
  ['what nobody recorded', [{ what: 'launcher', why: 'not-recorded' }], 'record what is missing, if it matters.'],
  [
    'a prefix list that is not there',
    [
      {
        what: 'prefix list pl-1',
        why: 'failed',
        detail: "InvalidPrefixListID.NotFound: The prefix list ID 'pl-1' does not exist",
      },
    ],
    'replace the source: nobody can say whom it lets in.',
  ],
  [
    'a prefix list that an answer left out, beside what may still come',
    [
      { what: 'tags', why: 'not-yet' },
      { what: 'prefix list pl-1', why: 'not-found' },
    ],
    'replace the source: nobody can say whom it lets in.',
  ],
  [
    'a security group of another account',
    [{ what: 'security group sg-1', why: 'not-found' }],
    'replace the source: nobody can say whom it lets in.',
  ],
  [
    'a prefix list that could not be read for another reason',
    [{ what: 'prefix list pl-1', why: 'failed', detail: 'InternalError: try again' }],
    'nothing yet: the hourly sweep looks again. If it stays so, see what is missing.',
  ],
  [
    'a volume that is not there',
    [{ what: 'volume vol-1', why: 'not-found' }],
    'nothing yet: the hourly sweep looks again. If it stays so, see what is missing.',
  ],
  [
    'what may still come',
    [{ what: 'tags', why: 'not-yet' }],
    'nothing yet: the hourly sweep looks again. If it stays so, see what is missing.',
  ],
])('%s has an advice of its own', (_, missing, advice) => {
  expect(adviceFor(missing)).toBe(advice);
});

test.each([
  ['not-found', true],
  ['not-yet', true],
  ['throttled', true],
  ['failed', true],
  ['denied', false],
  ['not-recorded', false],
  ['not-evaluable', false],
] as const)('%s may appear with time: %s', (why, expected) => {
  expect(mayAppear({ what: 'x', why })).toBe(expected);
});
