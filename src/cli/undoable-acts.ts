import { type Act, isBeingDone } from '../domain/steps.ts';
import { visible } from '../domain/visible.ts';
import { whyForeign } from './put-back.ts';
import type { StoredFinding } from './report/document.ts';

/** An act with its number, from 1: the oldest that is remembered. */
export interface NumberedAct {
  readonly number: number;
  readonly act: Act;
}

/** Which acts a person chose; left out: all that can be put back. */
export interface ActChoice {
  /** By its number. */
  readonly act?: number;
  /** By the action that did it. */
  readonly action?: string;
}

/**
 * The acts to put back, the latest first.
 * @returns none where all of them are put back already.
 * @throws when there is nothing that could be put back, with the reason of each act.
 */
export function chosenActs(finding: StoredFinding, chosen: ActChoice, now: Date): readonly NumberedAct[] {
  const { id, acts = [], steps = [] } = finding;
  const all = acts.map((act, index) => ({ act, number: index + 1 }));
  const begun = steps.find((step) => step.begun !== undefined)?.begun;
  const underWay =
    begun === undefined
      ? ''
      : `. An action ${isBeingDone(begun, now) ? 'is being done' : 'was interrupted'}: the next look writes down what became of it`;
  if (all.length === 0) throw new Error(`nothing was done about ${id}: there is nothing to put back${underWay}`);
  const asked = all.filter(
    ({ act, number }) => number === (chosen.act ?? number) && act.action === (chosen.action ?? act.action),
  );
  if (asked.length === 0) {
    const known = all.map(({ act, number }) => `${number} (${visible(act.action)})`).join(', ');
    throw new Error(`${id} has no such act: there is ${known}`);
  }
  const about: Asked = {
    instanceId: finding.subject.id,
    isGone: acts.some(terminated),
    isChosen: chosen.act !== undefined,
  };
  const undoable = asked.filter(({ act }) => whyNot(act, about) === undefined);
  if (undoable.length > 0) return undoable.reverse();
  const rest = asked.filter(({ act }) => act.undoneAt === undefined);
  if (rest.length < asked.length && !rest.some(({ act }) => foreignIn(act, about.instanceId))) return [];
  const reasons = asked.map(({ act, number }) => `act ${number}, ${visible(act.does)}: ${whyNot(act, about)}`);
  throw new Error(`nothing of ${id} can be put back${underWay}\n${reasons.join('\n')}`);
}

/** What in the undo of an act is none of ours, if anything. */
function foreignIn({ undo }: Act, instanceId: string): string | undefined {
  return undo.flatMap((call) => whyForeign(call, instanceId) ?? [])[0];
}

function terminated({ calls }: Act): boolean {
  return calls.some(({ operation, outcome }) => operation === 'ec2:TerminateInstances' && outcome === 'done');
}

/** What is asked of each act of a finding. */
interface Asked {
  readonly instanceId: string;
  /** An act terminated the instance. */
  readonly isGone: boolean;
  /** It is chosen by its number: then a failure counts, too. */
  readonly isChosen: boolean;
}

/** Why an act is not put back; undefined where it can be. */
function whyNot(act: Act, { instanceId, isGone, isChosen }: Asked): string | undefined {
  const { undoneAt, outcome, undo, action, calls } = act;
  if (undoneAt !== undefined) return `it was put back at ${undoneAt}`;
  if (outcome === 'contested') return 'nothing was done';
  if (undo.length === 0) return `what ${action} does can't be put back by any call`;
  const foreign = foreignIn(act, instanceId);
  if (foreign !== undefined) return `${foreign}: somebody else has written into the table`;
  if (isGone && undo.some(({ operation }) => operation === 'ec2:StartInstances'))
    return 'the instance was terminated since: nothing brings it back';
  const isUnchanged = outcome === 'failed' && !calls.some((call) => call.outcome === 'done');
  if (isUnchanged && !isChosen) return 'it failed before it changed anything; --act puts it back all the same';
  return undefined;
}
