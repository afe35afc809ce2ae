import { type Acted, actField, stepFields } from '../../alerts/actions.ts';
import { instanceLines, namedInstance } from '../../alerts/alert.ts';
import { lifetimeOf, pastFields } from '../../alerts/entry.ts';
import { between, counted, field, printable, quoted, utc, wrapped } from '../../alerts/text.ts';
import { whatHappens } from '../../alerts/words.ts';
import type { Change } from '../../domain/alert.ts';
import { noControls } from '../../domain/controls.ts';
import { describeMissing } from '../../domain/facts.ts';
import { severities } from '../../domain/policy.ts';
import type { Act } from '../../domain/steps.ts';
import { visible, visibleLines } from '../../domain/visible.ts';
import type { FindingsDocument, StoredFinding } from '../report/document.ts';
import { type Kind, kindOf } from '../stored-findings.ts';
import type { Colours } from './colours.ts';
import { stopTexts } from './controls-text.ts';
import { withTimes } from './held-text.ts';
import { indented, table } from './text.ts';

/** How much of a Name and of a reason a list shows, in characters. `findings show` has all. */
const NAME_LISTED = 30;
const REASON_LISTED = 300;

/** No text is longer than an item, in characters. */
const WHOLE = 400_000;

/** Under what a row's second line begins. */
const REASON_COLUMN = 10;

/** What a list tells beyond the reason of each finding. */
export interface Extent {
  /** What comes next, or would, and what holds it back. */
  readonly would: boolean;
  /** What was done. */
  readonly acted: boolean;
}

/** A list for a person: a row and a reason for each finding, then what it comes to. */
export function findingsText(document: FindingsDocument, now: Date, colours: Colours, extent: Extent): string {
  return `${[...listLines(document.findings, colours, extent), ...endLines(document, now, colours)].join('\n')}\n`;
}

function listLines(findings: readonly StoredFinding[], colours: Colours, extent: Extent): readonly string[] {
  if (findings.length === 0) return [];
  const [head = '', ...rows] = table([
    ['SEVERITY', 'POLICY', 'INSTANCE', 'SINCE', 'FINDING'],
    ...findings.map((finding) => [
      labelOf(finding),
      printable(finding.policy),
      nameOf(finding),
      minute(finding.openedAt),
      printable(finding.id),
    ]),
  ]).split('\n');
  const entries = findings.flatMap((finding, index) => {
    const label = labelOf(finding);
    const row = `${colourOf(finding, colours)(label)}${(rows[index] ?? '').slice(label.length)}`;
    const details = [...detailsOf(finding), ...actionLines(finding, extent)];
    return [row, ...details.map((line) => indented(line, REASON_COLUMN))];
  });
  return [colours.dim(head), ...entries, ''];
}

function labelOf(finding: StoredFinding): string {
  const kind = kindOf(finding);
  return kind === 'open' ? finding.severity : kind;
}

function colourOf(finding: StoredFinding, { red, yellow, dim }: Colours): (text: string) => string {
  if (kindOf(finding) !== 'open') return dim;
  return finding.severity === 'critical' || finding.severity === 'high' ? red : yellow;
}

/** `i-0123 "web-1"`. */
export function nameOf({ subject, instance }: StoredFinding): string {
  const name = instance?.tags.Name ?? '';
  return `${printable(subject.id)}${name === '' ? '' : ` ${quoted(name, NAME_LISTED)}`}`;
}

function detailsOf(finding: StoredFinding): readonly string[] {
  const { exempt, closedAt, closedAs } = finding;
  const reason = printable(finding.reason, REASON_LISTED);
  switch (kindOf(finding)) {
    case 'open':
    case 'unknown':
      return [reason];
    case 'exempt':
      return exempt === undefined ? [reason] : [reason, `exempt until ${exemptText(exempt)}`];
    case 'closed':
      return [`${closedAs?.replaceAll('-', ' ')} ${minute(closedAt ?? '')}; was: ${reason}`];
  }
}

