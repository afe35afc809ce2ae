import type { Aws } from '../domain/operations.ts';

/** What a command ends with: clean, something was found, or it could not run. */
export type ExitCode = 0 | 1 | 2;

/** Which account and Region a command reads. */
export interface Place {
  readonly region: string;
  /** A profile of the AWS configuration files; left out: the SDK's default chain of credentials. */
  readonly profile?: string | undefined;
  /** Whether it may change something in the account, too; left out: such calls are refused before they are sent. */
  readonly mayChange?: boolean;
  /** Whether it may also read and change what sends work to instances; left out: such calls are refused, too. */
  readonly mayDrain?: boolean;
}

/** All that a command sees of the world, so that tests run it in their own process. */
export interface Io {
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
  /** The current directory, absolute. */
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Whether a person reads stdout. */
  readonly isTTY: boolean;
  readonly now: () => Date;
  /** Waits so many milliseconds. */
  readonly pause: (milliseconds: number) => Promise<void>;
  /** The folder of the package, absolute: the shipped policies are in it. */
  readonly packageRoot: string;
  /** The way to AWS, loaded when it is first needed. Credentials are looked for at the first call, not before. */
  readonly aws: (place: Place) => Promise<Aws>;
}

/** What a command is given: the world, and where to say how it ended. */
export interface CommandIo extends Io {
  /** Left out: 0. */
  readonly exit: (code: ExitCode) => void;
}
