import type { ActionOrStep, Catalogue } from '../domain/catalogue.ts';
import { namedActions } from './check-actions.ts';
import { mistakeAt, type PlacedMistake, valueAt } from './mistakes.ts';

/** What does not fit together in a policy whose violations come by the clock: what stops, and what starts again. */
export function scheduleMistakes(content: unknown, { rules, actions }: Catalogue): readonly PlacedMistake[] {
  if (!isScheduled(content, rules)) return [];
  const ids = namedActions(valueAt(content, ['actions']));
  const named = actions.filter(({ id }) => ids.includes(id));
  // A name that no action has may have been meant for the one that is missing.
  if (named.length < new Set(ids.filter((id) => id !== 'notify')).size) return [];
  const starting = named.find(isStart);
  const isStopping = named.some(isStop);
  const path = ['parameters', 'startAgain'];
  if (starting !== undefined && !isStopping) {
    const message = `${starting.id} never comes: nothing in this policy stops an instance, and only that is started again`;
    const fix = 'write stop or hibernate before it, or remove it';
    return [mistakeAt(['actions'], 'value', 'unreachable-action', message, fix, 'actions: [notify, stop, start]')];
  }
  if (starting !== undefined || !isStopping || valueAt(content, path) !== true) return [];
  const message = 'startAgain is true, and nothing starts: what was stopped would be told each morning, and stay so';
  const fix = 'add start to the actions, or remove startAgain';
  return [mistakeAt(path, 'value', 'unreachable-action', message, fix, 'actions: [notify, stop, start]')];
}

/** What of hours is probably not meant so: no mistake, and worth a word. */
export function scheduleWarnings(
  content: unknown,
  { rules }: Pick<Catalogue, 'rules'>,
  now: Date,
): readonly PlacedMistake[] {
  if (!isScheduled(content, rules)) return [];
  return [...pastHolidays(content, now), ...fixedZone(content)];
}

function pastHolidays(content: unknown, now: Date): readonly PlacedMistake[] {
  const path = ['parameters', 'holidays'];
  const holidays = valueAt(content, path);
  if (!Array.isArray(holidays)) return [];
  const last = holidays
    .filter((day) => typeof day === 'string')
    .sort()
    .at(-1);
  if (last === undefined || last >= now.toISOString().slice(0, 10)) return [];
  const message = `all holidays are past: the last was ${last}`;
  return [mistakeAt(path, 'value', 'holidays-past', message, 'add those to come, or remove them')];
}

/** Zones of no place: `EST`, `Etc/GMT+9` and `+09:00` know no summer time, and the sign of the second is turned round. */
const fixedZones = /^(EST|MST|HST|Etc\/GMT[+-]\d+|[+-]\d.*)$/i;

function fixedZone(content: unknown): readonly PlacedMistake[] {
  const path = ['parameters', 'timezone'];
  const zone = valueAt(content, path);
  if (typeof zone !== 'string' || !fixedZones.test(zone)) return [];
  const turned = /^Etc/i.test(zone) ? ', and its sign is turned round: Etc/GMT+9 is nine hours behind UTC' : '';
  const message = `${zone} is the zone of no place: it knows no summer time${turned}`;
  const fix = 'write the zone of a place, such as America/New_York or Asia/Seoul';
  return [mistakeAt(path, 'value', 'fixed-time-zone', message, fix)];
}

function isScheduled(content: unknown, rules: Catalogue['rules']): boolean {
  const id = valueAt(content, ['rule']);
  return rules.find((rule) => rule.id === id)?.isScheduled === true;
}

/** Whether it starts again what the clock stopped. */
function isStart({ kind }: ActionOrStep): boolean {
  return kind === 'schedule';
}

function isStop({ kind }: ActionOrStep): boolean {
  return kind === 'stop';
}
