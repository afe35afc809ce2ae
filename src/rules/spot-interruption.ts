import { quoted } from '../domain/characters.ts';
import { DRAIN_RULE } from '../domain/drain-step.ts';
import type { Interruption, Notice, NoticeKind } from '../domain/notice.ts';
import { defineRule } from '../domain/rule.ts';
import { insufficientData, notApplicable, type Verdict, violation } from '../domain/verdict.ts';

/** Notices that a policy may tell: the others say what became of an instance, and not what will. */
const told = ['interruption', 'reservation', 'rebalance', 'health'] as const satisfies readonly NoticeKind[];
type Told = (typeof told)[number];

interface Evidence {
  readonly [key: string]: string | undefined;
  readonly kind: Told;
  readonly action?: Interruption;
  readonly at: string;
  readonly deadline?: string;
}

export const spotInterruption = defineRule({
  id: DRAIN_RULE,
  summary: 'EC2 has not announced that it takes the instance away.',
  why: 'A Spot instance is gone two minutes after its notice: whatever sends it work must know before.',
  fix: 'Take it out of service before EC2 does, and let another take its place: the actions of a policy of this rule are the steps of that',
  evidence: {
    about: 'Of a violation: what AWS announced.',
    fields: {
      kind: 'what was announced: `interruption`, `reservation`, `rebalance` or `health`',
      action: 'what EC2 does with an instance that it takes away: `terminate`, `stop` or `hibernate`',
      at: 'when it was announced',
      deadline: 'until when there is time; left out where the notice names none',
    },
  },
  parameters: (z) =>
    z.strictObject({
      notices: z
        .array(z.enum(told))
        .min(1)
        .default(['interruption', 'reservation', 'rebalance'])
        .describe(
          'Which notices count: interruption (a Spot instance is taken back), reservation (its capacity reservation is), rebalance (a Spot instance is likely to be taken back), health (AWS Health has planned something).',
        ),
    }),
  needs: ['notice'],
  evaluate({ facts: { notice }, parameters: { notices } }): Verdict<Evidence> {
    if (!notice.known) return insufficientData([notice.missing]);
    const { value } = notice;
    if (value === 'none') return notApplicable('EC2 has announced nothing');
    const { action, at, deadline, instanceId } = value;
    const kind = notices.find((one) => one === value.kind);
    if (kind === undefined) return notApplicable(`the policy does not tell notices of ${value.kind}`);
    return violation(reasonOf(kind, value), fixOf(instanceId, deadline), {
      kind,
      ...(action === undefined ? {} : { action }),
      at,
      ...(deadline === undefined ? {} : { deadline }),
    });
  },
  examples: [
    {
      title: 'a Spot instance of which nothing was announced, as any other',
      parameters: {},
      given: { instance: { InstanceLifecycle: 'spot' } },
      expect: { compliance: 'NOT_APPLICABLE', reason: 'EC2 has announced nothing' },
    },
    {
      title: 'EC2 takes a Spot instance back',
      parameters: {},
      given: {
        instance: { InstanceLifecycle: 'spot' },
        notice: { kind: 'interruption', action: 'terminate', at: '2026-01-01T01:00:00Z' },
      },
      expect: {
        compliance: 'NON_COMPLIANT',
        reason: 'EC2 will terminate the instance at 2026-01-01T01:02:00Z',
      },
    },
    {
      title: 'EC2 hibernates a Spot instance, and begins at once',
      parameters: {},
      given: {
        instance: { InstanceLifecycle: 'spot' },
        notice: { kind: 'interruption', action: 'hibernate', at: '2026-01-01T01:00:00Z' },
      },
      expect: { compliance: 'NON_COMPLIANT', reason: 'EC2 hibernates the instance since 2026-01-01T01:00:00Z' },
    },
    {
      title: 'the owner of a capacity reservation takes it back',
      parameters: {},
      given: {
        notice: { kind: 'reservation', at: '2026-01-01T01:00:00Z', deadline: '2026-01-01T01:10:00Z' },
      },
      expect: {
        compliance: 'NON_COMPLIANT',
        reason:
          'the owner of its capacity reservation takes it back: EC2 will terminate the instance at 2026-01-01T01:10:00Z',
      },
    },
    {
      title: 'a Spot instance is likely to be taken back',
      parameters: {},
      given: { instance: { InstanceLifecycle: 'spot' }, notice: { kind: 'rebalance', at: '2026-01-01T01:00:00Z' } },
      expect: {
        compliance: 'NON_COMPLIANT',
        reason: 'EC2 is likely to take the instance back, and recommends to rebalance',
      },
    },
    {
      title: 'AWS Health has planned something, and the policy does not tell that',
      parameters: {},
      given: { notice: { kind: 'health', at: '2026-01-01T01:00:00Z', text: 'instance retirement' } },
      expect: { compliance: 'NOT_APPLICABLE', reason: 'the policy does not tell notices of health' },
    },
    {
      title: 'AWS Health has planned something, and the policy tells it',
      parameters: { notices: ['interruption', 'health'] },
      given: { notice: { kind: 'health', at: '2026-01-01T01:00:00Z', text: 'instance retirement' } },
      expect: { compliance: 'NON_COMPLIANT', reason: 'AWS Health has planned "instance retirement"' },
    },
  ],
});

function reasonOf(kind: Told, { action = 'terminate', at, deadline, text }: Notice): string {
  switch (kind) {
    case 'interruption':
      return endOf(action, at, deadline);
    case 'reservation':
      return `the owner of its capacity reservation takes it back: ${endOf(action, at, deadline)}`;
    case 'rebalance':
      return 'EC2 is likely to take the instance back, and recommends to rebalance';
    case 'health':
      return `AWS Health has planned ${text === undefined ? 'something' : quoted(text)}`;
  }
}

function endOf(action: Interruption, at: string, deadline: string | undefined): string {
  if (action === 'hibernate') return `EC2 hibernates the instance since ${inSeconds(at)}`;
  return `EC2 will ${action} the instance${deadline === undefined ? '' : ` at ${inSeconds(deadline)}`}`;
}

function fixOf(instanceId: string, deadline: string | undefined): string {
  return `take ${instanceId} out of service${deadline === undefined ? '' : ` before ${inSeconds(deadline)}`}, and let another take its place`;
}

/** Without milliseconds: a notice has none. */
function inSeconds(iso: string): string {
  return iso.replace(/\.\d+Z$/, 'Z');
}
