import { codePoint, lookAlikeOf, named, quoted, scriptOf } from '../domain/characters.ts';
import type { Tag } from '../domain/facts.ts';
import { matchesAnyGlob } from '../domain/glob.ts';
import { defineRule } from '../domain/rule.ts';
import { tagsArgument } from '../domain/tags-argument.ts';
import { compliant, notApplicable, violation } from '../domain/verdict.ts';

type Charset = 'aws-ascii' | 'ascii-printable' | 'latin';

/** Which characters a charset allows, and how that is told. */
const charsets: Readonly<Record<Charset, { readonly allows: RegExp; readonly text: string }>> = {
  'aws-ascii': { allows: /^[A-Za-z0-9 +\-=._:/@]$/, text: 'A-Z a-z 0-9, spaces and + - = . _ : / @' },
  'ascii-printable': { allows: /^[ -~]$/, text: 'printable ASCII characters' },
  latin: { allows: /^[\p{Script=Latin}\p{Script=Common}]$/u, text: 'letters of Latin script, digits and punctuation' },
};

/** Characters that nobody sees, or that pass for another: refused in every charset. */
const deceptive: readonly { readonly pattern: RegExp; readonly name: string; readonly hint: string }[] = [
  { pattern: /^[\u200b-\u200d\u2060\ufeff]$/, name: 'zero-width', hint: 'leave it out' },
  { pattern: /^[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]$/, name: 'text direction', hint: 'leave it out' },
  { pattern: /^\u00ad$/, name: 'soft hyphen', hint: 'leave it out' },
  { pattern: /^[\u00a0\u202f]$/, name: 'no-break space', hint: 'use a space' },
  { pattern: /^[\u2000-\u200a\u205f\u3000]$/, name: 'typographic space', hint: 'use a space' },
  { pattern: /^[\u2010-\u2015\u2212]$/, name: 'typographic dash', hint: 'use "-"' },
  { pattern: /^[\u2018-\u201f\u00ab\u00bb\u2039\u203a]$/, name: 'typographic quote', hint: 'leave it out' },
  { pattern: /^[\p{Cc}\u2028\u2029]$/u, name: 'control character', hint: 'leave it out' },
];

/** Spaces that a tag should not have. */
const misplacedSpaces: readonly {
  readonly problem: string;
  /** The same, when it is to go. */
  readonly name: string;
  readonly isIn: (text: string) => boolean;
}[] = [
  { problem: 'a space at the beginning', name: 'the space at the beginning', isIn: (text) => text.startsWith(' ') },
  {
    problem: 'a space at the end',
    name: 'the space at the end',
    isIn: (text) => text.length > 1 && text.endsWith(' '),
  },
  { problem: 'two spaces in a row', name: 'two spaces in a row', isIn: (text) => text.trim().includes('  ') },
];

/** Stands in a command for what only a person knows. */
const LEFT_TO_READER = '...';

/** How many different characters of one text are told. */
const TOLD_CHARACTERS = 3;

/** What is wrong with the key or the value of one tag. */
type Flaw = {
  readonly key: string;
  readonly in: 'key' | 'value';
  readonly problems: readonly string[];
};

