import { inAscii, named, quoted } from '../domain/characters.ts';
import type { Missing, NetworkInterface, Tag, Volume } from '../domain/facts.ts';
import { distinct } from '../domain/instance.ts';
import { describeNearMiss, nearMissOf } from '../domain/near-miss.ts';
import { defineRule } from '../domain/rule.ts';
import { type TagArgument, tagsArgument } from '../domain/tags-argument.ts';
import { compliantWhateverIsMissing, insufficientData, notApplicable, violation } from '../domain/verdict.ts';

/** One demand: a key, and what its value must be. */
interface Demand {
  readonly key: string;
  readonly values?: readonly string[] | undefined;
  readonly pattern?: string | undefined;
  readonly allowEmpty: boolean;
}

/** Something that bears tags. */
interface Tagged {
  readonly id: string;
  /** In front of a reason; empty for the instance itself. */
  readonly name: string;
  readonly tags: readonly Tag[];
}

/** What is wrong with a tag. `missing` alone can be cured by a tag that is still on its way. */
type Problem = {
  readonly resource: string;
  readonly key: string;
  readonly problem: 'missing' | 'blank' | 'value' | 'pattern';
  readonly text: string;
  /** What to write; `...` where only a person knows. */
  readonly value: string;
  /** The key that was probably meant to be the missing one. */
  readonly misspelt?: string;
};

/** Stands in a command for what only a person knows. */
const LEFT_TO_READER = '...';

