import { utc } from '../../alerts/text.ts';
import type { Step } from '../../domain/steps.ts';

/** As `Date` writes it into a reason. */
const isoTime = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g;

/** Why something does not come, with its times as everywhere else. */
export function whyText(why: string): string {
  return why.replace(isoTime, (time) => utc(time));
}

/** The same finding, whose steps say so in these words. */
export function withTimes<F extends { readonly steps?: readonly Step[] }>(finding: F): F {
  const { steps } = finding;
  if (steps === undefined) return finding;
  const worded = steps.map((step): Step => {
    const { held } = step;
    return held === undefined ? step : { ...step, held: { ...held, why: whyText(held.why) } };
  });
  return { ...finding, steps: worded };
}
