import { type Answer, unsure, yes } from '../domain/answer.ts';
import { type Fact, type Facts, known, unknown } from '../domain/facts.ts';
import { matchesAnyGlob } from '../domain/glob.ts';
import { distinct } from '../domain/instance.ts';
import { type Category, categories, type InstanceTypeName, parseInstanceType } from '../domain/instance-type.ts';
import { successorsOf } from '../domain/instance-type-successors.ts';
import type { InstanceFields } from '../domain/needs.ts';
import { defineRule } from '../domain/rule.ts';
import { compliantWhateverIsMissing, insufficientData, violation } from '../domain/verdict.ts';

const MIB_PER_GIB = 1024;
/** How many entries of a list a reason names. */
const LISTED = 10;
/** Sizes that practically all families have, and those of the burstable ones. A size between may still not exist. */
const COMMON_SIZES = ['large', 'xlarge', '2xlarge', '4xlarge', '8xlarge'];
const SIZES_OF_T = ['nano', 'micro', 'small', 'medium', 'large', 'xlarge', '2xlarge'];
/** Families whose smaller sizes start 32-bit AMIs, and those that start paravirtual ones. No newer family does. */
const FAMILIES_FOR_I386 = ['c1', 'c3', 'm1', 't1', 't2'];
const FAMILIES_FOR_PARAVIRTUAL = ['c1', 'c3', 'hs1', 'm1', 'm2', 'm3', 't1'];

type Architecture = 'i386' | 'x86_64' | 'arm64' | 'x86_64_mac' | 'arm64_mac';

interface Parameters {
  readonly families?: readonly string[] | undefined;
  readonly instanceTypes?: readonly string[] | undefined;
  readonly categories?: readonly Category[] | undefined;
  readonly sizes?: readonly string[] | undefined;
  readonly minGeneration?: number | undefined;
  readonly currentGeneration?: true | undefined;
  readonly maxVcpus?: number | undefined;
  readonly maxMemoryGiB?: number | undefined;
  readonly architectures?: readonly Architecture[] | undefined;
}

/** What the demands are held against. */
interface Candidate {
  /** The whole name, `c3.large`. */
  readonly type: string;
  /** Text before and after the dot. Closed lists decide by them, whether or not the name is of EC2's grammar. */
  readonly family: string;
  readonly size: string;
  readonly name: Fact<InstanceTypeName>;
  readonly architecture: Fact<string>;
  readonly info: Facts['instanceTypeInfo'];
}

/** What one demand says of a candidate; undefined where the demand is not made. */
type Opinion = Answer | { readonly is: 'no'; readonly reason: string };
type Demand = (candidate: Candidate, parameters: Parameters) => Opinion | undefined;

