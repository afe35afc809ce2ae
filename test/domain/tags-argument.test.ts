import { execFileSync } from 'node:child_process';
import { type TagArgument, tagsArgument } from '../../src/domain/tags-argument.ts';

test.each<[string, readonly TagArgument[], string]>([
  ['a word', [{ key: 'Owner', value: 'jane@example.com' }], "'Key=Owner,Value=jane@example.com'"],
  ['nothing', [{ key: 'Team', value: '' }], "'Key=Team,Value='"],
  ['a key alone', [{ key: 'owner' }], "'Key=owner'"],
  [
    'several words',
    [
      { key: 'a', value: '1' },
      { key: 'k8s.io/b', value: 'x=y' },
    ],
    "'Key=a,Value=1' 'Key=k8s.io/b,Value=x=y'",
  ],
  ['a space', [{ key: 'Name ' }], `'[{"Key":"Name "}]'`],
  ['a comma', [{ key: 'Name', value: 'a,b' }], `'[{"Key":"Name","Value":"a,b"}]'`],
  ['an equals sign in front', [{ key: 'Name', value: '=b' }], `'[{"Key":"Name","Value":"=b"}]'`],
  ['another script', [{ key: '\u041ewner' }], `'[{"Key":"\\u041ewner"}]'`],
  ['single quotes', [{ key: 'Name', value: "a'; id; '" }], `'[{"Key":"Name","Value":"a\\u0027; id; \\u0027"}]'`],
  ['a backtick', [{ key: 'Name', value: 'a`b' }], `'[{"Key":"Name","Value":"a\\u0060b"}]'`],
  ['a line feed', [{ key: 'Name', value: 'a\nb' }], `'[{"Key":"Name","Value":"a\\nb"}]'`],
  ['no key', [{ key: '', value: 'x' }], `'[{"Key":"","Value":"x"}]'`],
])('%s', (_, tags, argument) => {
  expect(tagsArgument(tags)).toBe(argument);
});

test('a shell hands over what was written', () => {
  const tags = [{ key: 'Na\'me "x"', value: '$(id) `id` \\ \n \u00fc!' }];
  const argument = execFileSync('sh', ['-c', `printf %s ${tagsArgument(tags)}`], { encoding: 'utf8' });

  expect(JSON.parse(argument)).toEqual([{ Key: tags[0]?.key, Value: tags[0]?.value }]);
});
