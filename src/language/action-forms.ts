import * as z from 'zod';
import { type AnyAction, interrupts } from '../domain/action.ts';
import { type ActionOrStep, isStep } from '../domain/catalogue.ts';
import { duration, durationFrom } from './duration.ts';

const common = z.strictObject({
  after: duration
    .default('0s')
    .describe('Grace: how long the violation may stand before the action comes, such as 24h. 0s: it comes at once.'),
  again: durationFrom('1h')
    .exactOptional()
    .describe(
      'While it still violates, the action is repeated so long after it was done, 1h at least. Left out: it is done once.',
    ),
});

const commonOfInterrupting = common.extend({
  onDrift: z
    .boolean()
    .default(false)
    .describe('Whether it may also follow a violation that came by a change after the launch.'),
});

/** Of what is gone nothing is done again. */
const commonOfLast = commonOfInterrupting.omit({ again: true });

/** What every action takes, as it is written. */
interface Common {
  readonly after: string;
  readonly again?: string;
  readonly onDrift?: boolean;
}

function commonForm(action: AnyAction): z.ZodObject & z.ZodType<Common> {
  if (action.kind === 'terminate') return commonOfLast;
  return interrupts(action) ? commonOfInterrupting : common;
}

/** What every step of a drain takes. */
const commonOfSteps = z.strictObject({
  onRebalance: z
    .boolean()
    .default(false)
    .describe(
      'Whether it also follows a recommendation to rebalance, which may come long before an interruption, or without one.',
    ),
});

/** What is said of an action, parted into what every action takes and the action's own. @throws Error for the first where it has mistakes. */
export function settingsOf(action: AnyAction, settings: unknown) {
  const keys = Object.keys(commonForm(action).shape);
  const given = Object.entries(Object(settings));
  return {
    own: Object.fromEntries(given.filter(([key]) => !keys.includes(key))),
    common: commonForm(action).parse(Object.fromEntries(given.filter(([key]) => keys.includes(key)))),
  };
}

/** The same of a step of a drain. @throws Error for the first where it has mistakes. */
export function settingsOfStep(settings: unknown) {
  const { onRebalance, ...own } = Object(settings) as Readonly<Record<string, unknown>>;
  return { own, common: commonOfSteps.parse(onRebalance === undefined ? {} : { onRebalance }) };
}

/** What a policy says of the parameters that are the action's or the step's own. */
export function ownSettings(action: ActionOrStep, settings: unknown): Readonly<Record<string, unknown>> {
  return (isStep(action) ? settingsOfStep(settings) : settingsOf(action, settings)).own;
}

/** What a policy may say of an action or a step: its own parameters, and what each of its kind takes. */
export function actionForm(action: ActionOrStep): z.ZodObject {
  const own: z.ZodObject = action.parameters(z);
  const shared = isStep(action) ? commonOfSteps : commonForm(action);
  return z.strictObject({ ...own.shape, ...shared.shape }).describe(action.summary);
}

/** What a policy may say of `notify`. */
export const notifyForm = z
  .strictObject({
    after: z
      .array(duration)
      .min(1)
      .refine((times) => times.some((time) => /^0+[smhd]$/.test(time)), 'must hold 0s: it is told when it opens')
      .readonly()
      .exactOptional()
      .describe(
        'When it is told, counted from the opening: 0s, and then reminders while it stands, such as 1d and 6d.',
      ),
    before: durationFrom('1s')
      .exactOptional()
      .describe('How long before the next action it is told that it will come, such as 1h.'),
  })
  .describe('Tells those who subscribe to alerts.');