export const approvedInstanceTypes = defineRule({
  id: 'approved-instance-types',
  summary: 'The instance type is one of those approved.',
  why: 'The type decides most of what an instance costs: old generations give less for the money, and one wrong letter in a template buys a machine of a hundred times the price.',
  fix: 'Stop the instance and change it to an approved type: `aws ec2 modify-instance-attribute --instance-id <id> --instance-type Value=<type>`; launch anew what can not be stopped or needs another AMI, and change the launch template of an Auto Scaling group or fleet',
  awsConfig: 'desired-instance-type',
  evidence: {
    about: 'Of a violation, what is not approved.',
    fields: {
      instanceType: 'the type that is not approved',
    },
  },
  parameters: (z) =>
    z
      .strictObject({
        families: z
          .array(
            z.string().regex(/^[a-z][a-z0-9-]*$/, {
              error: 'is no instance family, such as m7i: put globs and types into instanceTypes',
            }),
          )
          .min(1)
          .optional()
          .describe('Approved families, the text before the dot: [m7i, c7g]. One list with instanceTypes.'),
        instanceTypes: z
          .array(
            z
              .string()
              .regex(/[.*?]/, { error: 'is no instance type, such as m7i.large or t3.*: put families into families' }),
          )
          .min(1)
          .optional()
          .describe('Approved types, as globs: ["t3.*", m7i.large]. One list with families.'),
        categories: z
          .array(z.enum(categories))
          .min(1)
          .optional()
          .describe('Approved categories: what the family is made for.'),
        sizes: z
          .array(z.string().regex(/^[a-z0-9-]+$/, { error: 'is no instance size, such as large or 2xlarge' }))
          .min(1)
          .optional()
          .describe('Approved sizes, the text after the dot: [large, 2xlarge].'),
        minGeneration: z
          .int()
          .min(1)
          .optional()
          .describe(
            "The lowest approved generation, the first number of the name. Series count apart: T's newest is 4.",
          ),
        currentGeneration: z
          .literal(true)
          .optional()
          .describe('Only types that EC2 itself calls current generation in this Region.'),
        maxVcpus: z.int().min(1).optional().describe('The most vCPUs that the type may have.'),
        maxMemoryGiB: z.number().positive().optional().describe('The most memory that the type may have, in GiB.'),
        architectures: z
          .array(z.enum(['i386', 'x86_64', 'arm64', 'x86_64_mac', 'arm64_mac']))
          .min(1)
          .optional()
          .describe("Approved processor architectures, as the instance's Architecture says."),
      })
      .refine((demands) => Object.keys(demands).length > 0, {
        error:
          'demands nothing: give at least one of families, instanceTypes, categories, sizes, minGeneration, currentGeneration, maxVcpus, maxMemoryGiB, architectures',
      }),
  needs: ({ currentGeneration, maxVcpus, maxMemoryGiB }) => [
    'InstanceType',
    ...([currentGeneration, maxVcpus, maxMemoryGiB].some((demand) => demand !== undefined)
      ? (['instanceTypeInfo'] as const)
      : []),
  ],
  evaluate({ instance, facts, parameters }) {
    const candidate = candidateOf(instance.InstanceType, instance.Architecture, facts.instanceTypeInfo);
    const opinions = demands.flatMap((demand) => demand(candidate, parameters) ?? []);
    const reasons = opinions.flatMap((opinion) => ('reason' in opinion ? opinion.reason : []));
    if (reasons.length > 0) {
      const reason = `${candidate.type} is not approved: ${reasons.join('; ')}`;
      return violation(reason, fixOf(instance, candidate, parameters), { instanceType: candidate.type });
    }
    const missing = opinions.flatMap((opinion) => (opinion.is === 'unknown' ? opinion.missing : []));
    return missing.length > 0 ? insufficientData(missing) : compliantWhateverIsMissing();
  },
  examples: [
    {
      title: 'an approved family',
      parameters: { families: ['m7i', 'c7i'], instanceTypes: ['t3.*'] },
      given: { instance: { InstanceType: 'm7i.large' } },
      expect: { compliance: 'COMPLIANT' },
    },
    {
      title: 'a family of another generation',
      parameters: { families: ['m7i', 'c7i', 'c7g'], instanceTypes: ['t3.*'] },
      given: { instance: { InstanceType: 'c3.large' } },
      expect: {
        compliance: 'NON_COMPLIANT',
        reason: 'c3.large is not approved: it is none of c7g.*, c7i.*, m7i.*, t3.*',
      },
    },
    {
      title: 'too old and too large',
      parameters: { minGeneration: 6, maxVcpus: 32 },
      given: {
        instance: { InstanceType: 'm5.24xlarge' },
        instanceTypes: [{ InstanceType: 'm5.24xlarge', VCpuInfo: { DefaultVCpus: 96 } }],
      },
      expect: {
        compliance: 'NON_COMPLIANT',
        reason: 'm5.24xlarge is not approved: its generation 5 is below 6; its 96 vCPUs are more than 32',
      },
    },
    {
      title: 'EC2 does not say whether the type is of the current generation',
      parameters: { currentGeneration: true },
      given: { instance: { InstanceType: 'm7i.large' } },
      expect: { compliance: 'INSUFFICIENT_DATA', reason: 'instance type m7i.large: not found' },
    },
  ],
});

/** One for each parameter, families and instanceTypes together. All that are made must hold. */
const demands: readonly Demand[] = [
  isListed,
  hasCategory,
  hasSize,
  hasGeneration,
  isOfCurrentGeneration,
  hasFewEnoughVcpus,
  hasLittleEnoughMemory,
  hasArchitecture,
];

/** The demands that another size of the same family can't meet either. */
const demandsOnFamilies: readonly Demand[] = [
  isOfListedFamily,
  hasCategory,
  hasGeneration,
  isOfCurrentGeneration,
  hasArchitecture,
];