export const requiredTags = defineRule({
  id: 'required-tags',
  summary: 'Every required tag is there, is not blank, and has an allowed value.',
  why: 'A tag says whose an instance is, what it is for and who pays: without it nobody can be asked, and nothing can be charged.',
  fix: 'Add the tags named, in the template that launches the instance first: `aws ec2 create-tags --resources <id> --tags Key=<key>,Value=<value>`',
  awsConfig: 'required-tags',
  evidence: {
    about: 'Of a violation, each demand that is broken, in the order of the policy.',
    fields: {
      'problems[].resource': 'id of the instance, volume or network interface',
      'problems[].key': 'the required key',
      'problems[].problem': '`missing`, `blank`, `value` (not among those allowed) or `pattern` (does not match it)',
    },
  },
  parameters: (z) =>
    z.strictObject({
      keys: z
        .array(
          z.strictObject({
            key: z.string().min(1).max(128).describe('The tag key. Case counts.'),
            values: z
              .array(z.string().min(1).max(256))
              .min(1)
              .optional()
              .describe('Allowed values, exactly as written. Left out: any value.'),
            pattern: z
              .string()
              .refine(isPattern, { error: 'is not a regular expression of JavaScript (u flag): such as "CC-[0-9]{4}"' })
              .optional()
              .describe('A regular expression that the whole value must match. Case counts.'),
            allowEmpty: z
              .boolean()
              .default(false)
              .describe('Whether the value may be blank: empty, or nothing but spaces and invisible characters.'),
          }),
        )
        .min(1)
        .describe('The required tags, any number of them. All must be there.'),
      resources: z
        .array(z.enum(['instance', 'volume', 'network-interface']))
        .min(1)
        .default(['instance'])
        .describe('What must bear the tags: the instance, its attached EBS volumes, its network interfaces.'),
    }),
  patterns: ({ keys }) =>
    keys.flatMap(({ pattern }, index) =>
      pattern === undefined ? [] : [{ path: ['keys', index, 'pattern'], source: wholeValue(pattern).source }],
    ),
  needs: ({ resources }) => [
    'tags',
    ...(resources.includes('volume') ? (['volumes'] as const) : []),
    ...(resources.includes('network-interface') ? (['networkInterfaces'] as const) : []),
  ],
  evaluate({ instance, facts, parameters: { keys, resources } }) {
    const missing: Missing[] = [];
    const tagged: Tagged[] = [];
    if (resources.includes('instance')) tagged.push({ id: instance.InstanceId, name: '', tags: facts.tags.found });
    if (resources.includes('volume')) {
      missing.push(...facts.volumes.missing);
      tagged.push(...facts.volumes.found.map(taggedVolume).toSorted(byId));
    }
    if (resources.includes('network-interface')) {
      missing.push(...facts.networkInterfaces.missing);
      tagged.push(...facts.networkInterfaces.found.map(taggedInterface).toSorted(byId));
    }
    const problems = tagged.flatMap((one) => problemsOf(one, keys));
    // A launch that has not settled may still tag its volumes and interfaces as well.
    const tagsMayCome = facts.tags.missing;
    const certain = problems.filter(({ problem }) => problem !== 'missing' || tagsMayCome.length === 0);
    if (certain.length > 0) {
      const evidence = { problems: certain.map(({ resource, key, problem }) => ({ resource, key, problem })) };
      return violation(certain.map(({ text }) => text).join('; '), fixOf(certain), evidence);
    }
    if (problems.length > 0) missing.push(...tagsMayCome);
    if (missing.length > 0) return insufficientData(missing);
    if (tagged.length === 0) return notApplicable(`instance has no ${resources.join(' and no ')}`);
    return compliantWhateverIsMissing();
  },
  examples: [
    {
      title: 'an owner is named, the environment is one of the list',
      parameters: { keys: [{ key: 'Owner' }, { key: 'Environment', values: ['prod', 'dev'] }] },
      given: { instance: { Tags: { Owner: 'jane@example.com', Environment: 'dev' } } },
      expect: { compliance: 'COMPLIANT' },
    },
    {
      title: 'no tag at all',
      parameters: { keys: [{ key: 'Owner' }] },
      given: {},
      expect: { compliance: 'NON_COMPLIANT', reason: 'Owner is missing' },
    },
    {
      title: 'the key is written in another case',
      parameters: { keys: [{ key: 'Owner' }] },
      given: { instance: { Tags: { owner: 'jane@example.com' } } },
      expect: { compliance: 'NON_COMPLIANT', reason: 'Owner is missing, there is "owner" (case differs)' },
    },
    {
      title: 'the key begins with a Cyrillic letter',
      parameters: { keys: [{ key: 'Owner' }] },
      given: { instance: { Tags: { '\u041ewner': 'jane@example.com' } } },
      expect: {
        compliance: 'NON_COMPLIANT',
        reason: 'Owner is missing, there is "\\u041ewner" (look-alike letters)',
      },
    },
    {
      title: 'blank, not allowed, and not of the form asked for',
      parameters: {
        keys: [
          { key: 'Owner' },
          { key: 'Environment', values: ['prod', 'dev'] },
          { key: 'CostCenter', pattern: 'CC-[0-9]{4}' },
        ],
      },
      given: { instance: { Tags: { Owner: ' ', Environment: 'Prod', CostCenter: 'CC-12345' } } },
      expect: {
        compliance: 'NON_COMPLIANT',
        reason:
          'Owner is blank; Environment is "Prod", allowed are "dev", "prod" (case differs); CostCenter is "CC-12345", which does not match CC-[0-9]{4}',
      },
    },
    {
      title: 'a volume without the owner of its instance',
      parameters: { keys: [{ key: 'Owner' }], resources: ['instance', 'volume'] },
      given: {
        instance: { Tags: { Owner: 'jane@example.com' } },
        volumes: [{ VolumeId: 'vol-0123456789abcdef0', Tags: [{ Key: 'Name', Value: 'data' }] }],
      },
      expect: { compliance: 'NON_COMPLIANT', reason: 'volume vol-0123456789abcdef0: Owner is missing' },
    },
    {
      title: 'launched half a minute ago: the tag may still come',
      parameters: { keys: [{ key: 'Owner' }] },
      given: { instance: { Tags: { Name: 'web-1' } } },
      now: '2026-01-01T00:00:30Z',
      expect: { compliance: 'INSUFFICIENT_DATA', reason: 'tags: not settled yet' },
    },
    {
      title: 'only volumes are asked about, and there is none',
      parameters: { keys: [{ key: 'Owner' }], resources: ['volume'] },
      given: { instance: { RootDeviceType: 'instance-store' } },
      expect: { compliance: 'NOT_APPLICABLE', reason: 'instance has no volume' },
    },
  ],
});

function isPattern(pattern: string): boolean {
  try {
    return wholeValue(pattern) instanceof RegExp;
  } catch {
    return false;
  }
}

function wholeValue(pattern: string): RegExp {
  // Compiled alone first: `)(` is no expression, though the one around it is.
  return new RegExp(`^(?:${new RegExp(pattern, 'u').source})$`, 'u');
}

function taggedVolume(volume: Volume): Tagged {
  return { id: volume.VolumeId, name: `volume ${volume.VolumeId}: `, tags: tagsOf(volume.Tags) };
}

function taggedInterface({ NetworkInterfaceId, TagSet }: NetworkInterface): Tagged {
  return { id: NetworkInterfaceId, name: `network interface ${NetworkInterfaceId}: `, tags: tagsOf(TagSet) };
}

function tagsOf(tags: Volume['Tags']): readonly Tag[] {
  return (tags ?? []).map(({ Key = '', Value = '' }) => ({ Key, Value }));
}

