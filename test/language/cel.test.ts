import { celMistakes } from '../../src/language/cel.ts';

/** `at: message / fix` of every mistake. */
function told(expression: string): readonly string[] {
  return celMistakes(expression).map(({ at, message, fix }) => `${at}: ${message} / ${fix}`);
}

const cel = (types: string) =>
  `it can't be evaluated: no such overload: ${types} / correct the CEL: fields have the types that EC2's API reference gives, whole numbers are ints, tags are text`;

test.each([
  [
    'a duration in days',
    'now - instance.LaunchTime > duration("5 days")',
    `28: it can't be evaluated: Invalid duration string: 5 days / durations are of h, m and s: write duration("120h")`,
  ],
  [
    'a duration in weeks',
    'now - instance.LaunchTime > duration("2w")',
    `28: it can't be evaluated: Invalid duration string: 2w / durations are of h, m and s: write duration("24h")`,
  ],
  [
    'a month that is none',
    'instance.LaunchTime < timestamp("2026-13-01T00:00:00Z")',
    `22: it can't be evaluated: timestamp() requires a string in ISO 8601 format / write a time such as timestamp("2026-01-01T00:00:00Z")`,
  ],
  [
    'a regular expression that is none',
    'instance.KeyName.matches("^[")',
    "0: it can't be evaluated: Invalid regular expression: ^[ / correct the regular expression",
  ],
  [
    'a time compared with text',
    'instance.LaunchTime > "2026-01-01"',
    `0: it can't be evaluated: no such overload: timestamp > string / write a time such as timestamp("2026-01-01T00:00:00Z")`,
  ],
  ['text compared with a number', 'instance.KeyName > 5', `0: ${cel('string > int')}`],
  ['a tag compared with a number', '"Age" in instance.Tags && instance.Tags.Age > 5', `26: ${cel('string > int')}`],
  [
    'a number for true or false',
    'instance.AmiLaunchIndex',
    `0: it can't be evaluated: it gives an int, and a condition is true or false / compare it, such as instance.KeyName == "admin"`,
  ],
  [
    'a time zone that is none',
    'now.getHours("Europe/Nowhere") > 20',
    "0: it can't be evaluated: Invalid time zone specified: Europe/Nowhere / correct the CEL",
  ],
])('%s could never be evaluated', (_, expression, mistake) => {
  expect(told(expression)).toEqual([mistake]);
});

test.each([
  ['behind what does not hold of every instance', 'instance.State.Name == "stopped" && now - now > duration("1d")', 48],
  ['behind what mostly holds', 'instance.EbsOptimized || now - now > duration("1d")', 37],
  ['of a choice', 'instance.EbsOptimized ? true : now - now > duration("1d")', 43],
  ['denied, within parentheses', '!((now - now > duration("1d")) || (now > now))', 15],
])('a part is tried by itself: %s', (_, expression, at) => {
  expect(celMistakes(expression)).toMatchObject([{ at, fix: 'durations are of h, m and s: write duration("24h")' }]);
});

test.each([
  'now - instance.LaunchTime > duration("720h")',
  '(instance.LaunchTime > now) == (now > instance.LaunchTime)',
  '(instance.KeyName == ")" || (now > now)) && instance.EbsOptimized',
  'instance["Placement"]["Tenancy"] == "host"',
  'instance.BlockDeviceMappings[3].Ebs.DeleteOnTermination',
  '10 / (instance.AmiLaunchIndex - 1) > 2',
  'instance.NetworkInterfaces.exists(n, n.Groups.exists(g, g.GroupName == "web"))',
  'has(instance.IamInstanceProfile) && instance.IamInstanceProfile.Arn.endsWith("/web")',
  '"Count" in instance.Tags && int(instance.Tags.Count) > 5',
  '"Expires" in instance.Tags && timestamp(instance.Tags["Expires"]) < now',
  '"Zone" in instance.Tags && now.getHours(instance.Tags.Zone) > 20',
  'instance.Tags.exists(k, k.startsWith("cost") && instance.Tags[k] != "")',
  'size(instance) > 5',
])('what can be evaluated for some instance passes: %s', (expression) => {
  expect(told(expression)).toEqual([]);
});

