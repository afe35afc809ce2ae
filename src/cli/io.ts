/** What a command ends with: clean, something was found, or it could not run. */
export type ExitCode = 0 | 1 | 2;

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
  /** The folder of the package, absolute: the shipped policies are in it. */
  readonly packageRoot: string;
}

/** What a command is given: the world, and where to say how it ended. */
export interface CommandIo extends Io {
  /** Left out: 0. */
  readonly exit: (code: ExitCode) => void;
}
