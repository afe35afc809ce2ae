import * as z from 'zod';
import { interruptions, noticeKinds } from '../domain/notice.ts';
import { instanceFields } from './instance-fields.ts';
import { nearest } from './policy-error.ts';
import type { PolicyCase } from './policy-test.ts';

const time = z
  .string()
  .refine((text) => !Number.isNaN(Date.parse(text)), 'must be a time such as 2026-11-23T20:00:00Z');

const now = time.exactOptional().describe('When the instance is looked at. Left out: 2026-01-01T01:00:00Z.');

const tags = z
  .union([
    z.array(z.strictObject({ Key: z.string(), Value: z.string() })).readonly(),
    z.record(z.string(), z.string()).readonly(),
  ])
  .exactOptional()
  .describe("Tags, as a map or as EC2's list of Key and Value.");

const fields = Object.fromEntries(instanceFields.map((field) => [field, z.unknown().optional()]));

/** Keys that no field is called are let through, as EC2 adds some, unless they look like a field misspelt. */
const instance = z
  .looseObject({
    ...fields,
    InstanceId: z.string().exactOptional(),
    InstanceType: z.string().exactOptional(),
    ImageId: z.string().exactOptional(),
    LaunchTime: time.exactOptional(),
    Tags: tags,
  })
  .superRefine((value, context) => {
    const misspelt = Object.keys(value).filter(
      (key) => !instanceFields.includes(key) && nearest(key, instanceFields, 2),
    );
    if (misspelt.length > 0) context.addIssue({ code: 'unrecognized_keys', keys: misspelt, input: value });
  })
  .readonly()
  .exactOptional()
  .describe('Fields of DescribeInstances, over a running m7i.large without tags, volumes and groups.');

function resources<Id extends string>(id: Id, description: string) {
  const shape = { [id]: z.string() } as { readonly [K in Id]: z.ZodString };
  return z.array(z.looseObject(shape).readonly()).readonly().exactOptional().describe(description);
}

const prefixLists = z
  .array(
    z.looseObject({
      PrefixListId: z.string(),
      Entries: z.array(z.looseObject({ Cidr: z.string() })).readonly(),
    }),
  )
  .readonly()
  .exactOptional()
  .describe('Prefix lists with their entries.');

const launcher = z
  .strictObject({
    name: z.string().describe('What a person reads: jane, Deploy/ci-run-7.'),
    arn: z.string().exactOptional().describe('The caller.'),
    invokedBy: z.string().exactOptional().describe('The service that launched on its own behalf or for somebody.'),
  })
  .exactOptional()
  .describe('Who launched the instance. Left out: unknown.');

const acts = z
  .array(
    z.strictObject({
      policy: z.string().min(1).exactOptional().describe('The name of the policy that did it. Left out: this one.'),
      action: z.string().min(1).describe('What it did, such as stop.'),
      at: time.describe('When.'),
    }),
  )
  .readonly()
  .exactOptional()
  .describe('What policies did to the instance, and nobody put back. Left out: nothing.');

const notice = z
  .strictObject({
    kind: z
      .enum(noticeKinds)
      .describe('What AWS told: interruption and reservation end with the instance taken away, the others do not.'),
    action: z
      .enum(interruptions)
      .exactOptional()
      .describe('What EC2 does with an instance that it takes away. Left out: terminate.'),
    at: time.exactOptional().describe('When it was announced. Left out: now.'),
    deadline: time.exactOptional().describe('Until when there is time. Left out: two minutes; none to hibernate.'),
    text: z.string().exactOptional().describe('Of health: what is planned.'),
  })
  .readonly()
  .exactOptional()
  .describe('What AWS announced of the instance. Left out: nothing.');

const expectation = z
  .strictObject({
    compliance: z
      .enum(['COMPLIANT', 'NON_COMPLIANT', 'NOT_APPLICABLE', 'INSUFFICIENT_DATA'])
      .exactOptional()
      .describe('The outcome.'),
    matched: z.literal(false).exactOptional().describe("That the instance is outside the policy's match."),
    exempt: z.boolean().exactOptional().describe('Whether an exemption covers the violation. Left out: none does.'),
    reason: z.string().exactOptional().describe('The exact reason.'),
    actions: z
      .array(z.string().min(1))
      .readonly()
      .exactOptional()
      .describe('Names of the actions that follow. Left out: not checked.'),
  })
  .refine(
    ({ compliance, matched }) => (compliance === undefined) !== (matched === undefined),
    'must say either compliance or matched: false',
  )
  .readonly()
  .meta({
    description: 'What the policy says of the instance.',
    oneOf: [{ required: ['compliance'] }, { required: ['matched'] }],
  });

const policyCase = z
  .strictObject({
    name: z.string().min(1).describe('What is special about this instance.'),
    now,
    instance,
    accountId: z
      .string()
      .regex(/^\d{12}$/, 'must be an account id of 12 digits, quoted')
      .exactOptional()
      .describe('The account that the instance belongs to. Left out: 123456789012.'),
    volumes: resources('VolumeId', 'Volumes as in DescribeVolumes, attached to the instance.'),
    securityGroups: resources('GroupId', 'Groups as in DescribeSecurityGroups, on the instance.'),
    securityGroupRules: resources('SecurityGroupRuleId', 'Rules as in DescribeSecurityGroupRules.'),
    sourceGroups: resources('GroupId', "Groups that the instance's groups name as sources."),
    networkInterfaces: resources('NetworkInterfaceId', 'Interfaces as in DescribeNetworkInterfaces.'),
    prefixLists,
    instanceTypes: resources('InstanceType', 'Types as in DescribeInstanceTypes.'),
    kmsAliases: z.record(z.string(), z.string()).readonly().exactOptional().describe('KMS key ids by alias/name.'),
    launcher,
    acts,
    notice,
    expect: expectation,
  } satisfies { readonly [K in keyof PolicyCase]-?: z.ZodType })
  .readonly();

/** A policy.test.yml. */
export const policyTestFile = z
  .strictObject({ now, cases: z.array(policyCase).min(1).readonly().describe('At least one for each outcome.') })
  .readonly()
  .meta({ title: 'policy.test.yml', description: 'Tests of a policy: instances, and what it says of them.' });
