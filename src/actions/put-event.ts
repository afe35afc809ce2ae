import { type DrainCall, defineDrainStep } from '../domain/drain-step.ts';

const DETAIL_TYPE = 'EC2 Guardrail Notice';

export const putEvent = defineDrainStep({
  id: 'put-event',
  kind: 'drain',
  summary: 'Puts the notice as an event on a bus of yours, for automation of your own.',
  rules: ['spot-interruption'],
  parameters: (z) =>
    z.strictObject({
      bus: z
        .string()
        .regex(/^[\w./:-]{1,400}$/, 'must be the name or the ARN of an event bus')
        .describe('The name of an event bus of the account, or the ARN of one elsewhere.'),
      source: z
        .string()
        .regex(/^[\w.-]{1,256}$/, 'must be a word such as ec2-guardrail')
        .refine((source) => !/^aws\./i.test(source), 'is kept for AWS: write one of your own')
        .default('ec2-guardrail')
        .describe("The event's source, by which rules find it."),
    }),
  needs: ['tags'],
  operations: ['events:PutEvents'],
  undoOperations: [],
  doneBy: [],
  skippedBy: [],
  plan({ instance: { InstanceId, InstanceType }, facts: { tags }, notice, parameters: { bus, source } }) {
    const detail = {
      version: 1,
      ...notice,
      instanceType: InstanceType,
      tags: Object.fromEntries(tags.found.map(({ Key, Value }) => [Key, Value])),
    };
    return {
      moves: [
        {
          isOnce: true,
          key: `event ${bus} ${source} ${notice.kind} ${InstanceId}`,
          does: `put the notice on event bus ${bus}`,
          call: put(bus, source, detail),
        },
      ],
      left: [],
    };
  },
  examples: [
    {
      title: 'a bus of the account',
      parameters: { bus: 'operations' },
      given: { tags: { Team: 'shop' } },
      expect: {
        does: ['put the notice on event bus operations'],
        calls: [
          put('operations', 'ec2-guardrail', {
            version: 1,
            kind: 'interruption',
            instanceId: 'i-0123456789abcdef0',
            scope: { accountId: '123456789012', region: 'us-east-1' },
            action: 'terminate',
            at: '2026-01-01T01:00:00.000Z',
            deadline: '2026-01-01T01:02:00.000Z',
            instanceType: 'm7i.large',
            tags: { Team: 'shop' },
          }),
        ],
      },
    },
    {
      title: 'a recommendation to rebalance, with a source of your own, and tags that could not be read',
      parameters: { bus: 'arn:aws:events:us-east-1:123456789012:event-bus/central', source: 'shop.spot' },
      given: { notice: { kind: 'rebalance' }, missing: ['tags'] },
      expect: {
        does: ['put the notice on event bus arn:aws:events:us-east-1:123456789012:event-bus/central'],
        calls: [
          put('arn:aws:events:us-east-1:123456789012:event-bus/central', 'shop.spot', {
            version: 1,
            kind: 'rebalance',
            instanceId: 'i-0123456789abcdef0',
            scope: { accountId: '123456789012', region: 'us-east-1' },
            at: '2026-01-01T01:00:00.000Z',
            instanceType: 'm7i.large',
            tags: {},
          }),
        ],
        incomplete: ['tags: throttled'],
      },
    },
  ],
});

function put(bus: string, source: string, detail: object): DrainCall<'events:PutEvents'> {
  return {
    operation: 'events:PutEvents',
    input: {
      Entries: [{ EventBusName: bus, Source: source, DetailType: DETAIL_TYPE, Detail: JSON.stringify(detail) }],
    },
  };
}
