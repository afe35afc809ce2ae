import { celConditions, conditionError } from '../../src/domain/conditions.ts';

const now = new Date('2026-01-03T00:00:00Z');
const instance = {
  InstanceId: 'i-0123456789abcdef0',
  LaunchTime: new Date('2026-01-01T00:00:00Z'),
  CpuOptions: { CoreCount: 4 },
  EbsOptimized: true,
  Tags: { Owner: 'jane', StartTime: '2026-01-01' },
  BlockDeviceMappings: [{ Ebs: { VolumeId: 'vol-1', AttachTime: '2026-01-02T00:00:00Z' } }],
};

describe('celConditions', () => {
  test.each([
    ['a timestamp compared', 'instance.LaunchTime > timestamp("2025-12-31T00:00:00Z")', true],
    ['an age as a duration', 'now - instance.LaunchTime > duration("47h")', true],
    ['an age below a duration', 'now - instance.LaunchTime > duration("49h")', false],
    ['a field that is there', 'has(instance.EbsOptimized)', true],
    ['a field that is not there', 'has(instance.KeyName)', false],
    ['a guarded field that is not there', 'has(instance.KeyName) && instance.KeyName == "old"', false],
    ['a bare boolean field', 'instance.EbsOptimized', true],
    ['a whole number as an int', 'instance.CpuOptions.CoreCount * 2 == 8', true],
    ['a tag by its key', 'instance.Tags["Owner"] == "jane"', true],
    ['a tag named like a time as text', 'instance.Tags.StartTime == "2026-01-01"', true],
    ['whether a tag is there', '"Team" in instance.Tags', false],
    ['a list', 'instance.BlockDeviceMappings.exists(d, d.Ebs.VolumeId == "vol-1")', true],
    ['a nested time that was recorded as text', 'instance.BlockDeviceMappings.all(d, d.Ebs.AttachTime < now)', true],
    ['the day of the week', 'now.getDayOfWeek() == 6', true],
    ['instance as a whole', 'size(instance) == 6', true],
  ])('evaluates %s', (_, expression, expected) => {
    expect(celConditions(expression).holds(instance, now)).toBe(expected);
  });

  test.each([
    ['a field that is absent', 'instance.KeyName == "old"', 'No such key: KeyName'],
    ['types that do not compare', 'instance.LaunchTime > "2026"', 'no such overload: timestamp > string'],
    ['a field that is text', 'instance.InstanceId', 'it gives a string, and a condition is true or false'],
    ['a field that is a number', 'instance.CpuOptions.CoreCount', 'it gives an int, and a condition is true or false'],
    ['a field that is a time', 'instance.LaunchTime', 'it gives a timestamp, and a condition is true or false'],
    ['a field that is a list', 'instance.BlockDeviceMappings', 'it gives a list, and a condition is true or false'],
  ])('throws one line for %s', (_, expression, message) => {
    expect(() => celConditions(expression).holds(instance, now)).toThrow(expect.objectContaining({ message }));
  });

  test('compiles an expression once', () => {
    expect(celConditions('instance.EbsOptimized')).toBe(celConditions('instance.EbsOptimized'));
  });

  test('refuses an expression that is not valid', () => {
    expect(() => celConditions('instance.EbsOptimized &&')).toThrow('Unexpected token');
  });

  test.each([
    ['by name', 'instance.LaunchTime < now && has(instance.KeyName)', ['KeyName', 'LaunchTime']],
    ['by a literal index', 'instance["Tags"]["Owner"] == "jane"', ['Tags']],
    ['within a macro', 'instance.Tags.all(k, instance.Tags[k] != "")', ['Tags']],
    ['by none', 'now.getHours() > 18', []],
    ['by a computed index', 'instance["Ta" + "gs"].size() > 0', undefined],
    ['bare', 'size(instance) > 0', undefined],
    ['by another name', 'cel.bind(i, instance, i.EbsOptimized)', undefined],
    ['shadowed, which is not told apart', 'instance.Tags.exists(instance, instance == "Owner")', undefined],
  ])('reads off the fields used %s', (_, expression, fields) => {
    expect(celConditions(expression).fields).toEqual(fields);
  });
});

describe('conditionError', () => {
  test.each([
    ['instance.LaunchTime < now', undefined],
    ['instance.LaunchTime <', { message: 'Unexpected token: EOF', at: 21 }],
    ['true && foo', { message: 'Unknown variable: foo', at: 8 }],
    ['now > instance.LaunchTime && now + 1 > now', { message: 'no such overload: timestamp + int', at: 29 }],
    ['1 + 1', { message: 'gives int, and a condition is true or false', at: 0 }],
    ['', { message: 'Unexpected token: EOF', at: 0 }],
  ])('of %j', (expression, expected) => {
    expect(conditionError(expression)).toEqual(expected);
  });
});
