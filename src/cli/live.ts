import { asError } from '../domain/errors.ts';
import { type Aws, type Input, iamActionOf, type Operation, type Output } from '../domain/operations.ts';
import { failureOf } from '../engine/reads.ts';
import type { Io, Place } from './io.ts';

/** A live account, read with a person's own credentials. */
export interface Live {
  readonly aws: Aws;
  /** One line for each permission that a refused call was missing. */
  readonly advice: () => readonly string[];
  /**
   * Runs what hangs on a call; left out: on the list of the instances.
   * @throws when that call failed, with AWS's message and what to do about it.
   */
  readonly explaining: <T>(run: () => Promise<T>, hangsOn?: Essential) => Promise<T>;
  /** The same where it hangs on several calls: the one whose error was thrown is explained. */
  readonly explainingAll: <T>(run: () => Promise<T>, hangsOn: readonly Essential[]) => Promise<T>;
}

/** A call that a command can't go without. */
export interface Essential {
  readonly operation: Operation;
  /** What it is for: `list the instances of eu-west-1`. */
  readonly purpose: string;
  /** What is so without it: `Nothing was inspected.` */
  readonly otherwise: string;
  /** What else to do, by AWS's code. */
  readonly advice?: Readonly<Record<string, string>>;
}

/** The account of the credentials, in a Region. Which calls fail is remembered. */
export async function connect(io: Pick<Io, 'aws'>, place: Place): Promise<Live> {
  const call = await io.aws(place);
  const failed = new Map<Operation, Error>();

  async function aws<O extends Operation>(operation: O, input: Input<O>): Promise<Output<O>> {
    try {
      return await call(operation, input);
    } catch (error) {
      failed.set(operation, asError(error));
      throw error;
    }
  }

  async function explaining<T>(run: () => Promise<T>, hangsOn = listOfInstances(place)): Promise<T> {
    try {
      return await run();
    } catch (error) {
      const cause = failed.get(hangsOn.operation);
      throw cause === undefined ? error : explained(cause, hangsOn, place);
    }
  }

  async function explainingAll<T>(run: () => Promise<T>, hangsOn: readonly Essential[]): Promise<T> {
    try {
      return await run();
    } catch (error) {
      const essential = hangsOn.find(({ operation }) => failed.get(operation) === error);
      throw essential === undefined ? error : explained(asError(error), essential, place);
    }
  }

  return {
    aws,
    explaining,
    explainingAll,
    advice: () => [...failed].filter(isRefusal).map(([operation]) => lacking(operation)),
  };
}

function explained(cause: Error, essential: Essential, place: Place): Error {
  const { name, message } = cause;
  const text = `can't ${essential.purpose}: ${name}: ${message}\n${whatToDo(cause, essential, place)}`;
  return new Error(text, { cause });
}

function listOfInstances({ region }: Place): Essential {
  return {
    operation: 'ec2:DescribeInstances',
    purpose: `list the instances of ${region}`,
    otherwise: 'Nothing was inspected.',
  };
}

/**
 * Codes that say: these credentials are none, wrong or over. The last two are also what a Region answers that is not enabled.
 * @see https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html
 */
const badCredentials =
  /^(CredentialsProviderError|TokenProviderError|UnrecognizedClientException|InvalidClientTokenId|SignatureDoesNotMatch|InvalidSignatureException|ExpiredToken|ExpiredTokenException|RequestExpired|MissingAuthenticationToken|MissingAuthenticationTokenException|AuthFailure|OptInRequired)$/;

const perhapsNotEnabled = /^(AuthFailure|OptInRequired)$/;

/** Codes of a host that is not there: the SDK made its name of the Region. */
const noSuchHost = /\b(ENOTFOUND|EAI_AGAIN)\b/;

function whatToDo(cause: Error, { operation, otherwise, advice = {} }: Essential, { region, profile }: Place): string {
  const known = advice[cause.name];
  if (known !== undefined) return known;
  if (badCredentials.test(cause.name)) {
    const which =
      profile === undefined
        ? 'choose others with AWS_PROFILE or --profile'
        : `see the profile ${JSON.stringify(profile)}`;
    const enabled = perhapsNotEnabled.test(cause.name)
      ? ` They may be right, and ${region} not enabled in the account.`
      : '';
    return `Set up credentials with \`aws configure\` (or \`aws sso login\`), or ${which}.${enabled}`;
  }
  if (isRefusal([operation, cause])) {
    return `${lacking(operation)}; or choose others with AWS_PROFILE or --profile.`;
  }
  if (noSuchHost.test(cause.message)) return `Is ${region} the Region you mean, and is the network up?`;
  return `${otherwise} Try again; if it stays so, see the message above.`;
}

function isRefusal([, error]: readonly [Operation, Error]): boolean {
  return failureOf(error).why === 'denied' && !badCredentials.test(error.name);
}

function lacking(operation: Operation): string {
  return `grant ${iamActionOf(operation)} to whoever these credentials are of`;
}
