/** `promise`, or the reason of `signal` if that aborts first. */
export function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason as Error);
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
    const unlisten = () => signal.removeEventListener("abort", stop);
    promise.then(resolve, reject);
    promise.then(unlisten, unlisten);
  });
}
