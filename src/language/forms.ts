import * as z from 'zod';
import type { ActionKind } from '../domain/action.ts';
import { categories } from '../domain/instance-type.ts';
import type * as domain from '../domain/policy.ts';
import { modes, purchaseOptions, severities } from '../domain/policy.ts';

/** States in which an instance is inspected: no rule applies to one that is gone. */
const inspectedStates = ['pending', 'running', 'stopping', 'stopped'] as const;

function list<T extends z.ZodType>(entry: T, description: string) {
  return z.array(entry).min(1).readonly().exactOptional().describe(description);
}

function id(prefix: string) {
  const message = `must be an id such as ${prefix}-0123456789abcdef0`;
  return z.string().regex(new RegExp(`^${prefix}-[0-9a-z]+$`), message);
}

/** Text that says something. */
const text = z.string().regex(/\S/, 'is blank');

const tagPattern = z
  .union([
    z.string(),
    z.null(),
    z.array(z.string()).min(1).readonly(),
    z.strictObject({
      in: z.array(z.string()).min(1).readonly().describe('Globs, of which one must match.'),
      ignoreCase: z.boolean().exactOptional().describe('Whether upper and lower case are the same.'),
      orMissing: z.boolean().exactOptional().describe('Whether an instance without the tag matches too.'),
    }),
  ])
  .meta({
    id: 'TagPattern',
    description: 'A glob, a list of globs ("*" = present), null (= absent), or { in: [...], ignoreCase, orMissing }.',
  });

const matchBlock = z
  .strictObject({
    tags: z
      .record(z.string(), tagPattern)
      .readonly()
      .exactOptional()
      .describe('Tag keys with what their values must be. All must hold.'),
    instanceIds: list(id('i'), 'Instance ids.'),
    instanceTypes: list(
      z.string().regex(/[.*?]/, 'matches no instance type: it must be a type or a glob such as m7i.*'),
      'Globs over the instance type, such as m7i.*',
    ),
    categories: list(z.enum(categories), 'What the instance type is made for.'),
    accounts: list(
      z.string().regex(/^\d{12}$/, 'must be an account id of 12 digits, quoted'),
      'Account ids of 12 digits, quoted.',
    ),
    regions: list(z.string().regex(/^[a-z]{2,4}(-[a-z]+)+-\d+$/, 'must be a Region such as eu-central-1'), 'Regions.'),
    vpcIds: list(id('vpc'), 'VPC ids.'),
    subnetIds: list(id('subnet'), 'Subnet ids.'),
    imageIds: list(id('ami'), 'AMI ids.'),
    purchaseOptions: list(z.enum(purchaseOptions), 'How the instance is paid for.'),
    autoScalingGroups: list(z.string().min(1), "Globs over the Auto Scaling group's name."),
    launchedBy: list(z.string().min(1), "Globs over the launcher's ARN, name or invoking service."),
    states: list(z.enum(inspectedStates), 'Instance states. Instances that are gone are never inspected.'),
    namePrefix: list(z.string().min(1), 'Prefixes of the Name tag.'),
    not: z
      .lazy((): z.ZodType<domain.Match> => match)
      .exactOptional()
      .describe('Excluded: what all keys of a block match together.'),
    when: z.string().exactOptional().describe('CEL over `instance` and `now`, for what the keys cannot say.'),
  } satisfies { readonly [K in keyof domain.MatchBlock]-?: z.ZodType })
  .refine((block) => Object.keys(block).length > 0, 'is empty, and would match every instance')
  .readonly()
  .meta({ id: 'MatchBlock', description: 'Keys are ANDed, the entries of a list ORed.', minProperties: 1 });

/** Which instances: a block, or a list of blocks that are ORed. */
export const match: z.ZodType<domain.Match> = z
  .union([matchBlock, z.array(matchBlock).min(1).readonly()])
  .meta({ id: 'Match', description: 'Which instances: a block of keys, or a list of blocks that are ORed.' });

/** Whether a text is a day of the calendar, as YYYY-MM-DD. */
function isDay(text: string): boolean {
  const day = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(day.getTime()) && day.toISOString().slice(0, 10) === text;
}

