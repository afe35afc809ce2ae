/** Parameters that serverless.yml reads itself. The others are settings. */
const ownParameters = ['alertTag', 'logLevel', 'logRetentionDays', 'policies'] as const;

/** What whoever deploys may choose. */
export interface Settings {
  /** Service and stage: begins the name of everything that has one. */
  readonly name: string;
  /** Gets the alerts, and what the guardrail says of itself unless `operationsEmail` is set. */
  readonly alertEmail?: string;
  readonly operationsEmail?: string;
  /** An existing standard topic of the same Region, instead of one of our own. */
  readonly alertTopicArn?: string;
  /** The customer-managed key of that topic, if it has one. */
  readonly alertTopicKeyArn?: string;
}

const forms = {
  alertEmail: { form: /^[^\s@]+@[^\s@]+$/, example: 'team@example.com' },
  operationsEmail: { form: /^[^\s@]+@[^\s@]+$/, example: 'platform@example.com' },
  alertTopicArn: {
    // A FIFO topic has a name that ends in .fifo: it takes no message without a group.
    form: /^arn:aws[\w-]*:sns:[a-z0-9-]+:\d{12}:[\w-]+$/,
    example: 'arn:aws:sns:eu-central-1:123456789012:alerts, a standard topic',
  },
  alertTopicKeyArn: {
    form: /^arn:aws[\w-]*:kms:[a-z0-9-]+:\d{12}:key\/[\w-]+$/,
    example: 'arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab, not an alias',
  },
} as const satisfies {
  readonly [K in Exclude<keyof Settings, 'name'>]: { readonly form: RegExp; readonly example: string };
};

/** Every parameter that a deployment takes, by name. */
export const parameterNames: readonly string[] = [...Object.keys(forms), ...ownParameters].sort();

/**
 * Refuses parameters that nobody reads: one misspelt would otherwise be left out without a word.
 * @param given `name=value`, as serverless has `--param`: a list, one text, or nothing.
 * @param nearest the name that was probably meant, if any.
 * @throws Error that names every such parameter.
 */
export function refuseUnknownParameters(
  given: readonly string[] | string | undefined,
  nearest: (name: string, names: readonly string[]) => string | undefined,
): void {
  const names = [given ?? []].flat().map((parameter) => parameter.replace(/=.*$/s, ''));
  const unknown = names.filter((name) => !parameterNames.includes(name));
  if (unknown.length === 0) return;
  const lines = unknown.map((name) => {
    const meant = nearest(name, parameterNames);
    const fix = meant === undefined ? `the parameters are ${parameterNames.join(', ')}` : `write --param ${meant}=…`;
    return `--param ${name}: there is no such parameter; ${fix}`;
  });
  throw new Error(lines.join('\n'));
}

/**
 * Settings from parameters, where an empty one counts as left out.
 * @throws Error that names every parameter which is not of its form, with an example.
 */
export function settingsOf(
  name: string,
  parameters: Readonly<Record<string, string | number | null | undefined>>,
): Settings {
  const given = Object.entries(forms).flatMap(([key, rest]) => {
    const value = parameters[key];
    return value === undefined || value === null || value === '' ? [] : [{ key, value, ...rest }];
  });
  const wrong = given.filter(({ value, form }) => !form.test(String(value)));
  if (wrong.length > 0) {
    const lines = wrong.map(({ key, value, example }) => `--param ${key}=${value}: expected such as ${example}`);
    throw new Error(lines.join('\n'));
  }
  return { name, ...Object.fromEntries(given.map(({ key, value }) => [key, value])) };
}
