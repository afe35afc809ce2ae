import type { Missing } from './facts.ts';
import type { Json } from './json.ts';

/** AWS Config's four compliance types. */
export type Compliance = 'COMPLIANT' | 'NON_COMPLIANT' | 'NOT_APPLICABLE' | 'INSUFFICIENT_DATA';

/** What a rule says of one instance. Made with the functions below. */
export type Verdict<E extends Json = Json> = Outcome<E> & {
  /** When time alone may make another verdict of it, ISO 8601; left out: only a change does. */
  readonly nextChangeAt?: string;
  /** It is a tag that says so, and not the clock alone. */
  readonly isChangedByTag?: true;
};

type Outcome<E extends Json> =
  | {
      readonly compliance: 'COMPLIANT';
      /** Whatever the missing facts would say. Otherwise a pass over missing facts becomes INSUFFICIENT_DATA. */
      readonly certain: boolean;
      readonly evidence?: E;
    }
  | {
      readonly compliance: 'NON_COMPLIANT';
      /** Fact against demand, one sentence. */
      readonly reason: string;
      /** What to do, with the ids and values in it. */
      readonly fix: string;
      readonly evidence?: E;
    }
  | { readonly compliance: 'NOT_APPLICABLE'; readonly reason: string }
  | { readonly compliance: 'INSUFFICIENT_DATA'; readonly missing: readonly Missing[]; readonly evidence?: E };

/** A pass. Where a declared need is not fully known, the engine makes INSUFFICIENT_DATA of it. */
export function compliant<E extends Json = never>(evidence?: E): Verdict<E> {
  return { compliance: 'COMPLIANT', certain: false, ...withEvidence(evidence) };
}

/** A pass that stands whatever the missing facts would say. */
export function compliantWhateverIsMissing<E extends Json = never>(evidence?: E): Verdict<E> {
  return { compliance: 'COMPLIANT', certain: true, ...withEvidence(evidence) };
}

/** A violation that stands whatever is missing: what was found already breaks the demand. */
export function violation<E extends Json = never>(reason: string, fix: string, evidence?: E): Verdict<E> {
  return { compliance: 'NON_COMPLIANT', reason, fix, ...withEvidence(evidence) };
}

/** The instance has nothing that the rule looks at. */
export function notApplicable(reason: string): Verdict<never> {
  return { compliance: 'NOT_APPLICABLE', reason };
}

/** The same verdict, of which time alone may make another one at `at`; where that is left out, no time does. */
export function untilTime<E extends Json>(verdict: Verdict<E>, at: Date | undefined): Verdict<E> {
  return at === undefined ? verdict : { ...verdict, nextChangeAt: at.toISOString() };
}

/** The same where a tag says until when: whoever may tag an instance chose that time. */
export function untilTagged<E extends Json>(verdict: Verdict<E>, at: Date): Verdict<E> {
  return { ...untilTime(verdict, at), isChangedByTag: true };
}

/** It can't be said: never acted on. At least one thing is missing. */
export function insufficientData<E extends Json = never>(
  missing: readonly [Missing, ...Missing[]] | readonly Missing[],
  evidence?: E,
): Verdict<E> {
  return { compliance: 'INSUFFICIENT_DATA', missing, ...withEvidence(evidence) };
}

function withEvidence<E extends Json>(evidence: E | undefined): { readonly evidence?: E } {
  return evidence === undefined ? {} : { evidence };
}
