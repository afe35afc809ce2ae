import { defaultSafety, type Safety } from '../domain/safety.ts';
import { conditionMistakes, namingTagPatterns } from './check-match.ts';
import { exampleAt } from './examples.ts';
import { enforcementFile } from './forms.ts';
import { mistakesIn, type PlacedMistake, valueAt } from './mistakes.ts';
import { isBelowAny } from './source.ts';
import { type Filled, writtenIn } from './values.ts';

/** What an enforcement.yml came to. */
export interface CheckedSafety {
  readonly mistakes: readonly PlacedMistake[];
  /** What it leaves out is as without the file. Left out when there are mistakes. */
  readonly safety?: Safety;
}

/** Checks an enforcement.yml. */
export function checkSafety(filled: Filled): CheckedSafety {
  const content = filled.value;
  const base = mistakesIn({
    form: enforcementFile,
    value: content,
    at: [],
    example: (path) => exampleAt(path, undefined),
    written: (path) => writtenIn(filled, path),
  });
  const mistakes = [
    ...filled.mistakes,
    ...base.map(namingTagPatterns).filter(({ path }) => !isBelowAny(path, filled.unfilled)),
    ...conditionMistakes(valueAt(content, ['protected']), ['protected']),
  ];
  const parsed = enforcementFile.safeParse(content);
  if (mistakes.length > 0 || !parsed.success) return { mistakes };
  const { limits, protected: covered } = parsed.data;
  return {
    mistakes,
    safety: {
      limits: {
        perHour: { ...defaultSafety.limits.perHour, ...limits?.perHour },
        percent: limits?.percent ?? defaultSafety.limits.percent,
      },
      ...(covered === undefined ? {} : { protected: covered }),
    },
  };
}