function isListed({ type }: Candidate, parameters: Parameters): Opinion | undefined {
  const listed = listOf(parameters);
  return listed && opinionOn(known(type), matching(listed), () => `it is none of ${enumerated(listed)}`);
}

function isOfListedFamily({ family }: Candidate, parameters: Parameters): Opinion | undefined {
  const listed = listOf(parameters)?.map((glob) => glob.split('.')[0] ?? glob);
  return listed && opinionOn(known(family), matching(listed), () => `it is none of ${enumerated(listed)}`);
}

function hasCategory({ name }: Candidate, { categories: approved }: Parameters): Opinion | undefined {
  if (approved === undefined) return undefined;
  const holds = ({ category }: InstanceTypeName) => approved.includes(category);
  return opinionOn(name, holds, ({ category }) => `its category ${category} is none of ${enumerated(approved)}`);
}

function hasSize({ size }: Candidate, { sizes }: Parameters): Opinion | undefined {
  return sizes && opinionOn(known(size), isIn(sizes), () => `its size ${size} is none of ${enumerated(sizes)}`);
}

function hasGeneration({ type, name }: Candidate, { minGeneration }: Parameters): Opinion | undefined {
  if (minGeneration === undefined) return undefined;
  return opinionOn(
    partOf(name, `generation of instance type ${type}`, ({ generation }) => generation),
    (generation) => generation >= minGeneration,
    (generation) => `its generation ${generation} is below ${minGeneration}`,
  );
}

function isOfCurrentGeneration({ type, info }: Candidate, { currentGeneration }: Parameters): Opinion | undefined {
  if (currentGeneration === undefined) return undefined;
  const current = partOf(info, `CurrentGeneration of instance type ${type}`, (all) => all.CurrentGeneration);
  return opinionOn(
    current,
    (is) => is,
    () => 'EC2 calls it previous generation',
  );
}

function hasFewEnoughVcpus({ type, info }: Candidate, { maxVcpus }: Parameters): Opinion | undefined {
  if (maxVcpus === undefined) return undefined;
  return opinionOn(
    partOf(info, `VCpuInfo of instance type ${type}`, (all) => all.VCpuInfo?.DefaultVCpus),
    (vcpus) => vcpus <= maxVcpus,
    (vcpus) => `its ${vcpus} vCPUs are more than ${maxVcpus}`,
  );
}

function hasLittleEnoughMemory({ type, info }: Candidate, { maxMemoryGiB }: Parameters): Opinion | undefined {
  if (maxMemoryGiB === undefined) return undefined;
  return opinionOn(
    partOf(info, `MemoryInfo of instance type ${type}`, (all) => all.MemoryInfo?.SizeInMiB),
    (mib) => mib <= maxMemoryGiB * MIB_PER_GIB,
    (mib) => `its ${mib / MIB_PER_GIB} GiB of memory are more than ${maxMemoryGiB}`,
  );
}

function hasArchitecture({ architecture }: Candidate, { architectures }: Parameters): Opinion | undefined {
  if (architectures === undefined) return undefined;
  const reason = (value: string) => `its architecture ${value} is none of ${enumerated(architectures)}`;
  return opinionOn(architecture, isIn(architectures), reason);
}

/** Families and types as one list of globs; undefined where neither is given. */
function listOf({ families, instanceTypes }: Parameters): readonly string[] | undefined {
  if (families === undefined && instanceTypes === undefined) return undefined;
  return [...(families ?? []).map((family) => `${family}.*`), ...(instanceTypes ?? [])];
}

function opinionOn<T>(fact: Fact<T>, holds: (value: T) => boolean, reason: (value: T) => string): Opinion {
  if (!fact.known) return unsure([fact.missing]);
  return holds(fact.value) ? yes : { is: 'no', reason: reason(fact.value) };
}

function candidateOf(type: string, architecture: string | undefined, info: Candidate['info']): Candidate {
  const [family = '', size = ''] = type.split('.');
  return {
    type,
    family,
    size,
    name: orNotRecorded(parseInstanceType(type), `meaning of instance type name ${type}`),
    architecture: orNotRecorded(architecture, 'Architecture of the instance'),
    info,
  };
}

