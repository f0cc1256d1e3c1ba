/** What `act` gives, or the errno that it fails with. */
export function outcome<T>(act: () => T): T | string {
  try {
    return act();
  } catch (error) {
    return errnoOf(error);
  }
}

/** As {@link outcome}, of a promise. */
export function outcomeOf<T>(promise: Promise<T>): Promise<T | string> {
  return promise.catch(errnoOf);
}

function errnoOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? String(error);
}
