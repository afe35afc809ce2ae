import * as z from 'zod';
import type { Catalogue } from '../domain/catalogue.ts';
import { celConditions } from '../domain/conditions.ts';
import { DRAIN_RULE } from '../domain/drain-step.ts';
import { distinct } from '../domain/instance.ts';
import type { Json } from '../domain/json.ts';
import { hasEnded } from '../domain/judge.ts';
import { needsOfMatch } from '../domain/match.ts';
import { notKnownInADrain } from '../domain/needs.ts';
import type { Policy } from '../domain/policy.ts';
import type { AnyRule } from '../domain/rule.ts';
import { actionMistakes, compileActions } from './check-actions.ts';
import { enforcementMistakes } from './check-enforcement.ts';
import { conditionMistakes, namingTagPatterns } from './check-match.ts';
import { scheduleMistakes } from './check-schedule.ts';
import { exampleAt, flow } from './examples.ts';
import { match, policyFile, policyName } from './forms.ts';
import { jsonSchemaOf, sampleOf } from './json-schema.ts';
import { mistakeAt, mistakesIn, type PlacedMistake, pathText, valueAt } from './mistakes.ts';
import { allOf, nearest, oneOf } from './policy-error.ts';
import { patternMistakes } from './safe-pattern.ts';
import { isBelowAny, type Path } from './source.ts';
import { type Filled, writtenIn } from './values.ts';

/** What a policy file came to. */
export interface Checked {
  readonly mistakes: readonly PlacedMistake[];
  /** Left out when there are mistakes. */
  readonly policy?: Omit<Policy, 'source'>;
}

/**
 * Checks a policy in steps: what holds of every policy, then what its rule and its actions say of their parameters. Each is
 * checked as far as it can be, whatever is wrong with the others.
 * @param folder the name that it must have, if any.
 */
export function checkPolicy(filled: Filled, folder: string | undefined, catalogue: Catalogue): Checked {
  const { rules } = catalogue;
  const content = filled.value;
  const ruleId = valueAt(content, ['rule']);
  const rule = rules.find(({ id }) => id === ruleId);
  const written = (path: Path) => writtenIn(filled, path);
  const forms = { example: (path: Path) => exampleAt(path, rule), written };
  const base = mistakesIn({ form: policyFile, value: content, at: [], ...forms });
  const mistakes = [
    ...filled.mistakes,
    ...base.map(namingTagPatterns).filter(({ path }) => !isBelowAny(path, filled.unfilled)),
    ...(typeof ruleId === 'string' && rule === undefined ? [unknownRule(ruleId, rules)] : []),
    ...(rule === undefined ? [] : parameterMistakes(content, rule, forms, filled.unfilled)),
    ...(rule === undefined ? [] : boundMistakes(content, rule, forms)),
    ...patternMistakes(content, rule),
    ...actionMistakes(filled, catalogue, written),
    ...scheduleMistakes(content, catalogue),
    ...enforcementMistakes(content),
    ...conditionMistakesOf(content),
    ...drainMistakes(content),
    ...folderMistakes(valueAt(content, ['name']), folder),
  ];
  const parsed = policyFile.safeParse(content);
  if (mistakes.length > 0 || rule === undefined || !parsed.success) return { mistakes };
  const { parameters, match, exempt = [], mode = 'observe', enforce, actions, ...rest } = parsed.data;
  const demanded = rule.parameters(z).parse(parameters ?? {}) as Json;
  return {
    mistakes,
    policy: {
      ...rest,
      parameters: demanded,
      ...(match === undefined ? {} : { match }),
      exempt,
      mode,
      ...(enforce === undefined ? {} : { enforce }),
      actions: compileActions(actions, catalogue.actions),
    },
  };
}

/** Exemptions that no longer hold: no mistake, and worth a word. */
export function expiredExemptions(content: unknown, now: Date): readonly PlacedMistake[] {
  return listAt(content, ['exempt']).flatMap((exemption, index) => {
    const until = valueAt(exemption, ['until']);
    if (typeof until !== 'string' || !/^\d{4}-\d{2}-\d{2}$/.test(until) || !hasEnded({ until }, now)) return [];
    const path = ['exempt', index, 'until'];
    const message = `this exemption ended on ${until}: what it covered is a violation again`;
    const fix = 'remove it, or have it renewed';
    return [{ path, of: 'value', mistake: { code: 'exemption-expired', path: pathText(path), message, fix } }];
  });
}