function byId(a: Tagged, b: Tagged): number {
  return a.id < b.id ? -1 : 1;
}

function problemsOf(tagged: Tagged, demands: readonly Demand[]): readonly Problem[] {
  const required = demands.map(({ key }) => key);
  return demands.flatMap((demand) => {
    const problem = problemOf(tagged.tags, demand, required);
    if (problem === undefined) return [];
    const { key } = demand;
    return [{ ...problem, resource: tagged.id, key, text: `${tagged.name}${named(key)} ${problem.text}` }];
  });
}

type TagProblem = Omit<Problem, 'resource' | 'key'>;

function problemOf(tags: readonly Tag[], demand: Demand, required: readonly string[]): TagProblem | undefined {
  const tag = tags.find(({ Key }) => Key === demand.key);
  if (tag === undefined) return missingProblem(tags, demand, required);
  const wrong = valueProblem(tag.Value, demand);
  return wrong && { ...wrong, value: valueInstead(tag.Value, demand) };
}

/** A key that is itself required is nobody's slip for another. */
function missingProblem(tags: readonly Tag[], demand: Demand, required: readonly string[]): TagProblem {
  const others = tags.map(({ Key }) => Key).filter((other) => !required.includes(other));
  const near = nearMissOf(demand.key, others);
  const value = valueInstead(tags.find(({ Key }) => Key === near?.text)?.Value, demand);
  if (near === undefined) return { problem: 'missing', text: 'is missing', value };
  return { problem: 'missing', text: `is missing, ${describeNearMiss(near)}`, value, misspelt: near.text };
}

function valueProblem(
  value: string,
  { values, pattern, allowEmpty }: Demand,
): Pick<Problem, 'problem' | 'text'> | undefined {
  if (isBlank(value)) return allowEmpty ? undefined : { problem: 'blank', text: 'is blank' };
  if (values !== undefined && !values.includes(value)) return { problem: 'value', text: notAllowedText(value, values) };
  if (pattern !== undefined && !wholeValue(pattern).test(value))
    return { problem: 'pattern', text: `is ${quoted(value)}, which does not match ${inAscii(pattern)}` };
  return undefined;
}

/** The value to write, given the one that is there or under a misspelt key: one that reads the same, or the only one. */
function valueInstead(value: string | undefined, demand: Demand): string {
  const { values = [] } = demand;
  if (value !== undefined && valueProblem(value, demand) === undefined) return value;
  const near = value === undefined ? undefined : nearMissOf(value, values);
  if (near !== undefined && near.difference !== 'one character differs') return near.text;
  return (values.length === 1 ? values[0] : undefined) ?? LEFT_TO_READER;
}

function notAllowedText(value: string, values: readonly string[]): string {
  const allowed = values.toSorted().map(quoted);
  const shown = allowed.length > 10 ? [...allowed.slice(0, 10), `${allowed.length - 10} more`] : allowed;
  const near = nearMissOf(value, values);
  return `is ${quoted(value)}, allowed are ${shown.join(', ')}${near === undefined ? '' : ` (${near.difference})`}`;
}

function isBlank(value: string): boolean {
  return /^[\s\p{Cf}\p{Cc}]*$/u.test(value);
}

/** One call for each resource, with the keys that are wrong on it, and one with those to delete. */
function fixOf(problems: readonly Problem[]): string {
  const set = calls('create-tags', problems);
  const misspelt = misspeltKeys(problems);
  const fix = `Set the tags, in the template that launches the instance too: ${set}`;
  if (misspelt.length === 0) return fix;
  const which = misspelt.length === 1 ? 'the key that was meant to be it' : 'the keys that were meant to be them';
  return `${fix}; delete ${which}: ${calls('delete-tags', misspelt)}`;
}

/** Each once, though it may have been meant to be either of two. */
function misspeltKeys(problems: readonly Problem[]): readonly Pick<Problem, 'resource' | 'key'>[] {
  const found = problems.flatMap(({ resource, misspelt: key }) => (key === undefined ? [] : [{ resource, key }]));
  return [...new Map(found.map((one) => [`${one.resource} ${one.key}`, one])).values()];
}

function calls(operation: string, tags: readonly (TagArgument & Pick<Problem, 'resource'>)[]): string {
  const resources = distinct(tags.map(({ resource }) => resource));
  return resources
    .map((resource) => {
      const own = tags.filter((tag) => tag.resource === resource);
      return `\`aws ec2 ${operation} --resources ${resource} --tags ${tagsArgument(own)}\``;
    })
    .join('; ');
}
