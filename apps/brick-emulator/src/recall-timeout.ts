import { UsageError } from "./usage-error.js";

/** Parses `--recall-timeout`: milliseconds, or `infinite`. @throws UsageError */
export function parseRecallTimeout(text: string): number | "infinite" {
  if (text === "infinite") return "infinite";
  const timeoutMs = Number(text);
  if (!Number.isInteger(timeoutMs) || timeoutMs < 1 || timeoutMs > 600_000) {
    throw new UsageError(`"${text}" is no recall timeout; write 1 to 600000 (milliseconds) or infinite`);
  }
  return timeoutMs;
}