type Forms = Pick<Parameters<typeof mistakesIn>[0], 'example' | 'written'>;

function parameterMistakes(
  content: unknown,
  rule: AnyRule,
  forms: Forms,
  unfilled: readonly Path[],
): readonly PlacedMistake[] {
  const given = valueAt(content, ['parameters']);
  const form: z.ZodType = rule.parameters(z);
  const mistakes = mistakesIn({ form, value: given ?? {}, at: ['parameters'], ...forms });
  if (given === undefined) return mistakes.map((one) => ({ ...one, path: ['rule'], of: 'key' }));
  return mistakes.filter(({ path }) => !isBelowAny(path, unfilled));
}

function boundMistakes(content: unknown, rule: AnyRule, forms: Forms): readonly PlacedMistake[] {
  return listAt(content, ['exempt']).flatMap((exemption, index) => {
    const bound = valueAt(exemption, ['upTo']);
    if (bound === undefined) return [];
    const path = ['exempt', index, 'upTo'];
    if (rule.bound === undefined) {
      const message = `rule ${rule.id} has no bound that an exemption could name`;
      const fix = 'remove it: the exemption then holds however bad it is';
      return [mistakeAt(path, 'key', 'invalid-up-to', message, fix, exampleAt(['exempt'], rule))];
    }
    const form = rule.bound.schema(z);
    const example = `upTo: ${flow(sampleOf(jsonSchemaOf(form)))}`;
    return mistakesIn({ form, value: bound, at: path, written: forms.written, example: () => example }).map((one) => ({
      ...one,
      mistake: { ...one.mistake, code: 'invalid-up-to' as const },
    }));
  });
}

/** What is wrong with every `when` of a policy. */
function conditionMistakesOf(content: unknown): readonly PlacedMistake[] {
  return pathsOfMatches(content).flatMap((path) => conditionMistakes(valueAt(content, path), path));
}

/** Every `match` of a policy. */
function pathsOfMatches(content: unknown): readonly Path[] {
  const exemptions = listAt(content, ['exempt']).map((_, index) => ['exempt', index, 'match']);
  return [['match'], ...exemptions, ['enforce', 'match']];
}

/** In two minutes there is no time for what matches of other policies may hang on: such a policy would never be sure of an instance. */
function drainMistakes(content: unknown): readonly PlacedMistake[] {
  if (valueAt(content, ['rule']) !== DRAIN_RULE || conditionMistakesOf(content).length > 0) return [];
  return pathsOfMatches(content).flatMap((path) => {
    const { data } = match.exactOptional().safeParse(valueAt(content, path));
    const unread = needsOfMatch(data, celConditions).filter((need) => notKnownInADrain.includes(need));
    if (unread.length === 0) return [];
    const message = `it reads ${allOf(distinct(unread))}, and when an instance drains there is no time to`;
    const fix = 'match by tags, or by what DescribeInstances says of an instance';
    return [mistakeAt(path, 'value', 'invalid-value', message, fix, exampleAt(['match'], undefined))];
  });
}

function folderMistakes(name: unknown, folder: string | undefined): readonly PlacedMistake[] {
  const { data } = policyName.safeParse(name);
  if (folder === undefined || data === undefined || data === folder) return [];
  const message = `the policy is called ${data}, and its folder ${folder}`;
  return [mistakeAt(['name'], 'value', 'name-differs-from-folder', message, `write ${folder}, or rename the folder`)];
}

function unknownRule(id: string, rules: readonly AnyRule[]): PlacedMistake {
  const ids = rules.map((rule) => rule.id);
  const meant = nearest(id, ids);
  const fix = meant === undefined ? `choose ${oneOf(ids)}` : `write ${meant}`;
  return mistakeAt(['rule'], 'value', 'unknown-rule', `there is no rule \`${id}\``, fix, `rule: ${meant ?? ids[0]}`);
}

function listAt(content: unknown, path: Path): readonly unknown[] {
  const list = valueAt(content, path);
  return Array.isArray(list) ? list : [];
}