/** A part of what is known: an absent field is unknown. */
function partOf<T, U>(fact: Fact<T>, what: string, read: (value: T) => U | undefined): Fact<U> {
  return fact.known ? orNotRecorded(read(fact.value), what) : fact;
}

function orNotRecorded<T>(value: T | undefined, what: string): Fact<T> {
  return value === undefined ? unknown({ what, why: 'not-recorded' }) : known(value);
}

function isIn(values: readonly string[]): (value: string) => boolean {
  return (value) => values.includes(value);
}

function matching(globs: readonly string[]): (text: string) => boolean {
  return (text) => matchesAnyGlob(globs, text);
}

function enumerated(values: readonly string[]): string {
  const sorted = values.toSorted();
  const more = sorted.length - LISTED;
  return more > 0 ? `${sorted.slice(0, LISTED).join(', ')} and ${more} more` : sorted.join(', ');
}

/** What the fix depends on, beside the type. */
type Origin = InstanceFields<never>;

/** What to use instead, and how to get there. Whether a group or fleet launched it is in its tags, which no verdict needs. */
function fixOf(instance: Origin, candidate: Candidate, parameters: Parameters): string {
  const { words, type, family } = insteadOf(candidate, parameters);
  const obstacles = [
    ...obstaclesOf(instance, candidate),
    ...(family === undefined ? [] : imageFor(family, candidate, instance)),
  ];
  const how =
    obstacles.length > 0
      ? `Launch a new instance of ${words}, and terminate this one (${obstacles.join(', ')})`
      : `Stop the instance and change it to ${words}: \`aws ec2 modify-instance-attribute --instance-id ${instance.InstanceId} --instance-type Value=${type}\``;
  return `${how}; if an Auto Scaling group or fleet launched it, change the launch template instead`;
}

/** Why the instance can't be stopped and changed, whatever to. */
function obstaclesOf({ InstanceLifecycle, RootDeviceType }: Origin, candidate: Candidate): readonly string[] {
  return [
    ...(InstanceLifecycle === 'spot' ? ['the type of a Spot Instance can not be changed'] : []),
    ...(RootDeviceType === 'instance-store' ? ['an instance with its root on instance store can not be stopped'] : []),
    ...(isMac(candidate) ? ['a Mac instance has the type of its Dedicated Host'] : []),
  ];
}

/** What another family asks of the AMI that the instance's own is not. */
function imageFor(family: string, candidate: Candidate, { VirtualizationType }: Origin): readonly string[] {
  const own = candidate.architecture.known ? candidate.architecture.value : architectureOf(candidate.family);
  const architecture = architectureOf(family);
  const fits = own === architecture || (own === 'i386' && FAMILIES_FOR_I386.includes(family));
  return [
    ...(fits ? [] : [`it needs an AMI for ${architecture}`]),
    ...(VirtualizationType === 'paravirtual' && !FAMILIES_FOR_PARAVIRTUAL.includes(family)
      ? ['it needs an AMI of virtualization type hvm']
      : []),
  ];
}

/** What is proposed. */
interface Proposal {
  readonly words: string;
  /** For a command; `<...>` is left to the reader. */
  readonly type: string;
  /** Left out where it is the instance's own, or for the reader to choose. */
  readonly family?: string;
}

function insteadOf(candidate: Candidate, parameters: Parameters): Proposal {
  const { family: own, size } = candidate;
  if (!isMac(candidate) && meets(candidate, parameters, demandsOnFamilies))
    return { words: `another size of family ${own}${sizesText(parameters)}`, type: `${own}.<size>` };
  const family = bestFamily(candidate, parameters);
  if (family === undefined) return { words: `an approved type${approvedText(parameters)}`, type: '<type>' };
  const words = `family ${family} (${architectureOf(family)})`;
  const same = `${family}.${size}`;
  return isPlausible(same, candidate, parameters)
    ? { family, words: `${words}, for example ${same}`, type: same }
    : { family, words: `${words}${sizesText(parameters)}`, type: `${family}.<size>` };
}

function sizesText({ sizes }: Parameters): string {
  return sizes === undefined ? '' : `, of the sizes ${enumerated(sizes)}`;
}

function approvedText(parameters: Parameters): string {
  const listed = listOf(parameters);
  return listed === undefined ? '' : ` (${enumerated(listed)})`;
}

