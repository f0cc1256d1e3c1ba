import { fileURLToPath } from "node:url";
import { type JsonProcess, startJsonProcess } from "./child-process.js";

/** What `rebalance-runner run` is started with. */
export interface RunnerOrder {
  readonly source: string;
  readonly destination: string;
  readonly journalPath: string;
  readonly protection: "lease" | "none";
  readonly resume: boolean;
}

/** How a runner ended. */
export interface RunnerOutcome {
  readonly exitCode: number;
  /** Its `report` event; absent when it was ended before. */
  readonly report: Readonly<Record<string, unknown>> | undefined;
  readonly errorTail: string;
}

/** Starts `rebalance-runner run --json` as a user would. */
export function startRunner(
  order: RunnerOrder,
  onEvent: (event: Readonly<Record<string, unknown>>) => void,
): { readonly process: JsonProcess; readonly outcome: Promise<RunnerOutcome> } {
  const args = [
    "run",
    "--source",
    order.source,
    "--destination",
    order.destination,
    "--state",
    order.journalPath,
    "--until-stdin-ends",
    "--json",
  ];
  if (order.protection === "none") args.push("--protection", "none");
  if (order.resume) args.push("--resume");
  let report: Readonly<Record<string, unknown>> | undefined;
  const started = startJsonProcess(fileURLToPath(import.meta.url), args, (event) => {
    if (event["event"] === "report") report = event;
    onEvent(event);
  });
  const outcome = started.exited.then((exitCode) => ({ exitCode, report, errorTail: started.errorTail() }));
  return { process: started, outcome };
}
