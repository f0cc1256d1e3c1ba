/** What the exit codes of `brick-emulator` mean. They are documented in the README and never reused. */
export const ExitCode = {
  /** Ended in order. */
  done: 0,
  /** Failed for a reason that the message names. */
  failed: 1,
  /** The command line does not make sense. */
  usage: 2,
  /** The store is damaged, of an unknown version, or in use by another process. */
  store: 3,
  /** Cannot listen at the address. */
  listen: 4,
} as const;