/** Whether no demand is broken for sure. */
function meets(candidate: Candidate, parameters: Parameters, some: readonly Demand[]): boolean {
  return some.every((demand) => demand(candidate, parameters)?.is !== 'no');
}

/** The family nearest to the candidate's among the approved and its successors, of those that meet the demands. */
function bestFamily(candidate: Candidate, parameters: Parameters): string | undefined {
  const successors = successorsOf(candidate.family);
  const pool = [
    ...(listOf(parameters) ?? []).flatMap((glob) => glob.split('.')[0] ?? []),
    ...(successors?.sameArchitecture ?? []),
    ...(successors?.arm64 ?? []),
  ];
  const others = distinct(pool).filter((family) => family !== candidate.family);
  const possible = others.filter((family) => isPossible(family, candidate, parameters));
  return possible.toSorted((a, b) => compare(nearness(a, candidate), nearness(b, candidate)))[0];
}

/** A family of the same kind that may pass. Where either name does not say what it is, nothing is proposed. */
function isPossible(family: string, { name }: Candidate, parameters: Parameters): boolean {
  const parsed = nameOfFamily(family);
  if (parsed === undefined || !name.known || kindOf(name.value) !== kindOf(parsed)) return false;
  const unread = unknown({ what: `instance type of family ${family}`, why: 'not-recorded' });
  const other = candidateOf(`${family}.large`, architectureOf(family), unread);
  return meets(other, parameters, demandsOnFamilies);
}

/** What a family is made for. Macs and the machines of many TiB stand for themselves: no other family does what they do. */
function kindOf({ series, category }: InstanceTypeName): string {
  return series === 'mac' || series === 'u' ? series : category;
}

function isMac({ name }: Candidate): boolean {
  return name.known && name.value.series === 'mac';
}

/** The smaller, the nearer; the first difference decides. */
function nearness(family: string, candidate: Candidate): readonly (number | string)[] {
  const parsed = nameOfFamily(family);
  const own = candidate.name.known ? candidate.name.value : undefined;
  const status = successorsOf(family)?.status ?? 'current';
  return [
    parsed?.series === own?.series ? 0 : 1,
    architectureOf(family) === ownArchitecture(candidate) ? 0 : 1,
    status === 'current' ? 0 : 1,
    -(parsed?.generation ?? 0),
    makerOf(parsed?.attributes) === makerOf(own?.attributes) ? 0 : 1,
    family,
  ];
}

function compare(a: readonly (number | string)[], b: readonly (number | string)[]): number {
  for (const [index, own] of a.entries()) {
    const other = b[index] ?? '';
    if (own !== other) return own < other ? -1 : 1;
  }
  return 0;
}

/** The processor's maker as the name's first attribute says it: Intel where it says nothing. */
function makerOf(attributes = ''): string {
  return /^[agq]/.exec(attributes)?.[0] ?? 'i';
}

/** Sizes are alike among families of the same series or category, from large to 8xlarge. */
function isPlausible(type: string, { name }: Candidate, parameters: Parameters): boolean {
  const other = parseInstanceType(type);
  if (other === undefined || !name.known) return false;
  const sizes = other.series === 't' ? SIZES_OF_T : COMMON_SIZES;
  const isUsual = ['general', 'compute', 'memory'].includes(other.category) && sizes.includes(other.size);
  const unread = unknown({ what: `instance type ${type}`, why: 'not-recorded' });
  return isUsual && meets(candidateOf(type, undefined, unread), parameters, [isListed, hasSize]);
}

function nameOfFamily(family: string): InstanceTypeName | undefined {
  return parseInstanceType(`${family}.large`);
}

function ownArchitecture({ architecture, family }: Candidate): string {
  const own = architecture.known ? architecture.value : architectureOf(family);
  return own === 'i386' ? 'x86_64' : own;
}

/** As the family's name says it: a `g` first after the generation is Graviton. */
function architectureOf(family: string): Architecture {
  const name = nameOfFamily(family);
  if (name?.series === 'mac') return name.generation === 1 ? 'x86_64_mac' : 'arm64_mac';
  return makerOf(name?.attributes) === 'g' || name?.series === 'a' ? 'arm64' : 'x86_64';
}
