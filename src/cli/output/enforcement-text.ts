import { type Enforcement, isNotify, isStepUse, type Policy, type StepUse } from '../../domain/policy.ts';
import type { Safety } from '../../domain/safety.ts';
import { durationText } from '../../language/duration.ts';
import type { Loaded } from '../../language/load.ts';
import { count } from './text.ts';

/** A line for each policy that changes something, and what holds of all: whoever checks policies must not overlook it. */
export function enforcementText({ policies, safety, safetyFile }: Loaded): string {
  const enforcing = policies.filter(({ mode }) => mode === 'enforce');
  if (enforcing.length === 0) return '';
  return [...enforcing.map(policyText), safetyText(safety, safetyFile)].map((line) => `${line}\n`).join('');
}

function policyText({ name, enforce, actions }: Policy): string {
  const steps = actions.flatMap((use) => (isNotify(use) ? [] : [useText(use)]));
  return `${name} enforces${enforce === undefined ? '' : ' on some instances'}: ${steps.join(', ')}`;
}

function useText(use: Enforcement | StepUse): string {
  if (isStepUse(use)) return `${use.id} ${use.onRebalance ? 'with a notice or a recommendation' : 'with a notice'}`;
  return use.afterMs === 0 ? `${use.id} at once` : `${use.id} after ${durationText(use.afterMs)}`;
}

function safetyText({ limits, protected: covered }: Safety, file: string | undefined): string {
  const { access, stop, terminate, schedule } = limits.perHour;
  const most = `an hour at most ${access} access, ${stop} stop and ${terminate} terminate, and ${limits.percent} % of all instances; ${schedule} by the clock`;
  if (file === undefined) return `no enforcement.yml: default limits (${most}), nothing is protected`;
  const blocks = [covered ?? []].flat().length;
  return `${file}: ${most}; ${blocks === 0 ? 'nothing is protected' : `${count(blocks, 'block')} protected`}`;
}