describe('a tag', () => {
  test.each([
    ['by the dot', 'instance.Tags.Owner == "x"', 'instance.Tags.Owner == "x"', 0],
    ['in brackets', 'instance.Tags["Owner"] == "x"', 'instance.Tags["Owner"] == "x"', 0],
    ['of Tags in brackets', 'instance["Tags"].Owner == "x"', 'instance["Tags"].Owner == "x"', 0],
    ['of a longer condition', 'now > now || !(instance.Tags.Owner == "x")', 'instance.Tags.Owner == "x"', 15],
    ['as what is called', 'instance.Tags.Owner.startsWith("x")', 'instance.Tags.Owner.startsWith("x")', 0],
    [
      'where another is asked for',
      '"Team" in instance.Tags && instance.Tags.Owner == "x"',
      'instance.Tags.Owner == "x"',
      27,
    ],
  ])('that is read without being asked for is refused: %s', (_, expression, part, at) => {
    expect(celMistakes(expression)).toEqual([
      {
        message: "it can't be evaluated for an instance without the tag Owner",
        fix: `write "Owner" in instance.Tags && ${part}`,
        at,
      },
    ]);
  });

  test.each([
    '"Owner" in instance.Tags && instance.Tags["Owner"] == "x"',
    'has(instance.Tags.Owner) && instance.Tags.Owner == "x"',
    '!("Owner" in instance.Tags) || instance.Tags.Owner == "x"',
    'has(instance.Tags.Owner)',
  ])('that is asked for may be read: %s', (expression) => {
    expect(told(expression)).toEqual([]);
  });
});

test.each([
  ['of an instance', 'instance.LauchTime < now', '9: an instance has no field LauchTime / write instance.LaunchTime'],
  ['unlike any', 'instance.Colour == "red"', '9: an instance has no field Colour / use a field of DescribeInstances'],
  [
    'of a structure',
    'instance.Placement.AvailabilityZon == "x"',
    '19: Placement has no field AvailabilityZon / write instance.Placement.AvailabilityZone',
  ],
  [
    'in brackets',
    'instance["MetadataOptions"]["HttpToken"] == "x"',
    '29: MetadataOptions has no field HttpToken / write instance.MetadataOptions.HttpTokens',
  ],
  ['asked for', 'has(instance.State.Colour)', '19: State has no field Colour / use one of Code, Name'],
])('a field that EC2 does not have is refused: %s', (_, expression, mistake) => {
  expect(told(expression)).toEqual([mistake]);
});

test.each([
  ['nested repetition', 'instance.ImageId.matches("^([a-z]+[._-]?)+@example[.]com$")'],
  ['nested repetition, within more', 'instance.ImageId == "ami-1" || !instance.ImageId.matches("(a|a)*$")'],
])('a regular expression that a tag could keep busy is refused: %s', (_, expression) => {
  expect(celMistakes(expression)).toEqual([
    expect.objectContaining({ message: expect.stringContaining('can take very long on a value that is made for it') }),
  ]);
});

test('a regular expression that is known only when it runs is refused', () => {
  expect(told('"Pattern" in instance.Tags && instance.ImageId.matches(instance.Tags["Pattern"])')).toEqual([
    expect.stringMatching(/^\d+: matches\(\) needs a literal regular expression \/ write the expression itself$/),
  ]);
});

test.each(['instance.ImageId.matches("^ami-[0-9a-f]+$")', 'instance.InstanceType.matches("m7i\\\\..*")'])(
  'an ordinary regular expression passes: %s',
  (expression) => {
    expect(celMistakes(expression)).toEqual([]);
  },
);
