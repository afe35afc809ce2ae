import * as z from 'zod';
import { type AnyAction, interrupts } from '../domain/action.ts';
import { type ActionOrStep, type Catalogue, isForRule, isStep } from '../domain/catalogue.ts';
import type { AnyDrainStep } from '../domain/drain-step.ts';
import { millisecondsOf } from '../domain/duration.ts';
import { defaultNow, inspected } from '../domain/given.ts';
import type { Json } from '../domain/json.ts';
import {
  type ActionUse,
  type Enforcement,
  isDrainPolicy,
  type Notify,
  notify,
  type StepUse,
} from '../domain/policy.ts';
import type { AnyRule } from '../domain/rule.ts';
import { actionForm, notifyForm, ownSettings, settingsOf, settingsOfStep } from './action-forms.ts';
import { durationText } from './duration.ts';
import { exampleAhead, exampleOfAction, notifyExample } from './examples.ts';
import { type Check, mistakeAt, mistakesIn, type PlacedMistake, pathText, valueAt } from './mistakes.ts';
import { notBuiltYet } from './not-built-yet.ts';
import { allOf, nearest, oneOf } from './policy-error.ts';
import { isBelowAny, type Path } from './source.ts';
import type { Filled } from './values.ts';

/** An entry of `actions` that names one. */
interface Named {
  readonly id: string;
  /** Of the entry, or of the key that names the action. */
  readonly path: Path;
  readonly of: 'key' | 'value';
  /** What is said of the action; empty where nothing is. */
  readonly settings: unknown;
}

/** An entry with the action that it names: there is none of `notify`, nor of a name that no action has. */
interface Entry extends Named {
  readonly action: ActionOrStep | undefined;
}

/** Ids that `actions` names, in order: also of those that there are not. */
export function namedActions(actions: unknown): readonly string[] {
  return namedIn(actions).map(({ id }) => id);
}

/** All that is wrong with `actions`, as far as its entries name one action each. */
export function actionMistakes(
  { value: content, unfilled }: Pick<Filled, 'value' | 'unfilled'>,
  { rules, actions: known }: Catalogue,
  written: Check['written'],
): readonly PlacedMistake[] {
  const actions = valueAt(content, ['actions']);
  if (!Array.isArray(actions)) return [];
  const entries = entriesIn(actions, known);
  const rule = rules.find(({ id }) => id === valueAt(content, ['rule']));
  const isThere = ({ id, action }: Entry) => id === notify.id || action !== undefined;
  const unknown = entries.filter((entry) => !isThere(entry)).map((entry) => unknownAction(entry, known));
  const nameless = actions.flatMap((entry, index) => namelessEntry(entry, ['actions', index], known));
  const settings = entries.flatMap((entry) => settingMistakes(entry, written));
  const mayBeNotify =
    nameless.length > 0 || entries.some((entry) => !isThere(entry) && meantBy(entry.id, known) === notify.id);
  return [
    ...nameless,
    ...unknown,
    ...settings.filter(({ path }) => !isBelowAny(path, unfilled)),
    ...entries.filter(isThere).flatMap((entry, index, all) => placeMistakes(entry, all.slice(0, index))),
    ...(rule === undefined
      ? []
      : entries.flatMap((entry) => ruleMistakes(entry, rule, valueAt(content, ['parameters'])))),
    ...(rule === undefined || settings.length + unfilled.length > 0
      ? []
      : entries.flatMap((entry) => broughtMistakes(entry, rule, valueAt(content, ['parameters'])))),
    ...notifyMistakes(entries, known, mayBeNotify),
    ...(rule === undefined || settings.length > 0 ? [] : reminderMistakes(entries, rule)),
    ...(settings.length > 0 ? [] : graceMistakes(entries)),
  ];
}