const exemption = z
  .strictObject({
    match: match.describe('Which instances are exempt.'),
    upTo: z.json().exactOptional().describe("Past this bound the exemption does not hold. Its form is the rule's."),
    reason: text.describe('Why they are exempt, and who said so.'),
    selfService: z
      .literal(true)
      .exactOptional()
      .describe(
        'Whoever may tag an instance may exempt it: asked for where the policy enforces and tags alone exempt.',
      ),
    until: z
      .string()
      .regex(/^\d{4}-\d{2}-\d{2}$/, 'must be a day, as YYYY-MM-DD')
      .refine(isDay, 'is not a day of the calendar')
      .describe('The last day of the exemption in UTC, as YYYY-MM-DD.'),
  })
  .readonly();

/** A policy's name, which its folder bears too. */
export const policyName = z
  .string()
  .max(64, 'is longer than 64 characters')
  .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'must be lower-case words joined by dashes, such as no-open-ssh');

/** A policy.yml, but for what its rule says of `parameters` and `upTo`, and its actions of their entries. */
export const policyFile = z
  .strictObject({
    name: policyName.describe("The policy's name: its folder's, in lower-case words joined by dashes."),
    description: text.describe('What holds of an instance that complies, in one sentence.'),
    severity: z.enum(severities).describe('How bad a violation is.'),
    rule: z.string().min(1).describe('The rule that judges. `ec2-guardrail rules` lists them.'),
    parameters: z
      .json()
      .exactOptional()
      .describe('What the rule demands. `ec2-guardrail rules <id>` lists its parameters.'),
    match: match.exactOptional().describe('Which instances. Left out: all.'),
    exempt: z
      .array(exemption)
      .readonly()
      .exactOptional()
      .describe('Instances that may violate the policy until a day: still evaluated and counted, as exempt.'),
    mode: z
      .enum(modes)
      .exactOptional()
      .describe('observe, the default: nothing is changed, and what would be is told. enforce: the actions are taken.'),
    enforce: z
      .strictObject({ match: match.describe('Which instances are enforced on.') })
      .readonly()
      .exactOptional()
      .describe('Only with mode enforce: which instances are enforced on; the others are observed. Left out: all.'),
    actions: z
      .array(z.json())
      .min(1)
      .readonly()
      .describe("What follows a violation, in this order: an action's name, or a map of its name to its settings."),
  })
  .readonly()
  .meta({ title: 'policy.yml', description: 'A policy of ec2-guardrail.' });

const perHour = (what: string) => z.int().min(0).exactOptional().describe(`${what} 0: none.`);

/** enforcement.yml: what holds of all policies of a deployment. */
export const enforcementFile = z
  .strictObject({
    limits: z
      .strictObject({
        perHour: z
          .strictObject({
            access: perHour(
              'How many instances an hour may be changed in what reaches them or what they may do, 10 if left out.',
            ),
            stop: perHour('How many instances an hour may be stopped, 10 if left out.'),
            terminate: perHour('How many instances an hour may be terminated, 5 if left out.'),
            schedule: perHour(
              'How many instances an hour may be stopped by the clock (running-hours), 200 if left out. Starting them again is not counted. The percentage does not hold for them.',
            ),
          } satisfies { readonly [K in ActionKind]: z.ZodType })
          .readonly()
          .exactOptional()
          .describe('How many instances an hour, by what is done.'),
        percent: z
          .int()
          .min(1)
          .max(100)
          .exactOptional()
          .describe('How many of a hundred instances of the last sweep an hour, three at least; 5 if left out.'),
      })
      .readonly()
      .exactOptional()
      .describe('Past them nothing of the kind is done until somebody resumes.'),
    protected: match.exactOptional().describe('What no policy may act on. Left out: nothing is protected.'),
  })
  .readonly()
  .meta({ title: 'enforcement.yml', description: 'What holds of all policies of a deployment, whatever they say.' });

/** values.yml: shared lists, which policies name as `$list`. */
export const valuesFile = z
  .record(
    z.string().regex(/^[A-Za-z][A-Za-z0-9_-]*$/, 'must be a name of letters, digits, - and _'),
    z.array(z.json()).min(1),
  )
  .meta({ title: 'values.yml', description: 'Lists that policies name as $list.' });
