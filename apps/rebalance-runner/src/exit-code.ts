/** What the exit codes of `rebalance-runner` mean. They are documented in the README and never reused. */
export const ExitCode = {
  /** Everything asked for was done. */
  done: 0,
  /** The run ended, but some files could not be moved; each is named with its reason. */
  filesFailed: 1,
  /** The command line does not make sense. */
  usage: 2,
  /** A brick cannot be reached, is not a brick, or refused the connection. */
  connection: 3,
  /** A check found bytes that differ, or a write that was acknowledged and is not there. */
  verification: 4,
  /** The journal cannot be used: damaged, in use, not to be written, of another version or of other bricks. */
  journal: 5,
  /** Ended by Ctrl-C or SIGTERM, cleanly; `--resume` goes on. */
  interrupted: 130,
} as const;

export type ExitCodeValue = (typeof ExitCode)[keyof typeof ExitCode];

/** An error that ends a command with a code of {@link ExitCode}; its message is for the user. */
export class CommandError extends Error {
  readonly exitCode: ExitCodeValue;

  constructor(exitCode: ExitCodeValue, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "CommandError";
    this.exitCode = exitCode;
  }
}
