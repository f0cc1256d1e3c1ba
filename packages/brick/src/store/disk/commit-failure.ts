/**
 * Why a commit of lmdb failed. lmdb says so in a promise of its own, which has been rejected by then, and which ends the process
 * unless somebody takes it.
 */
export async function commitFailure(failure: unknown): Promise<unknown> {
  const { commitError } = (failure ?? {}) as { readonly commitError?: unknown };
  if (!(commitError instanceof Promise)) return failure;
  try {
    await Promise.race([commitError, Promise.resolve()]);
    return failure;
  } catch (reason) {
    return reason;
  }
}
