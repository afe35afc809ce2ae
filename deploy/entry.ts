// What deploy/stack.cjs needs of src/.
export { drainSteps } from '../src/actions/drain-steps.ts';
export { actions } from '../src/actions/index.ts';
export { needsToAct } from '../src/domain/bind.ts';
export { asksTargetIndex } from '../src/domain/drain-reads.ts';
export { needsOf } from '../src/domain/judge.ts';
export { isDrainPolicy } from '../src/domain/policy.ts';
export { bindAll, bindSafety } from '../src/language/bind.ts';
export { compilePolicies } from '../src/language/compile.ts';
export { loadPolicies } from '../src/language/load.ts';
export { formatErrors, nearest } from '../src/language/policy-error.ts';
export { rules } from '../src/rules/index.ts';
export { drainFunctions } from '../src/stack/drain-function.ts';
export { enforcementNote } from '../src/stack/enforcement-note.ts';
export { refuseUnknownParameters, settingsOf } from '../src/stack/settings.ts';
export { template } from '../src/stack/stack.ts';
export { alertsTopicArn } from '../src/stack/topics.ts';