export const englishTags = defineRule({
  id: 'english-tags',
  summary: 'Every tag is written in the characters of English, without invisible characters and look-alikes.',
  why: 'Tags are searched, grouped and charged by exact text: a key in another script, or with a Cyrillic letter that looks Latin, is missed by every query that a colleague types.',
  fix: 'Write the tag again in plain characters, and delete the wrong one: `aws ec2 create-tags`, `aws ec2 delete-tags`',
  evidence: {
    about: 'Of a violation, each key and each value that offends, sorted by key.',
    fields: {
      'tags[].key': "the tag's key, as it is written",
      'tags[].in': '`key` or `value`: which of the two offends',
      'tags[].problems[]': 'what is wrong with it, as in the reason',
    },
  },
  parameters: (z) =>
    z.strictObject({
      charset: z
        .enum(['aws-ascii', 'ascii-printable', 'latin'])
        .default('aws-ascii')
        .describe(
          'Allowed characters. aws-ascii: A-Z a-z 0-9, spaces and + - = . _ : / @, which all AWS services take; ascii-printable: U+0020 to U+007E; latin: any letter of Latin script, such as \u00e9, digits and punctuation.',
        ),
      exemptKeys: z
        .array(z.string().min(1))
        .default([])
        .describe('Globs of tag keys that are not looked at, neither key nor value.'),
    }),
  needs: ['tags'],
  evaluate({ instance, facts, parameters: { charset, exemptKeys } }) {
    const tags = facts.tags.found.filter(({ Key }) => !isOfAws(Key));
    if (tags.length === 0) return notApplicable('instance has no tags of its own');
    const looked = tags.filter(({ Key }) => !matchesAnyGlob(exemptKeys, Key));
    const found = looked.toSorted(byKey).flatMap((tag) => flawsOf(tag, charset));
    if (found.length === 0) return compliant();
    const flaws = found.map(({ flaw }) => flaw);
    const fix = fixOf(instance.InstanceId, flaws, facts.tags.found, charset);
    return violation(found.map(({ text }) => text).join('; '), fix, { tags: flaws });
  },
  examples: [
    {
      title: 'plain English',
      parameters: {},
      given: { instance: { Tags: { Owner: 'jane@example.com', 'cost-center': 'R+D 4711' } } },
      expect: { compliance: 'COMPLIANT' },
    },
    {
      title: 'a Cyrillic letter that looks Latin',
      parameters: {},
      given: { instance: { Tags: { '\u041ewner': 'jane' } } },
      expect: {
        compliance: 'NON_COMPLIANT',
        reason:
          'key "\\u041ewner": U+041E (Cyrillic) at index 0 (use Latin "O"), Cyrillic and Latin letters in one word',
      },
    },
    {
      title: 'an umlaut',
      parameters: {},
      given: { instance: { Tags: { Owner: 'J\u00fcrgen' } } },
      expect: { compliance: 'NON_COMPLIANT', reason: 'value "J\\u00fcrgen" of Owner: U+00FC (Latin) at index 1' },
    },
    {
      title: 'an umlaut, where Latin letters are allowed',
      parameters: { charset: 'latin' },
      given: { instance: { Tags: { Owner: 'J\u00fcrgen' } } },
      expect: { compliance: 'COMPLIANT' },
    },
    {
      title: 'an invisible character, that no list of values would match',
      parameters: { charset: 'latin' },
      given: { instance: { Tags: { Environment: 'prod\u200b' } } },
      expect: {
        compliance: 'NON_COMPLIANT',
        reason: 'value "prod\\u200b" of Environment: U+200B (zero-width) at index 4 (leave it out)',
      },
    },
    {
      title: 'a free-text key that is not looked at',
      parameters: { exemptKeys: ['Description*'] },
      given: { instance: { Tags: { 'Description-de': 'Pr\u00fcfstand', Owner: 'jane' } } },
      expect: { compliance: 'COMPLIANT' },
    },
    {
      title: "none but AWS's own tags",
      parameters: {},
      given: { instance: { Tags: { 'aws:autoscaling:groupName': 'web' } } },
      expect: { compliance: 'NOT_APPLICABLE', reason: 'instance has no tags of its own' },
    },
    {
      title: 'launched half a minute ago: more tags may come',
      parameters: {},
      given: { instance: { Tags: { Owner: 'jane' } } },
      now: '2026-01-01T00:00:30Z',
      expect: { compliance: 'INSUFFICIENT_DATA', reason: 'tags: not settled yet' },
    },
  ],
});

function byKey(a: Tag, b: Tag): number {
  return a.Key < b.Key ? -1 : 1;
}

/** AWS reserves the prefix in any case. */
function isOfAws(key: string): boolean {
  return key.toLowerCase().startsWith('aws:');
}

function flawsOf({ Key, Value }: Tag, charset: Charset): readonly { readonly flaw: Flaw; readonly text: string }[] {
  const ofKey = problemsOf(Key, charset);
  if (ofKey.length === 0 && charset === 'aws-ascii' && !/[A-Za-z]/.test(Key)) ofKey.push('no letter');
  const ofValue = problemsOf(Value, charset);
  return [
    ...flaw(Key, 'key', ofKey, `key ${quoted(Key)}`),
    ...flaw(Key, 'value', ofValue, `value ${quoted(Value)} of ${named(Key)}`),
  ];
}

function flaw(key: string, part: Flaw['in'], problems: readonly string[], subject: string) {
  if (problems.length === 0) return [];
  return [{ flaw: { key, in: part, problems }, text: `${subject}: ${problems.join(', ')}` }];
}

function problemsOf(text: string, charset: Charset): string[] {
  return [...characterProblems(text, charset), ...mixedScripts(text), ...spaceProblems(text)];
}

/** Each character that is refused, once, where it first stands; indexes count characters, not UTF-16 units. */
function characterProblems(text: string, charset: Charset): readonly string[] {
  const characters = [...text];
  const problems = new Map<string, string>();
  for (const [index, character] of characters.entries()) {
    if (problems.has(character)) continue;
    const problem = characterProblem(character, () => isAllowed(characters, index, charset));
    if (problem !== undefined)
      problems.set(character, `${codePoint(character)}${problem.name} at index ${index}${problem.hint}`);
  }
  const told = [...problems.values()].slice(0, TOLD_CHARACTERS);
  const more = problems.size - told.length;
  return more > 0 ? [...told, `${more} more such ${more === 1 ? 'character' : 'characters'}`] : told;
}

function characterProblem(
  character: string,
  allowed: () => boolean,
): { readonly name: string; readonly hint: string } | undefined {
  const trap = deceptive.find(({ pattern }) => pattern.test(character));
  if (trap !== undefined) return { name: ` (${trap.name})`, hint: ` (${trap.hint})` };
  const likeness = lookAlikeOf(character);
  if (likeness !== undefined) return { name: nameOf(character), hint: ` (use Latin "${likeness}")` };
  return allowed() ? undefined : { name: nameOf(character), hint: '' };
}

