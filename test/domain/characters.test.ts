import { codePoint, inAscii, lookAlikeOf, named, quoted, scriptOf, skeleton } from '../../src/domain/characters.ts';

test.each([
  ['Owner', '"Owner"'],
  ['\u041ewner', '"\\u041ewner"'],
  ['prod\u200b', '"prod\\u200b"'],
  ['a"b\\c', '"a\\"b\\\\c"'],
  ['line\nfeed', '"line\\nfeed"'],
  ['\u007f', '"\\u007f"'],
  ['\u{1f600}', '"\\ud83d\\ude00"'],
  ['x'.repeat(61), `"${'x'.repeat(60)}"...`],
])('%p is quoted in printable ASCII', (text, expected) => {
  expect(quoted(text)).toBe(expected);
});

test('plain words need no quotes, all else does', () => {
  expect(named('cost-center')).toBe('cost-center');
  expect(named('Cost Center')).toBe('"Cost Center"');
  expect(named('')).toBe('""');
});

test('a backslash of a pattern stays one', () => {
  expect(inAscii('CC-\\d{4} \u00fc')).toBe('CC-\\d{4} \\u00fc');
});

test.each([
  ['\u041e', 'O'],
  ['\u0430', 'a'],
  ['\u03a1', 'P'],
  ['\uff2e', 'N'],
  ['\ufb01', 'fi'],
  ['\u{1d400}', 'A'],
  ['\u0416', undefined],
  ['O', undefined],
  ['\u00e9', undefined],
])('%p looks like %p', (character, likeness) => {
  expect(lookAlikeOf(character)).toBe(likeness);
});

test('a skeleton is what the text looks like', () => {
  expect(skeleton('\u041ewn\u0435r')).toBe('Owner');
});

test.each([
  ['a', 'Latin'],
  ['\u041e', 'Cyrillic'],
  ['\u03a1', 'Greek'],
  ['\u30d7', 'Katakana'],
  ['7', undefined],
])('the script of %p is %p', (character, script) => {
  expect(scriptOf(character)).toBe(script);
});

test.each([
  ['&', 'U+0026'],
  ['\u041e', 'U+041E'],
  ['\u{1f600}', 'U+1F600'],
])('%p is %s', (character, expected) => {
  expect(codePoint(character)).toBe(expected);
});
