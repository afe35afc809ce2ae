import { visibleLines } from '../../domain/visible.ts';
import type { ReplayDocument } from './document.ts';
import { findingsText, type Paint } from './scan-text.ts';

/** A replay for a person: what each event led to, the alerts as they are read, and what stands at the end. */
export function replayText({ events, findings, alerts }: ReplayDocument, paint: Paint): string {
  return [
    paint.bold('Events'),
    ...visibleLines(events).map((event) => `  ${eventText(event)}`),
    '',
    ...alerts.flatMap((alert) => [alertText(alert, paint), '']),
    paint.bold(findings.length === 0 ? 'No findings at the end' : 'Findings at the end'),
    findingsText(findings, paint),
  ].join('\n');
}

/** An alert as a mail is read. */
export function alertText(alert: ReplayDocument['alerts'][number], paint: Paint): string {
  const { subject, message } = visibleLines(alert);
  const body = message
    .trimEnd()
    .replace(/^/gm, `${paint.dim('|')} `)
    .replace(/ +$/gm, '');
  return `${paint.bold(`Alert: ${subject}`)}\n${body}`;
}

function eventText({ id, instanceIds, ignored, note }: ReplayDocument['events'][number]): string {
  const what = ignored === null ? `looked at ${instanceIds.join(', ')}` : `ignored: ${ignored}`;
  return `${id ?? '(without id)'}  ${what}${note === undefined ? '' : ` (${note})`}`;
}
