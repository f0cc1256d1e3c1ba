import { openFileJournal } from "@brickshift/rebalance/journal-file";
import type { Journal } from "@brickshift/rebalance";
import { CommandError, ExitCode } from "./exit-code.js";

/**
 * Opens the journal of a run, and makes its directory when it is not there; with `readOnly` for a look only.
 * @throws CommandError `journal` when the system does not let us; RebalanceError as `openFileJournal` does.
 */
export function openJournal(directory: string, readOnly = false): Journal {
  try {
    return openFileJournal({ directory, readOnly });
  } catch (cause) {
    if (!(cause instanceof Error) || (cause as NodeJS.ErrnoException).syscall === undefined) throw cause;
    const message = `the journal cannot be kept in ${directory}: ${cause.message}; name another directory with --state`;
    throw new CommandError(ExitCode.journal, message, { cause });
  }
}