/** What was done, and what comes, one line each. */
function actionLines(finding: StoredFinding, { would, acted }: Extent): readonly string[] {
  const { acts = [], status } = finding;
  const done = acted ? acts.map((act) => actField(act, finding, REASON_LISTED)) : [];
  const comes = would && status === 'open' ? stepFields(withTimes(finding), REASON_LISTED) : [];
  return [...done, ...comes].map(([label, text]) => `${label.toLowerCase()}: ${text}`);
}

function exemptText({ until, reason }: NonNullable<StoredFinding['exempt']>): string {
  return `${visible(until)}: ${visible(reason)}`;
}

/** `2026-03-02 09:15 UTC`. */
function minute(iso: string): string {
  return utc(iso).replace(/:\d\d UTC$/, ' UTC');
}

function endLines(
  { findings, summary, table: name, enforcement }: FindingsDocument,
  now: Date,
  colours: Colours,
): readonly string[] {
  const { instances, open, unknown, exempt, closed, latestLookAt } = summary;
  const hidden = open + unknown + exempt + closed - findings.length;
  const place = `in the table ${printable(name)}`;
  const stopped = stopTexts(enforcement ?? noControls).map((text) => colours.yellow(`stopped: ${text}`));
  if (latestLookAt === undefined) {
    const first = 'The first sweep of a deployment runs within the hour.';
    return [colours.bold('no findings'), `No instance is ${place}: none was looked at yet. ${first}`, ...stopped];
  }
  const ago = `${utc(latestLookAt)} (${between(latestLookAt, now.toISOString())} ago)`;
  return [
    colours.bold(findings.length === 0 ? 'no findings' : countsText(findings)),
    ...(hidden === 0 ? [] : [`${hidden} not listed; \`--status all\` without other filters lists every one`]),
    `${counted(instances, 'instance')} ${place}; the latest look was at ${ago}`,
    ...stopped,
  ];
}

/** `3 open (1 critical, 2 high), 1 unknown`. */
function countsText(findings: readonly StoredFinding[]): string {
  const of = (kind: Kind) => findings.filter((finding) => kindOf(finding) === kind);
  const open = of('open');
  const bySeverity = severities.flatMap((severity) => {
    const count = open.filter((finding) => finding.severity === severity).length;
    return count === 0 ? [] : [`${count} ${severity}`];
  });
  const others = (['unknown', 'exempt', 'closed'] as const).flatMap((kind) => {
    const count = of(kind).length;
    return count === 0 ? [] : [`${count} ${kind}`];
  });
  const opened = open.length === 0 ? [] : [`${open.length} open (${bySeverity.join(', ')})`];
  return [...opened, ...others].join(', ');
}

/** All of one finding. @param toYaml how evidence is written. */
export function findingText(
  finding: StoredFinding,
  now: Date,
  colours: Colours,
  toYaml: (value: unknown) => string,
): string {
  const { subject, accountId, region, observedAt, source, owed, evidence } = finding;
  const instance = finding.instance ?? { instanceId: subject.id, tags: {} };
  const lines = [
    ...instanceLines({ instance, scope: { accountId, region } }, { now }),
    field('Looked', `at ${utc(observedAt)} (${between(observedAt, now.toISOString())} ago)`),
    '',
    ...statusFields(finding, now),
    field('Mode', whatHappens(finding.mode)),
    ...enforcementFields(finding),
    field('Policy', `${printable(source.file)}, ${printable(source.hash)}`),
    field('Rule', printable(finding.rule)),
    field('Owed', owed.length === 0 ? 'no alert' : owedText(owed)),
  ];
  return [
    headText(finding, colours),
    lines.join('\n'),
    ...(evidence === undefined ? [] : [yamlSection('Evidence', evidence, toYaml)]),
    '',
  ].join('\n');
}

