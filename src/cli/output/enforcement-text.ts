import { type Enforcement, isNotify, isStepUse, type Policy, type StepUse } from '../../domain/policy.ts';
import type { Safety } from '../../domain/safety.ts';
import { durationText } from '../../language/duration.ts';
import type { Loaded } from '../../language/load.ts';
import { rules } from '../../rules/index.ts';
import { count } from './text.ts';

/** A line for each policy that changes something, and what holds of all: whoever checks policies must not overlook it. */
export function enforcementText({ policies, safety, safetyFile }: Loaded): string {
  const enforcing = policies.filter(({ mode }) => mode === 'enforce');
  if (enforcing.length === 0) return '';
  return [...enforcing.map(policyText), safetyText(safety, safetyFile)].map((line) => `${line}\n`).join('');
}

function policyText({ name, rule, enforce, actions }: Policy): string {
  const isScheduled = rules.find(({ id }) => id === rule)?.isScheduled === true;
  const steps = actions.flatMap((use) => (isNotify(use) ? [] : [useText(use, isScheduled)]));
  return `${name} enforces${enforce === undefined ? '' : ' on some instances'}: ${steps.join(', ')}`;
}

function useText(use: Enforcement | StepUse, isScheduled: boolean): string {
  if (isStepUse(use)) return `${use.id} ${use.onRebalance ? 'with a notice or a recommendation' : 'with a notice'}`;
  const { id, afterMs } = use;
  const grace = afterMs === 0 ? undefined : durationText(afterMs);
  if (!isScheduled) return grace === undefined ? `${id} at once` : `${id} after ${grace}`;
  const change = id === 'start' ? 'the hours begin' : 'the hours end';
  return grace === undefined ? `${id} when ${change}` : `${id} ${grace} after ${change}`;
}

function safetyText({ limits, protected: covered }: Safety, file: string | undefined): string {
  const { access, stop, terminate, schedule } = limits.perHour;
  const most = `an hour at most ${access} access, ${stop} stop and ${terminate} terminate, and ${limits.percent} % of all instances; ${schedule} by the clock`;
  if (file === undefined) return `no enforcement.yml: default limits (${most}), nothing is protected`;
  const blocks = [covered ?? []].flat().length;
  return `${file}: ${most}; ${blocks === 0 ? 'nothing is protected' : `${count(blocks, 'block')} protected`}`;
}