/** `actions` as the engine has them. @throws Error for what has mistakes. */
export function compileActions(actions: readonly Json[], known: readonly ActionOrStep[]): readonly ActionUse[] {
  return entriesIn(actions, known).map(({ id, action, settings }) => {
    if (id === notify.id) return compileNotify(settings);
    if (action === undefined) throw new Error(`there is no action ${id}`);
    return isStep(action) ? compileStep(action, settings) : compileAction(action, settings);
  });
}

function compileStep(step: AnyDrainStep, settings: unknown): StepUse {
  const { own, common } = settingsOfStep(settings);
  return { id: step.id, parameters: step.parameters(z).parse(own) as Json, onRebalance: common.onRebalance };
}

function compileNotify(settings: unknown): Notify {
  const { after = ['0s'], before } = notifyForm.parse(settings);
  const afterMs = [...new Set(after.map(millisecondsOf))].sort((a, b) => a - b);
  return { id: 'notify', afterMs, ...(before === undefined ? {} : { beforeMs: millisecondsOf(before) }) };
}

function compileAction(action: AnyAction, settings: unknown): Enforcement {
  const { own, common } = settingsOf(action, settings);
  const { after, again, onDrift = false } = common;
  return {
    id: action.id,
    parameters: action.parameters(z).parse(own) as Json,
    afterMs: millisecondsOf(after),
    ...(again === undefined ? {} : { againMs: millisecondsOf(again) }),
    onDrift,
  };
}

function entriesIn(actions: unknown, known: readonly ActionOrStep[]): readonly Entry[] {
  return namedIn(actions).map((named) => ({ ...named, action: known.find(({ id }) => id === named.id) }));
}

