import { describeNearMiss, nearMissOf } from '../../src/domain/near-miss.ts';

test.each([
  ['owner', 'case differs'],
  ['OWNER', 'case differs'],
  ['Owner ', 'spaces differ'],
  [' Owner', 'spaces differ'],
  ['Own er', 'spaces differ'],
  ['Owner\u200b', 'spaces differ'],
  ['\u041ewner', 'look-alike letters'],
  ['\uff2fwner', 'look-alike letters'],
  ['Owners', 'one character differs'],
  ['Ower', 'one character differs'],
  ['Ovner', 'one character differs'],
  ['Onwer', 'one character differs'],
  ['ovner', 'one character differs'],
  ['owner ', 'nearly the same'],
  ['\u043ewner', 'nearly the same'],
])('%p is nearly Owner: %s', (text, difference) => {
  expect(nearMissOf('Owner', ['Name', text])).toEqual({ text, difference });
});

test.each(['Own', 'Name', 'OwnerTeam', 'Olmer', ''])('%p is another key than Owner', (text) => {
  expect(nearMissOf('Owner', [text])).toBeUndefined();
});

test('a short key with another letter is another key', () => {
  expect(nearMissOf('env', ['end'])).toBeUndefined();
  expect(nearMissOf('env', ['Env'])).toEqual({ text: 'Env', difference: 'case differs' });
});

test('the key itself is no near miss', () => {
  expect(nearMissOf('Owner', ['Owner'])).toBeUndefined();
});

test('the smallest difference is told, whatever the order', () => {
  const expected = { text: 'owner', difference: 'case differs' };

  expect(nearMissOf('Owner', ['Owners', 'owner'])).toEqual(expected);
  expect(nearMissOf('Owner', ['owner', 'Owners'])).toEqual(expected);
});

test('a near miss is told in ASCII', () => {
  expect(describeNearMiss({ text: '\u041ewner', difference: 'look-alike letters' })).toBe(
    'there is "\\u041ewner" (look-alike letters)',
  );
});
