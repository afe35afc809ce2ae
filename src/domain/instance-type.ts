/** EC2's families by what they are made for, as the AWS price files label them, with HPC apart from compute. */
export const categories = ['general', 'compute', 'memory', 'storage', 'accelerated', 'hpc'] as const;
export type Category = (typeof categories)[number];

/** An instance type's name, taken apart. */
export interface InstanceTypeName {
  /** Text before the dot: `m7i-flex`. */
  readonly family: string;
  /** Letters before the generation: `m`. */
  readonly series: string;
  /** `7`; absent where the name has none (`mac-m4pro`). */
  readonly generation?: number;
  /** Letters after the generation: `i`. The first is the processor: a AMD, g Graviton, i Intel, q Qualcomm. */
  readonly attributes: string;
  /** Text after the family's dash: `flex`. */
  readonly variant?: string;
  /** Text after the dot: `large`. */
  readonly size: string;
  readonly category: Category;
}

const grammar =
  /^(?:(?<series>[a-z]+)(?<generation>\d+)(?<attributes>[a-z]*)(?:-(?<variant>[a-z0-9]+))?|u-(?<terabytes>\d+tb)(?<highMemoryGeneration>\d+)|mac-(?<chip>m\d+[a-z]*))\.(?<size>nano|micro|small|medium|large|(?:[1-9]\d*)?xlarge|metal(?:-[1-9]\d*xl)?)$/;

const seriesOf: Readonly<Record<Category, readonly string[]>> = {
  general: ['a', 'm', 't', 'mac'],
  compute: ['c', 'cc'],
  memory: ['r', 'x', 'z', 'u', 'cr'],
  storage: ['d', 'h', 'i', 'im', 'is', 'hs', 'hi'],
  accelerated: ['p', 'g', 'gr', 'f', 'inf', 'trn', 'dl', 'vt', 'cg'],
  hpc: ['hpc'],
};

/**
 * Takes an instance type's name apart.
 * @returns undefined for a name that is not of EC2's grammar, or of a series that is not known: never a guess.
 * @see https://docs.aws.amazon.com/ec2/latest/instancetypes/instance-type-names.html
 */
export function parseInstanceType(name: string): InstanceTypeName | undefined {
  const groups = grammar.exec(name)?.groups;
  if (groups === undefined) return undefined;
  const series = groups.series ?? (groups.terabytes === undefined ? 'mac' : 'u');
  const generation = groups.generation ?? groups.highMemoryGeneration;
  const variant = groups.variant ?? groups.terabytes ?? groups.chip;
  const category = categoryOf(series, generation);
  if (category === undefined) return undefined;
  return {
    family: name.slice(0, name.indexOf('.')),
    series,
    ...(generation === undefined ? {} : { generation: Number(generation) }),
    attributes: groups.attributes ?? '',
    ...(variant === undefined ? {} : { variant }),
    size: groups.size ?? '',
    category,
  };
}

function categoryOf(series: string, generation: string | undefined): Category | undefined {
  if (series === 'm' && generation === '2') return 'memory';
  return categories.find((category) => seriesOf[category].includes(series));
}
