import { ExitCode } from "./exit-code.js";

/** How long an end in order may take when whoever started the process is gone, in ms. */
export const ORPHAN_END_MS_MAX = 20_000;

/**
 * Aborts at the first SIGINT or SIGTERM, for an end in order; the second ends the process at once.
 * @param watchStdin whether to abort also when standard input is closed, as it is when a parent dies.
 */
export function endInOrder(watchStdin = false): AbortSignal {
  const controller = new AbortController();
  const onSignal = () => {
    if (controller.signal.aborted) process.exit(ExitCode.interrupted);
    controller.abort(new Error("interrupted"));
  };
  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);
  if (!watchStdin) return controller.signal;
  const onClose = () => {
    controller.abort(new Error("interrupted"));
    endOrphan(ExitCode.interrupted);
  };
  const stdin: NodeJS.ReadStream & { unref?: () => unknown } = process.stdin;
  stdin.once("close", onClose).resume();
  // One that stays open must not keep the process from ending.
  stdin.unref?.();
  return controller.signal;
}

/**
 * Whoever started the process is gone: it ends within {@link ORPHAN_END_MS_MAX}. The bricks may be gone as well, and nobody
 * is there to end what waits for them; what was acknowledged is safe, as after a kill.
 */
export function endOrphan(exitCode: number): void {
  setTimeout(() => process.exit(exitCode), ORPHAN_END_MS_MAX).unref();
}
