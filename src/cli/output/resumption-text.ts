import { between, counted, field, printable, utc } from '../../alerts/text.ts';
import type { ActionKind } from '../../domain/action.ts';
import { type Controls, isAnythingStopped, whyStopped } from '../../domain/controls.ts';
import { groupedBy } from '../../domain/grouped.ts';
import { isBeingDone, type Step } from '../../domain/steps.ts';
import type { StoredFinding } from '../report/document.ts';
import { type FindingStep, listedLines } from './promotion-text.ts';

/** What is stopped after a resumption, and what kind an action of a finding counts as. */
interface Resumed {
  readonly controls: Controls;
  readonly kindOf: (finding: StoredFinding, action: string) => ActionKind | undefined;
}

type Coming = FindingStep & { readonly due: string | undefined };

/**
 * What a resumption lets come, as things stood at the last look at each instance: at once, later, or when the next look says so, in
 * items of an older version; and what comes at once one by one.
 */
export function resumptionLines(findings: readonly StoredFinding[], resumed: Resumed, now: Date): readonly string[] {
  const comes = findings
    .filter(({ status }) => status === 'open')
    .flatMap((finding) => (finding.steps ?? []).flatMap((step) => comingOf(finding, step, resumed, now)));
  const isNow = ({ due }: Coming) => due !== undefined && due <= now.toISOString();
  const atOnce = comes.filter(isNow);
  const later = comes.filter((one) => !isNow(one));
  if (comes.length === 0) return [field('Comes', 'nothing: no action waits for it')];
  return [
    ...byAction(atOnce, () => 'at once, with the next look'),
    ...byAction(later, (dues) => laterText(dues, now)),
    ...listedLines(atOnce),
  ];
}

/** What is due already comes by itself, and what was held back by what is lifted. */
function comingOf(finding: StoredFinding, step: Step, resumed: Resumed, now: Date): readonly Coming[] {
  if (isBeingDone(step.begun, now) || isStillStopped(finding, step, resumed)) return [];
  if (step.held?.by === 'paused' || step.held?.by === 'limit') return [{ finding, step, due: step.ifResumed }];
  const isDue = step.dueAt !== undefined && step.dueAt <= now.toISOString();
  return isDue ? [{ finding, step, due: step.dueAt }] : [];
}

function isStillStopped(finding: StoredFinding, { action }: Step, { controls, kindOf }: Resumed): boolean {
  const kind = kindOf(finding, action);
  return kind === undefined ? isAnythingStopped(controls) : whyStopped(controls, finding.policy, kind) !== undefined;
}

function byAction(comes: readonly Coming[], when: (dues: readonly string[]) => string): readonly string[] {
  const groups = [...groupedBy(comes, ({ step }) => step.action)].sort(([one], [other]) => one.localeCompare(other));
  return groups.map(([action, group]) => {
    const dues = group.flatMap(({ due }) => (due === undefined ? [] : [due]));
    return field('Comes', `${printable(action)} for ${counted(group.length, 'finding')}, ${when(dues)}`);
  });
}

function laterText(dues: readonly string[], now: Date): string {
  const [first] = dues.toSorted();
  if (first === undefined) return 'when the next look says so';
  return `from ${utc(first)} on, in ${between(now.toISOString(), first)}`;
}
