import {
  ascii,
  between,
  counted,
  field,
  instructions,
  ordinal,
  printable,
  utc,
  wrapped,
} from '../../src/alerts/text.ts';

test.each([
  ['2026-03-02T09:00:00Z', '2026-03-02T09:00:59Z', 'less than a minute'],
  ['2026-03-02T09:00:00Z', '2026-03-02T09:01:00Z', '1 minute'],
  ['2026-03-02T09:00:00Z', '2026-03-02T09:59:59Z', '59 minutes'],
  ['2026-03-02T09:00:00Z', '2026-03-02T10:00:00Z', '1 hour'],
  ['2026-03-02T09:00:00Z', '2026-03-03T08:59:59Z', '23 hours'],
  ['2026-03-02T09:00:00Z', '2026-03-03T09:00:00Z', '1 day'],
  ['2026-03-02T09:00:00Z', '2027-03-02T09:00:00Z', '365 days'],
  ['2026-03-02T09:00:00Z', '2026-03-02T08:00:00Z', 'less than a minute'],
  ['x', '2026-03-02T08:00:00Z', 'less than a minute'],
])('from %s to %s is %s', (from, to, words) => {
  expect(between(from, to)).toBe(words);
});

test.each([
  ['2026-03-02T09:15:02.345Z', '2026-03-02 09:15:02 UTC'],
  ['2026-03-02T10:15:02+01:00', '2026-03-02 09:15:02 UTC'],
  ['no\ntime', 'no\\u{a}time'],
])('%j is shown as %s', (iso, shown) => {
  expect(utc(iso)).toBe(shown);
});

test.each([
  [2, '2nd'],
  [3, '3rd'],
  [4, '4th'],
  [11, '11th'],
  [12, '12th'],
  [21, '21st'],
  [113, '113th'],
])('%i is counted as %s', (count, shown) => {
  expect(ordinal(count)).toBe(shown);
});

test('what does not show is written out', () => {
  expect(printable('a\r\nb\u202e')).toBe('a\\u{d}\\u{a}b\\u{202e}');
});

test('text of any script stays, and is cut by characters', () => {
  expect(printable('сервер 日本 🚀')).toBe('сервер 日本 🚀');
  expect(printable('🚀🚀🚀', 2)).toBe('🚀🚀…');
  expect(printable('🚀🚀', 2)).toBe('🚀🚀');
});

test('what is no printable ASCII is a question mark in a subject', () => {
  expect(ascii('é🚀\n~ ')).toBe('???~ ');
});

test('a field is wrapped under its beginning, and a long word stays whole', () => {
  const link = `https://${'x'.repeat(90)}`;

  expect(field('Why', `because ${link} says so`)).toBe(`Why        because\n           ${link}\n           says so`);
  expect(field('A very long label', 'x')).toBe('A very long label x');
  expect(wrapped('')).toBe('');
});

test('one is counted without a plural', () => {
  expect([counted(0, 'read'), counted(1, 'read'), counted(2, 'read')]).toEqual(['0 reads', '1 read', '2 reads']);
});

test('a command in backticks stays on one line, however long, so that it can be copied', () => {
  const command = `\`aws ec2 revoke-security-group-ingress --group-id sg-0123456789abcdef0 --security-group-rule-ids sgr-1\``;

  expect(
    wrapped(`Revoke the rule that lets the internet in, and look at what else it opens: ${command}; then look.`),
  ).toBe(
    ['Revoke the rule that lets the internet in, and look at what else it opens:', `${command};`, 'then look.'].join(
      '\n',
    ),
  );
});

const call = (rule: number) => `\`revoke --rule-ids sgr-${rule}\``;
const calls = [1, 2, 3, 4].map(call).join('; ');

test.each([
  ['that is short stays as it is', 'Revoke it. `', 'Revoke it. `'],
  ['without a command is cut', 'x'.repeat(80), `${'x'.repeat(70)}…`],
  [
    'ends behind a whole command',
    `Revoke: ${calls}; then look`,
    `Revoke: ${call(1)}; ${call(2)} and 2 more commands: see above`,
  ],
  [
    'says when one is left out',
    `Revoke: ${call(1)}; \`${'x'.repeat(80)}\``,
    `Revoke: ${call(1)} and 1 more command: see above`,
  ],
  ['whose one command is too long names none', `Revoke: \`${'x'.repeat(80)}\``, 'Revoke: 1 command: see above'],
  [
    'whose last command was cut before does not show that one',
    `Revoke: ${call(1)}; \`${'x'.repeat(80)}…`,
    `Revoke: ${call(1)} and 1 more command: see above`,
  ],
  ['is cut behind its last command', `${call(1)} ${'x'.repeat(80)}`, `${call(1)} ${'x'.repeat(44)}…`],
])('a fix %s', (_, fix, shown) => {
  expect(instructions(fix, 70, 'see above')).toBe(shown);
});

test('a fix is one line in which nothing is hidden', () => {
  expect(instructions('a\n\u202e', 70, 'see above')).toBe('a\\u{a}\\u{202e}');
  expect(instructions(`\`a\n\u202e\`${calls}${calls}`, 20, 'see above')).toBe(
    '`a\\u{a}\\u{202e}` and 8 more commands: see above',
  );
});

test('a backtick without its second one is a character like any other', () => {
  expect(wrapped('a ` b')).toBe('a ` b');
});
