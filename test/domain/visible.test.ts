import { visible, visibleLines } from '../../src/domain/visible.ts';

test.each([
  ['a line break', 'a\r\nb', 'a\\u{d}\\u{a}b'],
  ["a terminal's orders", 'a\u001b[2J\u009b31mb\u007f', 'a\\u{1b}[2J\\u{9b}31mb\\u{7f}'],
  ['a line separator', 'a\u2028b', 'a\\u{2028}b'],
  ['bidirectional controls', '\u202eb\u2066', '\\u{202e}b\\u{2066}'],
  ['zero-width characters', 'a\u200b\u200d\ufeffb', 'a\\u{200b}\\u{200d}\\u{feff}b'],
  ['fillers that show as nothing', 'a\u3164b', 'a\\u{3164}b'],
  ['spaces that are none', 'a\u00a0b\u3000', 'a\\u{a0}b\\u{3000}'],
  ['half a surrogate pair', 'a\ud83d', 'a\\u{d83d}'],
])('%s is written out', (_, text, shown) => {
  expect(visible(text)).toBe(shown);
});

test('text of any script stays', () => {
  expect(visible('сервер 日本 🚀 "a"')).toBe('сервер 日本 🚀 "a"');
});

test('lines stay lines, and nothing else of a document is touched', () => {
  const document = { lines: 'a\nb\u001b[1m', list: ['\u202e', 1, null, true], none: undefined };

  expect(visibleLines(document)).toEqual({ lines: 'a\nb\\u{1b}[1m', list: ['\\u{202e}', 1, null, true] });
  expect(visibleLines('a\n\u0007')).toBe('a\n\\u{7}');
});
