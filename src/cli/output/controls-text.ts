import { counted, field, printable, utc } from '../../alerts/text.ts';
import { actionKinds } from '../../domain/action.ts';
import type { Pause, Stops, Trip } from '../../domain/controls.ts';

/** What is stopped, each as it follows a label: all of it, single policies, limits that were reached. */
export function stopTexts({ paused, pausedPolicies, tripped }: Stops): readonly string[] {
  return [
    ...(paused === undefined ? [] : [`all policies, ${pauseText(paused)}`]),
    ...Object.entries(pausedPolicies).map(([policy, pause]) => `policy ${printable(policy)}, ${pauseText(pause)}`),
    ...actionKinds.flatMap((kind) => {
      const trip = tripped[kind];
      return trip === undefined ? [] : [`${kind}, by its limit: ${tripText(trip)}`];
    }),
  ];
}

/** `2 pauses and 1 limit`. */
export function countText({ paused, pausedPolicies, tripped }: Stops): string {
  const pauses = Object.keys(pausedPolicies).length + (paused === undefined ? 0 : 1);
  const limits = Object.keys(tripped).length;
  return [
    ...(pauses === 0 ? [] : [counted(pauses, 'pause')]),
    ...(limits === 0 ? [] : [counted(limits, 'limit')]),
  ].join(' and ');
}

/** `paused since 2026-03-02 09:15:02 UTC: why`. */
function pauseText({ at, reason }: Pause): string {
  return `paused since ${utc(at)}: ${printable(reason, Number.MAX_SAFE_INTEGER)}`;
}

function tripText({ at, limit }: Trip): string {
  return `${limit} an hour, reached at ${utc(at)}`;
}

/** What stands still after a pause or a resumption, one field each. */
export function stoppedFields(controls: Stops, none: string): readonly string[] {
  const texts = stopTexts(controls);
  if (texts.length === 0) return [field('Stopped', none)];
  return texts.map((text) => field('Stopped', text));
}