function namedIn(actions: unknown): readonly Named[] {
  if (!Array.isArray(actions)) return [];
  return actions.flatMap((entry: unknown, index): readonly Named[] => {
    const path = ['actions', index];
    if (typeof entry === 'string') return [{ id: entry, path, of: 'value', settings: {} }];
    if (!isMap(entry)) return [];
    const [first, second] = Object.entries(entry);
    if (first === undefined || second !== undefined) return [];
    const [id, settings] = first;
    return [{ id, path: [...path, id], of: 'key', settings }];
  });
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** One for examples: it is of no rule. */
function anyOf(known: readonly ActionOrStep[]): ActionOrStep | undefined {
  return known.find(({ rules }) => rules === undefined);
}

/** An entry must name one action. */
function namelessEntry(entry: unknown, path: Path, known: readonly ActionOrStep[]): readonly PlacedMistake[] {
  const name = `\`${pathText(path)}\``;
  const example = exampleOfAction(anyOf(known));
  if (typeof entry === 'string') return [];
  if (!isMap(entry)) {
    const fix = "write an action's name, or a map of its name to its settings";
    return [mistakeAt(path, 'value', 'wrong-type', `${name} is no action`, fix, example)];
  }
  const keys = Object.keys(entry);
  if (keys.length === 0)
    return [mistakeAt(path, 'value', 'invalid-value', `${name} names no action`, 'remove it', example)];
  if (keys.length === 1) return [];
  const message = `${name} has the keys ${keys.join(', ')}, and must have one: the action's name`;
  const [action, ...others] = keys.toSorted((a, b) => Number(isAction(b, known)) - Number(isAction(a, known)));
  const isOneWithSettings = isAction(action, known) && !others.some((key) => isAction(key, known));
  const fix = isOneWithSettings
    ? `indent ${allOf(others)} further than ${action}, whose settings they are`
    : 'write an entry for each action';
  return [mistakeAt(path, 'value', 'invalid-value', message, fix, example)];
}

function isAction(id: string | undefined, known: readonly ActionOrStep[]): boolean {
  return id === notify.id || known.some((action) => action.id === id);
}

/** The name that was probably meant, if one is near. */
function meantBy(id: string, known: readonly ActionOrStep[]): string | undefined {
  return nearest(id, [notify.id, ...known.map((action) => action.id)]);
}

function unknownAction({ id, path, of }: Entry, known: readonly ActionOrStep[]): PlacedMistake {
  const later = notBuiltYet(id, path, of);
  if (later !== undefined) return later;
  const ids = [notify.id, ...known.map((action) => action.id)];
  const meant = meantBy(id, known);
  const [only, second] = ids;
  const choice = second === undefined ? `write ${only}` : `choose ${oneOf(ids)}`;
  const fix = meant === undefined ? choice : `write ${meant}`;
  const example = meant === notify.id ? 'actions: [notify]' : exampleOfAction(known.find((one) => one.id === meant));
  return mistakeAt(path, of, 'unknown-action', `there is no action \`${id}\``, fix, example);
}

function settingMistakes(
  { id, action, path, of, settings }: Entry,
  written: Check['written'],
): readonly PlacedMistake[] {
  const at = of === 'key' ? path : [...path, id];
  const check = (form: z.ZodType, value: unknown, example: string) =>
    mistakesIn({ form, value, at, example: () => example, written });
  if (settings === null) {
    const message = `\`${id}\` is a key, and there are no settings behind it`;
    return [mistakeAt(path, of, 'wrong-type', message, `write ${id} without the colon, or settings behind it`)];
  }
  if (id === notify.id) return check(notifyForm, settings, notifyExample);
  if (action === undefined) return [];
  const example = exampleOfAction(action);
  const mistakes = check(actionForm(action), settings, example).map((one) => withoutCommon(one, action, at));
  // What holds between the action's own parameters is known to its own form alone.
  return mistakes.length > 0 ? mistakes : check(action.parameters(z), ownSettings(action, settings), example);
}

/** `after`, `onDrift` and `again` are keys of other actions: that they are none of this one has a reason. */
function withoutCommon(placed: PlacedMistake, action: ActionOrStep, at: Path): PlacedMistake {
  const { path, mistake } = placed;
  if (mistake.code !== 'unknown-key' || path.length !== at.length + 1) return placed;
  if (isStep(action)) {
    const key = String(path.at(-1));
    if (!['after', 'again', 'onDrift'].includes(key)) return placed;
    const message = `${action.id} is a step of a drain, and comes with the notice: there is no time for grace`;
    return { path, of: 'key', mistake: { ...mistake, message, fix: `remove ${key}` } };
  }
  if (path.at(-1) === 'onDrift' && !interrupts(action)) {
    const message = `${action.id} interrupts nothing, and follows a later change as it follows a launch`;
    return { path, of: 'key', mistake: { ...mistake, message, fix: 'remove onDrift: there is nothing to allow' } };
  }
  if (path.at(-1) !== 'again' || action.kind !== 'terminate') return placed;
  const message = `${action.id} is done once: the instance is gone`;
  return { path, of: 'key', mistake: { ...mistake, message, fix: 'remove again' } };
}

/** What is wrong with an action because of those before it. */
function placeMistakes({ id, path, of }: Entry, before: readonly Entry[]): readonly PlacedMistake[] {
  if (before.some((entry) => entry.id === id)) {
    const message = `${id} is among the actions already`;
    return [mistakeAt(path, of, 'duplicate-action', message, 'keep one of the two')];
  }
  const last = before.find(isLast);
  if (last === undefined) return [];
  const message = `nothing follows ${last.id}: the instance is gone`;
  return [mistakeAt(path, of, 'unreachable-action', message, `write ${id} before ${last.id}, or remove it`)];
}

/** Whether an action leaves nothing for those behind it. */
function isLast({ action }: Entry): boolean {
  return action?.kind === 'terminate';
}

function ruleMistakes(
  { id, action, path, of }: Entry,
  rule: AnyRule,
  ruleParameters: unknown,
): readonly PlacedMistake[] {
  if (action === undefined) return [];
  if (rule.isScheduled && !isForTheClock(action)) {
    const message = `${id} is nothing to do by the clock: the first evening it would come for every instance that runs`;
    return [mistakeAt(path, of, 'unfit-action', message, 'write stop, hibernate or start, or remove it')];
  }
  if (!isForRule(action, rule.id)) return [mistakeAt(path, of, 'unfit-action', whyUnfit(action, rule), 'remove it')];
  const asked = rule.parameters(z).safeParse(ruleParameters ?? {});
  const why = asked.success && !isStep(action) ? action.whyNever?.(asked.data as Json) : undefined;
  if (why === undefined) return [];
  return [mistakeAt(path, of, 'unreachable-action', `${id} never comes: ${why}`, 'add that, or remove it')];
}

/** Whether what it takes comes again by the clock. */
function isForTheClock({ kind }: ActionOrStep): boolean {
  return kind === 'stop' || kind === 'schedule';
}

function whyUnfit(action: ActionOrStep, rule: AnyRule): string {
  const ruleIs = `this policy's rule is ${rule.id}`;
  if (isStep(action)) return `${action.id} is a step of a drain, for ${oneOf(action.rules)} alone, and ${ruleIs}`;
  if (isDrainPolicy({ rule: rule.id })) return `${action.id} is no step of a drain, and ${ruleIs}`;
  return `${action.id} mends violations of ${oneOf(action.rules ?? [])}, and ${ruleIs}`;
}

/** A drain is told when it begins and when it has ended: there is nothing to remind of days later. */
function reminderMistakes(entries: readonly Entry[], rule: AnyRule): readonly PlacedMistake[] {
  const told = entries.find(({ id }) => id === notify.id);
  const after = valueAt(told?.settings, ['after']);
  if (told === undefined || !isDrainPolicy({ rule: rule.id }) || !Array.isArray(after)) return [];
  const isLater = after.some((time) => typeof time === 'string' && millisecondsOf(time) > 0);
  if (!isLater) return [];
  const message = `a notice is told when it comes and when the drain has ended: nothing stands after that`;
  return [mistakeAt([...told.path, 'after'], 'key', 'invalid-value', message, 'remove it', 'actions: [notify]')];
}

/** What the action brings must not itself violate the policy: it would be revoked next, or stay as a violation of our own. */
function broughtMistakes(
  { id, action, path, settings }: Entry,
  rule: AnyRule,
  ruleParameters: unknown,
): readonly PlacedMistake[] {
  const asked = rule.parameters(z).safeParse(ruleParameters ?? {});
  if (action === undefined || isStep(action) || !asked.success || !isForRule(action, rule.id)) return [];
  if (action.brings === undefined) return [];
  const own = action.parameters(z).parse(settingsOf(action, settings).own) as Json;
  const mistakes = action.brings(own, asked.data).flatMap(({ path: inner, given }): readonly PlacedMistake[] => {
    const now = new Date(defaultNow);
    const verdict = rule.evaluate({ ...inspected(given, now), parameters: asked.data, now, policy: rule.id });
    if (verdict.compliance !== 'NON_COMPLIANT') return [];
    const message = `${id} would bring what this policy forbids: ${verdict.reason}`;
    return [mistakeAt([...path, ...inner], 'value', 'unfit-action', message, 'write what the policy allows')];
  });
  // What is wrong with one by itself is wrong with all together, too.
  return mistakes.filter(
    ({ path: outer }) => !mistakes.some((one) => one.path.length > outer.length && isBelowAny(one.path, [outer])),
  );
}

function notifyMistakes(
  entries: readonly Entry[],
  known: readonly ActionOrStep[],
  mayBeNotify: boolean,
): readonly PlacedMistake[] {
  const told = entries.find(({ id }) => id === notify.id);
  if (told === undefined) {
    if (mayBeNotify || entries.length === 0) return [];
    const message = 'notify is not among the actions, and what is done must be told';
    return [mistakeAt(['actions'], 'value', 'missing-notify', message, 'add notify', 'actions: [notify]')];
  }
  const path = [...told.path, 'before'];
  if (valueAt(told.settings, ['before']) === undefined || entries.some(comesLater)) return [];
  const message = 'no action comes later, which could be told before it comes';
  const fix = 'remove before, or give an action its grace by after';
  return [mistakeAt(path, 'key', 'invalid-value', message, fix, exampleAhead(anyOf(known)))];
}

/** Whether an action has a grace or comes again, or one that can't be read. */
function comesLater({ id, action, settings }: Entry): boolean {
  if (id === notify.id) return false;
  if (action === undefined || valueAt(settings, ['again']) !== undefined) return true;
  const after = valueAt(settings, ['after']);
  return after !== undefined && !(typeof after === 'string' && millisecondsOf(after) === 0);
}

/** How long something of an action takes, in milliseconds; 0 where nothing is said of it. */
function lastingOf({ settings }: Entry, key: 'after' | 'again' | 'before'): number {
  const lasting = valueAt(settings, [key]);
  return typeof lasting === 'string' ? millisecondsOf(lasting) : 0;
}

/** What can't come in time. Asked of settings without mistakes. */
function graceMistakes(entries: readonly Entry[]): readonly PlacedMistake[] {
  return entries.flatMap((entry) => (entry.id === notify.id ? tooEarly(entry, entries) : tooLate(entry, entries)));
}

/** What is announced longer before than anything takes is never announced: the time for it is past when the violation opens. */
function tooEarly(told: Entry, entries: readonly Entry[]): readonly PlacedMistake[] {
  const before = lastingOf(told, 'before');
  const others = entries.filter(({ id }) => id !== notify.id);
  const longest = Math.max(0, ...others.flatMap((one) => [lastingOf(one, 'after'), lastingOf(one, 'again')]));
  if (longest === 0 || before <= longest || others.some(({ action }) => action === undefined)) return [];
  const message = `no action waits for ${durationText(before)}: the longest grace is ${durationText(longest)}`;
  return [
    mistakeAt([...told.path, 'before'], 'value', 'invalid-value', message, `write less than ${durationText(longest)}`),
  ];
}

/** What waits longer than terminate finds nothing any more, unless it follows a change that terminate does not. */
function tooLate(entry: Entry, entries: readonly Entry[]): readonly PlacedMistake[] {
  const place = entries.indexOf(entry);
  const last = entries.find((one, at) => at > place && isLast(one));
  const grace = lastingOf(entry, 'after');
  if (last === undefined || grace <= lastingOf(last, 'after')) return [];
  if (followsDrift(entry) && !followsDrift(last)) return [];
  const end = lastingOf(last, 'after') === 0 ? 'at once' : `after ${durationText(lastingOf(last, 'after'))}`;
  const message = `${entry.id} never comes: ${last.id} comes ${end}, and the instance is gone then`;
  const fix = `give ${entry.id} a grace shorter than that of ${last.id}, or remove it`;
  return [mistakeAt([...entry.path, 'after'], 'value', 'unreachable-action', message, fix)];
}

function followsDrift({ action, settings }: Entry): boolean {
  return action !== undefined && !isStep(action) && (!interrupts(action) || valueAt(settings, ['onDrift']) === true);
}

/** Instances that are terminated before anybody could mend them: no mistake, and worth a word. */
export function withoutGrace(content: unknown, known: readonly ActionOrStep[]): readonly PlacedMistake[] {
  return entriesIn(valueAt(content, ['actions']), known)
    .filter(isLast)
    .filter((entry) => lastingOf(entry, 'after') === 0)
    .map(({ id, path, of }) => {
      const message = `${id} comes at once, and nothing brings the instance back`;
      return mistakeAt(path, of, 'no-grace', message, 'give it a grace in which it can be mended, such as after: 7d');
    });
}
