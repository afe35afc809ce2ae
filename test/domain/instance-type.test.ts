import { type Category, parseInstanceType } from '../../src/domain/instance-type.ts';
import { successorsOf } from '../../src/domain/instance-type-successors.ts';

type Row = readonly [
  type: string,
  series: string,
  generation: number | undefined,
  attributes: string,
  variant: string | undefined,
  category: Category,
];

const rows: readonly Row[] = [
  ['t2.nano', 't', 2, '', undefined, 'general'],
  ['t3.micro', 't', 3, '', undefined, 'general'],
  ['t3a.2xlarge', 't', 3, 'a', undefined, 'general'],
  ['t4g.small', 't', 4, 'g', undefined, 'general'],
  ['m1.small', 'm', 1, '', undefined, 'general'],
  ['m5.metal', 'm', 5, '', undefined, 'general'],
  ['m5zn.12xlarge', 'm', 5, 'zn', undefined, 'general'],
  ['m6idn.32xlarge', 'm', 6, 'idn', undefined, 'general'],
  ['m7i-flex.large', 'm', 7, 'i', 'flex', 'general'],
  ['m8azn.metal-12xl', 'm', 8, 'azn', undefined, 'general'],
  ['a1.metal', 'a', 1, '', undefined, 'general'],
  ['mac1.metal', 'mac', 1, '', undefined, 'general'],
  ['mac2-m2pro.metal', 'mac', 2, '', 'm2pro', 'general'],
  ['mac-m4max.metal', 'mac', undefined, '', 'm4max', 'general'],
  ['c1.xlarge', 'c', 1, '', undefined, 'compute'],
  ['c5.18xlarge', 'c', 5, '', undefined, 'compute'],
  ['c7gn.16xlarge', 'c', 7, 'gn', undefined, 'compute'],
  ['cc2.8xlarge', 'cc', 2, '', undefined, 'compute'],
  ['hpc7g.4xlarge', 'hpc', 7, 'g', undefined, 'hpc'],
  ['hpc6id.32xlarge', 'hpc', 6, 'id', undefined, 'hpc'],
  ['m2.4xlarge', 'm', 2, '', undefined, 'memory'],
  ['r7iz.metal-32xl', 'r', 7, 'iz', undefined, 'memory'],
  ['x2iedn.32xlarge', 'x', 2, 'iedn', undefined, 'memory'],
  ['x8aedz.metal-24xl', 'x', 8, 'aedz', undefined, 'memory'],
  ['z1d.6xlarge', 'z', 1, 'd', undefined, 'memory'],
  ['cr1.8xlarge', 'cr', 1, '', undefined, 'memory'],
  ['u-6tb1.112xlarge', 'u', 1, '', '6tb', 'memory'],
  ['u7i-12tb.224xlarge', 'u', 7, 'i', '12tb', 'memory'],
  ['u7in-32tb.224xlarge', 'u', 7, 'in', '32tb', 'memory'],
  ['i4i.metal', 'i', 4, 'i', undefined, 'storage'],
  ['im4gn.16xlarge', 'im', 4, 'gn', undefined, 'storage'],
  ['is4gen.medium', 'is', 4, 'gen', undefined, 'storage'],
  ['d3en.12xlarge', 'd', 3, 'en', undefined, 'storage'],
  ['h1.16xlarge', 'h', 1, '', undefined, 'storage'],
  ['hs1.8xlarge', 'hs', 1, '', undefined, 'storage'],
  ['g6e.48xlarge', 'g', 6, 'e', undefined, 'accelerated'],
  ['g6f.large', 'g', 6, 'f', undefined, 'accelerated'],
  ['gr6f.4xlarge', 'gr', 6, 'f', undefined, 'accelerated'],
  ['p5en.48xlarge', 'p', 5, 'en', undefined, 'accelerated'],
  ['p6-b200.48xlarge', 'p', 6, '', 'b200', 'accelerated'],
  ['trn1n.32xlarge', 'trn', 1, 'n', undefined, 'accelerated'],
  ['inf2.8xlarge', 'inf', 2, '', undefined, 'accelerated'],
  ['dl2q.24xlarge', 'dl', 2, 'q', undefined, 'accelerated'],
  ['vt1.3xlarge', 'vt', 1, '', undefined, 'accelerated'],
  ['f2.48xlarge', 'f', 2, '', undefined, 'accelerated'],
];

test.each(rows)('%s is taken apart', (type, series, generation, attributes, variant, category) => {
  const [family, size] = type.split('.');

  expect(parseInstanceType(type)).toEqual({
    family,
    series,
    ...(generation === undefined ? {} : { generation }),
    attributes,
    ...(variant === undefined ? {} : { variant }),
    size,
    category,
  });
});

test.each([
  ...['m5', 'm5.', 'm5.10', '.large', 'M5.large', 'm5.large ', 'm5..large', '5m.large', 'm5.0xlarge', 'm5.01xlarge'],
  ...['m5.xxlarge', 'u-tb1.metal', 'mac.metal', 'm5.metal-xl', 'c7i-.large', 'db.m5.large'],
  ...['', ' m5.large', 'm5.large\n', 'm5.*', 'm-5.large', 'm5.metal-0xl', 'constructor.large'],
])('%p is no instance type', (name) => {
  expect(parseInstanceType(name)).toBeUndefined();
});

test('a series that is not known is not guessed at', () => {
  expect(parseInstanceType('q9.large')).toBeUndefined();
});

test.each([
  ['c3', ['c7i', 'c7a'], ['c7g']],
  ['t1', ['t3', 't3a'], ['t4g']],
  ['i2', ['i3', 'i4i', 'i7i'], ['i4g', 'i8g']],
  ['u-6tb1', ['u7i-6tb'], []],
])('%s has successors', (family, sameArchitecture, arm64) => {
  expect(successorsOf(family)).toMatchObject({ sameArchitecture, arm64 });
});

test.each(['m7i', 'unheard-of', 'constructor', ''])('%p has no successor', (family) => {
  expect(successorsOf(family)).toBeUndefined();
});
