import { visibleLines } from '../../domain/visible.ts';
import type { ReplayDocument } from './document.ts';
import { findingsText, type Paint } from './scan-text.ts';

/**
 * A replay for a person: what each event led to, the alerts as they are read, the calls that changed something, and what
 * stands at the end. @param toYaml how the input of a call is written.
 */
export function replayText(
  { events, findings, alerts, calls }: ReplayDocument,
  paint: Paint,
  toYaml: (value: unknown) => string,
): string {
  return [
    paint.bold('Events'),
    ...visibleLines(events).map((event) => `  ${eventText(event)}`),
    '',
    ...alerts.flatMap((alert) => [alertText(alert, paint), '']),
    ...(calls.length === 0
      ? []
      : [
          paint.bold(
            calls.every(({ service }) => service === 'ec2') ? 'Calls that changed EC2' : 'Calls that changed something',
          ),
          callsText(calls, toYaml),
        ]),
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

/** Calls in order, each with its whole input. */
function callsText(calls: ReplayDocument['calls'], toYaml: (value: unknown) => string): string {
  const texts = visibleLines(calls).map(({ service, operation, input, outcome }, index) => {
    const lines = visibleLines(toYaml(input).trimEnd()).replace(/^/gm, '       ');
    return `  ${index + 1}. ${service}:${operation}  ${outcome}\n${lines}`;
  });
  return `${texts.join('\n')}\n`;
}

function eventText({ id, instanceIds, ignored, note }: ReplayDocument['events'][number]): string {
  const what = ignored === null ? `looked at ${instanceIds.join(', ')}` : `ignored: ${ignored}`;
  return `${id ?? '(without id)'}  ${what}${note === undefined ? '' : ` (${note})`}`;
}
