import type { BrickEvent, BrickLog } from "@brickshift/brick";
import { pino } from "pino";

/** How much is told: the names of pino's levels. */
export type LogLevel = "debug" | "info" | "warn" | "error" | "silent";

/** What the program itself tells, beside what its bricks tell. */
export type ProgramEvent =
  | {
      readonly event: "listening";
      readonly address: string;
      readonly bricks: readonly {
        readonly name: string;
        readonly directory: string | null;
        readonly id: string;
      }[];
    }
  | { readonly event: "stopping"; readonly reason: string }
  | { readonly event: "stopped" };

/** Where events go. */
export interface EventLog {
  readonly brick: BrickLog;
  program(event: ProgramEvent): void;
}

const levels: Readonly<Record<BrickEvent["type"], Exclude<LogLevel, "silent">>> = {
  "connection-open": "debug",
  "connection-closed": "debug",
  "connection-refused": "warn",
  "session-open": "info",
  "session-refused": "warn",
  "session-closed": "info",
  garbage: "warn",
  unsupported: "warn",
  fault: "error",
  recall: "debug",
  revoke: "warn",
};

/** Events as NDJSON on `stream`, each with its `event` name, level and time. */
export function createEventLog(stream: NodeJS.WritableStream, level: LogLevel): EventLog {
  const logger = pino(
    {
      base: null,
      level,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    stream,
  );
  return {
    brick: ({ type, ...figures }) => {
      const { error, ...rest } = figures as { error?: unknown };
      const reason = error instanceof Error ? (error.stack ?? error.message) : error;
      logger[levels[type]]({ event: type, ...rest, ...(reason !== undefined && { reason }) });
    },
    program: (event) => logger.info(event),
  };
}
