/** Parameters that serverless.yml reads itself. The others are settings. */
const ownParameters = ['alertTag', 'logLevel', 'logRetentionDays', 'policies'] as const;

/** What whoever deploys may choose. */
export interface Settings {
  /** Service and stage: begins the name of everything that has one. */
  readonly name: string;
  /** Gets the alerts of the stack's own topic, and what the guardrail says of itself unless `operationsEmail` is set. */
  readonly alertEmail?: string;
  readonly operationsEmail?: string;
  /** An existing standard topic of the same Region, instead of one of our own. */
  readonly alertTopicArn?: string;
  /** The customer-managed key of that topic, if it has one. */
  readonly alertTopicKeyArn?: string;
  /** `on`: policies of mode enforce act. Left out, or anything else: nothing does, and nothing may. */
  readonly enforcement?: string;
}

/** What is deployed, and into which Region. */
export interface Deployed {
  readonly name: string;
  readonly region: string;
}

type Parameter = Exclude<keyof Settings, 'name'>;
type Given = Readonly<Partial<Record<Parameter, string>>>;

interface ArnForm {
  readonly service: string;
  /** What follows the account. */
  readonly resource: RegExp;
  readonly example: string;
  /** Said of the example. */
  readonly note: string;
}

const arns = {
  // A FIFO topic has a name that ends in .fifo: it takes no message without a group.
  alertTopicArn: { service: 'sns', resource: /^[\w-]{1,256}$/, example: 'alerts', note: 'a standard topic' },
  alertTopicKeyArn: {
    service: 'kms',
    resource: /^key\/(?:mrk-[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/,
    example: 'key/1234abcd-12ab-34cd-56ef-1234567890ab',
    note: 'not an alias',
  },
} as const satisfies { readonly [K in Parameter]?: ArnForm };

/** What is wrong with a parameter's value, by parameter; undefined when nothing is. */
const checks: { readonly [K in Parameter]: (value: string, region: string) => string | undefined } = {
  alertEmail: (value) => wrongAddress(value, 'team@example.com'),
  operationsEmail: (value) => wrongAddress(value, 'platform@example.com'),
  alertTopicArn: (value, region) => wrongArn(value, region, arns.alertTopicArn),
  alertTopicKeyArn: (value, region) => wrongArn(value, region, arns.alertTopicKeyArn),
  enforcement: (value) => (value === 'on' || value === 'off' ? undefined : 'expected on or off'),
};

/** Every parameter that a deployment takes, by name. */
export const parameterNames: readonly string[] = [...Object.keys(checks), ...ownParameters].sort();

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
 * @throws Error that names every parameter which can't be as it is, with what to give instead.
 */
export function settingsOf(
  { name, region }: Deployed,
  parameters: Readonly<Record<string, string | number | null | undefined>>,
): Settings {
  const given: Given = Object.fromEntries(
    Object.keys(checks).flatMap((key) => {
      const value = String(parameters[key] ?? '');
      return value === '' ? [] : [[key, value]];
    }),
  );
  const wrong = (Object.keys(checks) as Parameter[]).flatMap((key) => {
    const value = given[key];
    const what = value === undefined ? undefined : (checks[key](value, region) ?? uselessBeside(given)[key]);
    return what === undefined ? [] : [`--param ${key}=${value}: ${what}`];
  });
  const all = [...tooLong(name), ...wrong];
  if (all.length > 0) throw new Error(all.join('\n'));
  return { name, ...given };
}

/** Lambda's quota for a function's name is 64 characters, and `-inspect` is behind this one. */
const LONGEST_NAME = 64 - '-inspect'.length;

function tooLong(name: string): readonly string[] {
  const tooMany = name.length - LONGEST_NAME;
  if (tooMany <= 0) return [];
  const what = `${quoted(name)} can't be the name of the deployment: its functions' names would be longer than 64 characters`;
  return [`${what}; expected a --stage that is ${tooMany} ${tooMany === 1 ? 'character' : 'characters'} shorter`];
}

function wrongAddress(value: string, example: string): string | undefined {
  return /^[^\s@]+@[^\s@]+$/.test(value) ? undefined : `expected such as ${example}`;
}

/** Where an ARN is not what it has to be: the first part that is wrong. */
function wrongArn(value: string, region: string, { service, resource, example, note }: ArnForm): string | undefined {
  const [arn, partition = '', ofService = '', inRegion = '', account = '', ...rest] = value.split(':');
  const of = rest.join(':');
  const isPartition = /^aws(?:-[a-z]+)*$/.test(partition);
  const expected = `expected such as arn:${isPartition ? partition : 'aws'}:${service}:${region}:123456789012:${example}, ${note}`;
  if (arn !== 'arn' || !isPartition || of === '') return `it is no ARN; ${expected}`;
  if (ofService !== service) return `it is of the service ${quoted(ofService)}; ${expected}`;
  if (!/^\d{12}$/.test(account)) return `its account ${quoted(account)} has not 12 digits; ${expected}`;
  if (!resource.test(of)) return `${quoted(of)} can't be used; ${expected}`;
  if (inRegion !== region)
    return `it is in Region ${quoted(inRegion)}, and the deployment is in ${region}; ${expected}`;
  return undefined;
}

/** What would be taken and do nothing, beside what else was given. */
function uselessBeside({ alertTopicArn }: Given): Given {
  if (alertTopicArn === undefined)
    return { alertTopicKeyArn: 'is the key of no topic: give alertTopicArn too, or leave this out' };
  return {
    alertEmail:
      'would get no alerts, since they go to alertTopicArn: subscribe it to that topic yourself, or use operationsEmail for what the guardrail says of itself',
  };
}

function quoted(text: string): string {
  return JSON.stringify(text);
}
