/** What to use instead of an instance family that EC2 has moved on from. */
export interface Successors {
  /** `previous` generation, still launched; `retired`, not offered any more; `current` with a newer one beside it. */
  readonly status: 'current' | 'previous' | 'retired';
  /** Families of the same processor architecture, the nearest first. */
  readonly sameArchitecture: readonly string[];
  /** Families for Arm processors, the nearest first. */
  readonly arm64: readonly string[];
}

/**
 * Successors by family, as of August 2026. Those of t1, m1, m3 and i2 are AWS's own; the rest follows from series,
 * processor and attributes. EC2 moves families to the previous generation without notice and Region by Region:
 * a verdict asks `DescribeInstanceTypes`, and this table only advises.
 * @see https://aws.amazon.com/ec2/previous-generation/
 */
const successors: Readonly<Record<string, Successors>> = {
  t1: previous(['t3', 't3a'], ['t4g']),
  t2: current(['t3', 't3a'], ['t4g']),
  m1: previous(['m7i', 'm7a'], ['m7g']),
  m2: previous(['r7i', 'r7a'], ['r7g']),
  m3: previous(['m7i', 'm7a'], ['m7g']),
  m4: previous(['m7i', 'm7a'], ['m7g']),
  m5: previous(['m7i', 'm8i'], ['m7g', 'm8g']),
  m5a: current(['m7a', 'm8a'], ['m7g']),
  m5d: current(['m6id', 'm8id'], ['m7gd']),
  m5n: current(['m6in', 'm8in']),
  m5dn: current(['m6idn', 'm8idn']),
  m6i: previous(['m7i', 'm8i'], ['m7g', 'm8g']),
  c1: previous(['c7i', 'c7a'], ['c7g']),
  cc2: retired(['c7i'], ['c7g']),
  c3: previous(['c7i', 'c7a'], ['c7g']),
  c4: previous(['c7i', 'c7a'], ['c7g']),
  c5: previous(['c7i', 'c8i'], ['c7g', 'c8g']),
  c5a: current(['c7a', 'c8a'], ['c7g']),
  c5d: current(['c6id', 'c8id'], ['c7gd']),
  c5n: current(['c6in', 'c8in'], ['c7gn']),
  c6gn: previous(['c7gn', 'c8gn'], ['c7gn', 'c8gn']),
  r3: previous(['r7i', 'r6id'], ['r7g']),
  cr1: retired(['r7i'], ['r7g']),
  r4: previous(['r7i', 'r7a'], ['r7g']),
  r5: previous(['r7i', 'r8i'], ['r7g', 'r8g']),
  r5a: current(['r7a', 'r8a'], ['r7g']),
  r6i: previous(['r7i', 'r8i'], ['r7g', 'r8g']),
  a1: previous(['m7g', 'c7g'], ['m7g', 'c7g']),
  i2: previous(['i3', 'i4i', 'i7i'], ['i4g', 'i8g']),
  i3: current(['i4i', 'i7i'], ['i8g']),
  hs1: retired(['d3']),
  d2: previous(['d3', 'd3en']),
  h1: current(['d3']),
  g2: retired(['g4dn', 'g6'], ['g5g']),
  g3: retired(['g4dn', 'g6'], ['g5g']),
  g3s: retired(['g4dn', 'g6']),
  g4dn: current(['g6']),
  g5: previous(['g6', 'g6e', 'g7']),
  p2: retired(['g6', 'g4dn']),
  p3: retired(['p4d', 'g6e']),
  p3dn: current(['p4d', 'p5']),
  x1: current(['x2idn'], ['x2gd', 'x8g']),
  x1e: current(['x2iedn']),
  z1d: current(['r7iz']),
  f1: retired(['f2']),
  inf1: current(['inf2']),
  trn1: current(['trn2']),
  dl1: retired(['trn1', 'p4d']),
  mac1: current([], ['mac2']),
  'u-6tb1': current(['u7i-6tb']),
  'u-9tb1': retired(['u7i-12tb']),
  'u-12tb1': retired(['u7i-12tb']),
  'u-18tb1': retired(['u7in-24tb']),
  'u-24tb1': retired(['u7in-24tb']),
};

/** What to use instead of a family; undefined for families that have no newer one. */
export function successorsOf(family: string): Successors | undefined {
  return Object.hasOwn(successors, family) ? successors[family] : undefined;
}

function current(sameArchitecture: readonly string[], arm64: readonly string[] = []): Successors {
  return { status: 'current', sameArchitecture, arm64 };
}

function previous(sameArchitecture: readonly string[], arm64: readonly string[] = []): Successors {
  return { status: 'previous', sameArchitecture, arm64 };
}

function retired(sameArchitecture: readonly string[], arm64: readonly string[] = []): Successors {
  return { status: 'retired', sameArchitecture, arm64 };
}
