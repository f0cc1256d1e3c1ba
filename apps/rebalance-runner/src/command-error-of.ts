import { isProtocolError } from "@brickshift/wire";
import { CommandError, ExitCode, type ExitCodeValue } from "./exit-code.js";

const exitCodes: Readonly<Record<string, ExitCodeValue>> = {
  REBALANCE_NOT_BRICKSHIFT: ExitCode.connection,
  REBALANCE_UNREACHABLE: ExitCode.connection,
  REBALANCE_SAME_BRICK: ExitCode.usage,
  REBALANCE_PATH_NOT_FOUND: ExitCode.usage,
  REBALANCE_JOURNAL_UNFINISHED: ExitCode.usage,
  REBALANCE_JOURNAL_DAMAGED: ExitCode.journal,
  REBALANCE_JOURNAL_VERSION: ExitCode.journal,
  REBALANCE_JOURNAL_OTHER_PAIR: ExitCode.journal,
  REBALANCE_JOURNAL_IN_USE: ExitCode.journal,
};

/** What an error that ended a command means for its user. */
export function commandErrorOf(error: unknown, state: string): CommandError {
  if (error instanceof CommandError) return error;
  const message = error instanceof Error ? error.message : String(error);
  const code = isProtocolError(error) ? error.code : "";
  const exitCode = exitCodes[code] ?? (code.startsWith("RPC_") ? ExitCode.connection : ExitCode.filesFailed);
  const where = code.startsWith("REBALANCE_JOURNAL_") ? ` (journal in ${state})` : "";
  return new CommandError(exitCode, `${message}${where}`, { cause: error });
}