function nameOf(character: string): string {
  if (/^[!-~]$/.test(character)) return ` (${quoted(character)})`;
  const script = scriptOf(character);
  return script === undefined ? '' : ` (${script})`;
}

function isAllowed(characters: readonly string[], index: number, charset: Charset): boolean {
  if (charsets[charset].allows.test(characters[index] ?? '')) return true;
  return charset === 'latin' && isAccent(characters, index);
}

/** A combining mark that makes one letter with the Latin letter before it: e and U+0301 are one \u00e9. */
function isAccent(characters: readonly string[], index: number): boolean {
  const letter = characters.findLastIndex((character, at) => at < index && !/^\p{M}$/u.test(character));
  if (!/^\p{M}$/u.test(characters[index] ?? '') || scriptOf(characters[letter] ?? '') !== 'Latin') return false;
  return (
    [
      ...characters
        .slice(letter, index + 1)
        .join('')
        .normalize('NFC'),
    ].length === 1
  );
}

/** Latin letters and those of another script in one word: no language writes so. */
function mixedScripts(text: string): readonly string[] {
  for (const [word] of text.matchAll(/\p{L}+/gu)) {
    const scripts = new Set([...word].map(scriptOf).filter((script) => script !== undefined));
    if (scripts.has('Latin') && scripts.size > 1)
      return [`${[...scripts].toSorted().join(' and ')} letters in one word`];
  }
  return [];
}

function spaceProblems(text: string): readonly string[] {
  return misplacedSpaces.filter(({ isIn }) => isIn(text)).map(({ problem }) => problem);
}

/** What to write instead and what to delete, in calls to paste; `...` is left to the reader. */
function fixOf(instanceId: string, flaws: readonly Flaw[], tags: readonly Tag[], charset: Charset): string {
  const rewritten = rewritesOf(flaws, tags);
  const wrongKeys = flaws.filter((flaw) => flaw.in === 'key').map(({ key }) => ({ key }));
  const steps: string[] = [];
  if (rewritten.length > 0) {
    const names = rewritten.map(({ of }) => named(of)).join(', ');
    const what = `Write the ${rewritten.length === 1 ? 'tag' : 'tags'} ${names} again ${mannerOf(flaws, charset)}`;
    steps.push(`${what}: \`aws ec2 create-tags --resources ${instanceId} --tags ${tagsArgument(rewritten)}\``);
  }
  if (wrongKeys.length > 0) {
    const what = `${steps.length > 0 ? 'then delete' : 'Delete'} the wrong ${wrongKeys.length === 1 ? 'key' : 'keys'}`;
    steps.push(`${what}: \`aws ec2 delete-tags --resources ${instanceId} --tags ${tagsArgument(wrongKeys)}\``);
  }
  return steps.join('; ');
}

/** `with ...` the characters allowed, `without ...` the spaces that are out of place. */
function mannerOf(flaws: readonly Flaw[], charset: Charset): string {
  const problems = flaws.flatMap((flaw) => flaw.problems);
  const spaces = misplacedSpaces.filter(({ problem }) => problems.includes(problem)).map(({ name }) => name);
  return [
    ...(problems.every(isOfSpaces) ? [] : [`with ${charsets[charset].text}`]),
    ...(spaces.length > 0 ? [`without ${enumerated(spaces)}`] : []),
  ].join(' and ');
}

interface Rewrite {
  /** The key that has the flaw, or whose value has. */
  readonly of: string;
  readonly key: string;
  readonly value: string;
}

/** Each tag with a flaw as it should be. Not one that would take the place of a tag that is right, or of another here. */
function rewritesOf(flaws: readonly Flaw[], tags: readonly Tag[]): readonly Rewrite[] {
  const taken = new Set(tags.map(({ Key }) => Key));
  return tags.toSorted(byKey).flatMap(({ Key, Value }) => {
    const own = flaws.filter((flaw) => flaw.key === Key);
    if (own.length === 0) return [];
    const [key, value] = [corrected(Key, 'key', own), corrected(Value, 'value', own)];
    if (key !== Key && taken.has(key)) return [];
    if (key !== LEFT_TO_READER) taken.add(key);
    return [{ of: Key, key, value }];
  });
}

function corrected(text: string, part: Flaw['in'], flaws: readonly Flaw[]): string {
  const problems = flaws.filter((flaw) => flaw.in === part).flatMap((flaw) => flaw.problems);
  if (problems.length === 0) return text;
  return problems.every(isOfSpaces) ? text.replaceAll(/^ +| +$/g, '').replaceAll(/ {2,}/g, ' ') : LEFT_TO_READER;
}

function isOfSpaces(problem: string): boolean {
  return misplacedSpaces.some((one) => one.problem === problem);
}

function enumerated(items: readonly string[]): string {
  if (items.length < 2) return items.join('');
  return `${items.slice(0, -1).join(', ')} and ${items.at(-1)}`;
}
