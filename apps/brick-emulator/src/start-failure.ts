import { isVolumeError } from "@brickshift/volume";
import { ExitCode } from "./exit-code.js";
import { UsageError } from "./usage-error.js";

interface CodedError {
  /** A number for what lmdb throws. */
  readonly code: string | number;
}

const listenCodes = new Set([
  "TRANSPORT_ADDRESS_IN_USE",
  "TRANSPORT_PERMISSION",
  "TRANSPORT_ADDRESS",
  "TRANSPORT_TLS",
]);

const listenHints: Readonly<Record<string, string>> = {
  TRANSPORT_ADDRESS_IN_USE: "; end whoever listens there, or name another port: --listen HOST:PORT",
  TRANSPORT_PERMISSION: "; name a port from 1024 on: --listen HOST:PORT",
};

/** The exit code and the sentence for an error that ended a command. */
export function startFailure(error: unknown): { readonly exitCode: number; readonly message: string } {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof UsageError || isVolumeError(error)) return { exitCode: ExitCode.usage, message };
  const code = String((error as Partial<CodedError> | undefined)?.code ?? "");
  if (listenCodes.has(code))
    return { exitCode: ExitCode.listen, message: `${message}${listenHints[code] ?? ""}` };
  if (code.startsWith("STORE_") || code === "TREE_DAMAGED") return { exitCode: ExitCode.store, message };
  return { exitCode: ExitCode.failed, message };
}
