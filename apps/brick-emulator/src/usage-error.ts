/** A command line that does not make sense; the message says what to write instead. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}
