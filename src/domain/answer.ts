import type { Missing } from './facts.ts';

/** Three-valued logic (Kleene's): a question about facts that may be unknown. Unknown is not false. */
export type Answer = { readonly is: 'yes' | 'no' } | { readonly is: 'unknown'; readonly missing: readonly Missing[] };

export const yes: Answer = { is: 'yes' };
export const no: Answer = { is: 'no' };

/** Yes or no: nothing that matters is unknown. */
export function whether(condition: boolean): Answer {
  return condition ? yes : no;
}

/** Unknown, for what is missing. */
export function unsure(missing: readonly Missing[]): Answer {
  return { is: 'unknown', missing };
}

/** The opposite; what is unknown stays so. */
export function not(answer: Answer): Answer {
  if (answer.is === 'unknown') return answer;
  return whether(answer.is === 'no');
}

/** Yes when all are yes, no as soon as one is no; nothing asked is yes. */
export function allOf(answers: readonly Answer[]): Answer {
  return combine(answers, 'no', yes);
}

/** Yes as soon as one is yes, no when all are no; nothing asked is no. */
export function anyOf(answers: readonly Answer[]): Answer {
  return combine(answers, 'yes', no);
}

function combine(answers: readonly Answer[], decisive: 'yes' | 'no', otherwise: Answer): Answer {
  const decided = answers.find((answer) => answer.is === decisive);
  if (decided !== undefined) return decided;
  const missing = answers.flatMap((answer) => (answer.is === 'unknown' ? answer.missing : []));
  return missing.length > 0 ? unsure(missing) : otherwise;
}
