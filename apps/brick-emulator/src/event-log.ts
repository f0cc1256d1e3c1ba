import type { BrickEvent, BrickLog, BrickUsage, ManagementEvent, ManagementLog } from "@brickshift/brick";
import { pino } from "pino";

/** How much is told: the names of pino's levels. */
export type LogLevel = "debug" | "info" | "warn" | "error" | "silent";

/** A brick that is served. */
export interface ListeningBrick {
  readonly name: string;
  readonly directory: string | null;
  readonly id: string;
}

/** What the program itself tells, beside what its bricks tell. */
export type ProgramEvent =
  | {
      readonly event: "listening";
      readonly address: string;
      readonly bricks: readonly ListeningBrick[];
    }
  | {
      readonly event: "listening";
      /** Where volfiles and ports are asked for. */
      readonly address: string;
      readonly volumes: readonly {
        readonly name: string;
        /** Uuid; `null` in memory. */
        readonly id: string | null;
        /** Where its bricks listen. */
        readonly address: string;
        readonly bricks: readonly (ListeningBrick & { readonly subvolume: string })[];
      }[];
    }
  /** The configuration file was read again: which volumes have another volfile, and how many clients were asked to fetch it. */
  | {
      readonly event: "reconfigured";
      readonly volume: string;
      readonly isChanged: boolean;
      readonly clients: number;
    }
  /** The configuration file was read again, and is not taken over. */
  | { readonly event: "reconfigure-failed"; readonly reason: string }
  /** What is held on a brick now; told when somebody asks for it by SIGUSR2. */
  | ({ readonly event: "usage"; readonly brick: string } & BrickUsage)
  | { readonly event: "stopping"; readonly reason: string }
  | { readonly event: "stopped" };

/** Where events go. */
export interface EventLog {
  readonly brick: BrickLog;
  readonly management: ManagementLog;
  program(event: ProgramEvent): void;
}

type Level = Exclude<LogLevel, "silent">;

const levels: Readonly<Record<BrickEvent["type"] | ManagementEvent["type"], Level>> = {
  "connection-open": "debug",
  "connection-closed": "debug",
  "connection-refused": "warn",
  "session-open": "info",
  "session-refused": "warn",
  "session-closed": "info",
  garbage: "warn",
  fault: "error",
  recall: "debug",
  revoke: "warn",
  "child-down": "error",
  "child-up": "info",
  "volfile-fetched": "info",
  "volfile-unknown": "warn",
  "brick-unknown": "warn",
  "management-refused": "warn",
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
  const tell = ({ type, ...figures }: BrickEvent | ManagementEvent) => {
    const { error, ...rest } = figures as { error?: unknown };
    const what = error instanceof Error ? (error.stack ?? error.message) : error;
    // What the brick gives as its reason is a word of its own.
    const key = "reason" in rest ? "error" : "reason";
    logger[levels[type]]({ event: type, ...rest, ...(what !== undefined && { [key]: what }) });
  };
  return {
    brick: tell,
    management: tell,
    program: (event) => (event.event === "reconfigure-failed" ? logger.error(event) : logger.info(event)),
  };
}
