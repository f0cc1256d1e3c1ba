/**
 * Resolves with a commit of lmdb, or rejects with the reason why it failed. lmdb gives that in a promise of its own, which has been
 * rejected by then, and which ends the process unless somebody takes it.
 */
export async function committed<T>(commit: Promise<T>): Promise<T> {
  try {
    return await commit;
  } catch (error) {
    throw await commitFailure(error);
  }
}

async function commitFailure(failure: unknown): Promise<unknown> {
  const { commitError } = (failure ?? {}) as { readonly commitError?: unknown };
  if (!(commitError instanceof Promise)) return failure;
  try {
    await Promise.race([commitError, Promise.resolve()]);
    return failure;
  } catch (reason) {
    return reason;
  }
}
