import { groupedBy } from '../../src/domain/grouped.ts';

test('groups stand in the order in which their keys first appear, and so do the values of each', () => {
  const groups = groupedBy(['b1', 'a1', 'b2', 'a2', 'b3'], (value) => value.charAt(0));

  expect([...groups]).toEqual([
    ['b', ['b1', 'b2', 'b3']],
    ['a', ['a1', 'a2']],
  ]);
});

test('nothing gives no group', () => {
  expect(groupedBy([], String).size).toBe(0);
});

test('a key may be the name of a property of every object', () => {
  expect([...groupedBy(['__proto__', 'constructor'], (value) => value).keys()]).toEqual(['__proto__', 'constructor']);
});
