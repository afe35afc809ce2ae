import type { Finding } from '../domain/finding.ts';
import type { Act, Step } from '../domain/steps.ts';
import type { Labelled } from './message.ts';
import { printable, utc } from './text.ts';

/** How much of why something is refused stands in a line of a list, in characters. */
const REFUSAL_LENGTH = 60;

/** What was done about an open finding, what comes next, and what does not come, and why. */
export function actionFields(finding: Finding, region: string, length: number): readonly Labelled[] {
  return [...actFields(finding, region, length), ...stepFields(finding, length)];
}

/**
 * What comes next, and what does not come, and why. What was done is told by its act; and of two actions for different states of the
 * instance, such as stop and start, only the one for its state.
 */
export function stepFields(finding: Pick<Finding, 'steps' | 'evidence'>, length: number): readonly Labelled[] {
  const { steps = [] } = finding;
  const ofState = steps.filter(isOfItsState);
  return [
    ...(ofState.length > 0 ? ofState : steps).flatMap((step) => stepField(step, length)),
    ...startFields(finding),
  ];
}

function isOfItsState({ planned }: Step): boolean {
  return !('refused' in planned && planned.isOfOtherState);
}

/** That what the clock has stopped is started again when the hours begin. */
function startFields({ steps = [], evidence }: Pick<Finding, 'steps' | 'evidence'>): readonly Labelled[] {
  const isStopped = steps.some(({ action, held }) => action !== 'start' && held?.by === 'done');
  const isLater = steps.some((step) => step.action === 'start' && !isOfItsState(step));
  const begin = typeof evidence === 'object' && evidence !== null && 'changesAt' in evidence && evidence.changesAt;
  if (!isStopped || !isLater || typeof begin !== 'string') return [];
  return [['Next', `start when its hours begin, at ${utc(begin)}`]];
}

/** Why nothing was done, in a few words: `stop refused: its type has instance storage...`; undefined where nothing was refused. */
export function refusalOf({ steps = [] }: Pick<Finding, 'steps'>): string | undefined {
  const refused = steps.find((step) => step.held?.by === 'refused' && isOfItsState(step));
  if (refused?.held === undefined) return undefined;
  return `${printable(refused.action)} refused: ${printable(refused.held.why, REFUSAL_LENGTH)}`;
}

/** What was done since the finding opened. */
export function actFields(finding: Finding, region: string, length: number): readonly Labelled[] {
  return actsSince(finding).map((act) => actField(act, { id: finding.id, region }, length));
}

/** Which finding an act belongs to: its id, and the Region whose table has it. */
export interface Acted {
  readonly id: string;
  readonly region: string;
}

/** What became of an act, and how it is put back. */
export function actField(act: Act, acted: Acted, length: number): Labelled {
  return [actLabels[act.outcome], actText(act, acted, length)];
}

/** Whether what was done ends the violation: nobody has to do anything then. */
export function isMended(finding: Finding): boolean {
  const latest = actsSince(finding).at(-1);
  return latest?.outcome === 'done' && latest.mends === true;
}

/** What became of it last, for a headline or a line of a list: `stop done`; undefined where nothing was done. */
export function lastOutcome(finding: Finding): string | undefined {
  const latest = actsSince(finding).at(-1);
  return latest && `${latest.action} ${latest.outcome}${isInPart(latest) ? ' in part' : ''}`;
}

/** Done, but for a call that may fail and did. */
function isInPart({ outcome, detail }: Act): boolean {
  return outcome === 'done' && detail !== undefined;
}

/** Which action comes next, for a headline: `stop`; undefined where nothing comes. The text says when. */
export function nextAction({ steps = [] }: Finding, now: string): string | undefined {
  const coming = steps.flatMap(({ action, dueAt }) => (dueAt !== undefined && dueAt > now ? [{ action, dueAt }] : []));
  const [next] = coming.sort((one, other) => one.dueAt.localeCompare(other.dueAt));
  return next?.action;
}

/** Acts since the finding opened: what was done in earlier openings is in the table alone. */
export function actsSince({ acts = [], openedAt }: Finding): readonly Act[] {
  return acts.filter(({ at }) => at >= openedAt);
}

const actLabels = {
  done: 'Done',
  failed: 'Failed',
  contested: 'Contested',
  interrupted: 'Begun',
  overtaken: 'Begun',
} as const satisfies Record<Act['outcome'], string>;

function actText(
  { does, at, outcome, detail, undo, undoneAt, calls }: Act,
  { id, region }: Acted,
  length: number,
): string {
  const what = `${printable(does, length)} (${utc(at)})`;
  if (outcome === 'contested')
    return `not done: ${what}; ${printable(detail ?? '', length)}. That is left alone for a day`;
  const isUndoable = undo.length > 0 && undoneAt === undefined;
  const back = isUndoable
    ? `; to put it back: \`ec2-guardrail undo ${printable(id)} --region ${printable(region)}\``
    : '';
  const undone = undoneAt === undefined ? '' : `; put back at ${utc(undoneAt)}`;
  switch (outcome) {
    case 'done': {
      const but = detail === undefined ? '' : `, but not all of it: ${printable(detail, length)}`;
      return `${what}${but}${back}${undone}`;
    }
    case 'failed': {
      const made = calls.filter((call) => call.outcome === 'done').length;
      const before = made === 0 ? 'nothing was changed' : `${made} of its calls were made${back}${undone}`;
      return `${what}: ${printable(detail ?? '', length)}; ${before}`;
    }
    case 'overtaken':
      return `${what}: it was done already, by this call or by somebody else${back}${undone}`;
    case 'interrupted':
      return `${what}, and interrupted: whether it was done was not written down${back}${undone}`;
  }
}

function stepField({ action, planned, dueAt, held }: Step, length: number): readonly Labelled[] {
  if (held?.by === 'done' || held?.by === 'contested') return [];
  const does = 'refused' in planned ? undefined : printable(planned.plan.does, length);
  if (held?.by === 'mode' && does !== undefined) return [['Would', does]];
  if (does === undefined)
    return [['Not done', `${printable(action)}: ${'refused' in planned ? printable(planned.refused, length) : ''}`]];
  if (held !== undefined) return [['Held back', `${does}: ${printable(held.why, length)}`]];
  return dueAt === undefined ? [] : [['Next', `${does}, at ${utc(dueAt)} unless it complies by then`]];
}