/** Which finding it is, and what it says of which instance. */
export function headText(finding: StoredFinding, colours: Colours): string {
  const { subject, instance = { instanceId: subject.id, tags: {} } } = finding;
  const label = `${kindOf(finding)}, ${finding.severity}`;
  const head = `${visible(finding.policy)} on ${namedInstance(instance)}`;
  return [
    `${colours.bold(visible(finding.id))}  ${colourOf(finding, colours)(label)}: ${head}`,
    wrapped(visible(finding.description)),
    '',
  ].join('\n');
}

/** Why, what to do, since when. */
export function statusFields(finding: StoredFinding, now: Date): readonly string[] {
  const { reason, fix, missing = [], exempt, openedAt, closedAs = '' } = finding;
  const at = now.toISOString();
  const past = pastFields(finding).map(([label, text]) => field(label, text));
  const lifetime = (change: Change) => field(...lifetimeOf({ change, finding }, at));
  const toDo = fix === '' ? [] : [field('To do', visible(fix))];
  switch (kindOf(finding)) {
    case 'open':
      return [field('Why', visible(reason)), ...past, ...toDo, lifetime('opened')];
    case 'unknown':
      return [
        ...(missing.length === 0 ? [visible(reason)] : missing.map((one) => visible(describeMissing(one)))).map(
          (text) => field('Missing', text),
        ),
        ...toDo,
        field('Unknown', `since ${utc(openedAt)} (${between(openedAt, at)})`),
      ];
    case 'exempt':
      return [
        field('Why', visible(reason)),
        ...toDo,
        ...(exempt === undefined ? [] : [field('Exempt', `until ${exemptText(exempt)}`)]),
        lifetime('exemption-ends'),
      ];
    case 'closed':
      return [
        field('Was', visible(reason)),
        lifetime('resolved'),
        field('Closed', `as ${closedAs.replaceAll('-', ' ')}`),
      ];
  }
}

/** What comes next and when, what holds it back, what was told of it, and what was done, call by call. */
export function enforcementFields(finding: StoredFinding): readonly string[] {
  const { status, isBaseline, remindedMs, announced, wakeAt, acts = [] } = finding;
  const isOpen = status === 'open';
  return [
    ...(isBaseline ? [field('Baseline', 'it stood before the policy was enforced as it is')] : []),
    ...(isOpen ? stepFields(withTimes(finding), WHOLE).map(([label, text]) => field(label, text)) : []),
    ...(announced === undefined ? [] : [field('Announced', `what comes at ${utc(announced)}`)]),
    ...(remindedMs === undefined ? [] : [field('Reminded', `when it had stood for ${lasting(remindedMs)}`)]),
    ...(isOpen && wakeAt !== undefined ? [field('Wakes', `at ${utc(wakeAt)}, when the next thing comes by time`)] : []),
    ...acts.flatMap((act, index) => actFieldsOf(act, index + 1, finding)),
  ];
}

function actFieldsOf(act: Act, number: number, acted: Acted): readonly string[] {
  const [label, text] = actField(act, acted, WHOLE);
  return [
    field(`Act ${number}`, `${label.toLowerCase()}: ${text}`),
    ...act.calls.map(({ operation, outcome }) => field('', `${printable(operation)}: ${visible(outcome)}`)),
  ];
}

function lasting(milliseconds: number): string {
  return between(new Date(0).toISOString(), new Date(milliseconds).toISOString());
}

/** A value under its title, as YAML in which nothing is hidden. */
export function yamlSection(title: string, value: unknown, toYaml: (value: unknown) => string): string {
  return `${title}\n${indented(visibleLines(toYaml(value).trimEnd()), 2)}`;
}

function owedText(owed: StoredFinding['owed']): string {
  return owed.map(({ id, topic, owes }) => `${printable(id)} (${topic}, by ${owes.join(' and ')})`).join(', ');
}
