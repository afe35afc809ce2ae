import { between, counted, field, printable, utc, wrapped } from '../../alerts/text.ts';
import { type Controls, type EnforcedPolicy, noControls } from '../../domain/controls.ts';
import { groupedBy } from '../../domain/grouped.ts';
import type { Promoted, Step } from '../../domain/steps.ts';
import type { StoredFinding } from '../report/document.ts';
import type { Colours } from './colours.ts';
import { stopTexts } from './controls-text.ts';
import { nameOf } from './findings-text.ts';
import { whyText } from './held-text.ts';

/** How many findings are listed. `findings list` has all. */
const LISTED = 50;

/** A step of a finding. */
export interface FindingStep {
  readonly finding: StoredFinding;
  readonly step: Step;
}

/** A policy, and what a promotion makes of it. */
export interface Promotion {
  readonly policy: string;
  readonly enforced: EnforcedPolicy;
  readonly controls: Controls | undefined;
  /** What is left alone as baseline. */
  readonly leftAlone: readonly FindingStep[];
  readonly table: string;
  /** Whether it was promoted, rather than looked at. */
  readonly isWritten: boolean;
}

const limits =
  'what enforcement.yml allows in an hour holds here, too: where it is reached, the rest waits until somebody resumes';

/** What comes of a promotion, by action and time; and what stays as it is, and why. */
export function promotionText(promotion: Promotion, now: Date, { bold }: Colours): string {
  const { policy, enforced, leftAlone, table, isWritten, controls } = promotion;
  const { comes, stays } = splitUp(leftAlone);
  const findings = new Set(comes.map(({ finding }) => finding.id)).size;
  const many = `${counted(findings, 'finding')} of the baseline of ${printable(policy)}`;
  const head =
    leftAlone.length === 0
      ? `nothing to promote: ${printable(policy)} leaves nothing alone as baseline`
      : `${isWritten ? 'promoted' : 'would be promoted'}: ${many}`;
  const end =
    leftAlone.length === 0
      ? 'Nothing was written.'
      : isWritten
        ? 'It takes effect with the next look at each instance, within the hour. `ec2-guardrail pause` stops it.'
        : 'Nothing was written; add --yes to have it done.';
  return [
    bold(head),
    field('Table', printable(table)),
    field('Enforced', `since ${utc(enforced.since)}${sweptText(enforced)}`),
    ...(enforced.promotedAt === undefined ? [] : [field('Promoted', `before, at ${utc(enforced.promotedAt)}`)]),
    ...stopTexts(controls ?? noControls).map((text) => field('Stopped', text)),
    ...comingFields(comes, now),
    ...stayingFields(stays),
    ...(comes.length === 0 ? [] : [field('Limits', limits)]),
    ...listedLines(comes),
    '',
    end,
    '',
  ].join('\n');
}

type Known<P extends Promoted> = FindingStep & { readonly promoted: P };
type Coming = Known<Extract<Promoted, { readonly afterMs: number }>>;

/** An item of an older version does not say what a promotion would make of it. */
const unknown: Extract<Promoted, { readonly by: unknown }> = {
  by: 'baseline',
  why: 'the next look says what comes of it',
};

function splitUp(leftAlone: readonly FindingStep[]) {
  const all = leftAlone.map((one) => ({ ...one, promoted: one.step.ifPromoted ?? unknown }));
  const comes = (one: (typeof all)[number]): one is Coming => 'afterMs' in one.promoted;
  return {
    comes: all.filter(comes),
    stays: all.flatMap(({ finding, step, promoted }) => ('by' in promoted ? [{ finding, step, promoted }] : [])),
  };
}

function sweptText({ sweptAt }: EnforcedPolicy): string {
  return sweptAt === undefined
    ? '; no sweep has looked at everything since, and what it still finds is not promoted by now: wait for it'
    : ', and a sweep has looked at everything since';
}

function comingFields(comes: readonly Coming[], now: Date): readonly string[] {
  const groups = groupedBy(comes, ({ step, promoted }) => `${step.action} ${promoted.afterMs}`);
  return [...groups.values()].map((group) => {
    const [{ step, promoted }] = group;
    const due = new Date(now.getTime() + promoted.afterMs).toISOString();
    const when =
      promoted.afterMs === 0
        ? 'at once, with the next look'
        : `from ${utc(due)} on, in ${between(now.toISOString(), due)}`;
    return field('Comes', `${printable(step.action)} for ${counted(group.length, 'finding')}, ${when}`);
  });
}

function stayingFields(stays: readonly Known<Extract<Promoted, { readonly by: unknown }>>[]): readonly string[] {
  const groups = groupedBy(stays, ({ step, promoted }) => `${step.action} ${promoted.why}`);
  return [...groups.values()].map((group) => {
    const [{ step, promoted }] = group;
    const what = `${printable(step.action)} for ${counted(group.length, 'finding')}`;
    return field('Not', `${what}: ${printable(whyText(promoted.why))}`);
  });
}

/** What each of them would do, under an empty line; only so many. */
export function listedLines(comes: readonly FindingStep[]): readonly string[] {
  if (comes.length === 0) return [];
  const lines = comes.slice(0, LISTED).map(({ finding, step: { planned } }) => {
    const does = 'refused' in planned ? planned.refused : planned.plan.does;
    return wrapped(`${printable(finding.id)} on ${nameOf(finding)}: ${printable(does)}`, '  ', '    ');
  });
  const left = comes.length - lines.length;
  return ['', ...lines, ...(left === 0 ? [] : [`  and ${left} more`])];
}
