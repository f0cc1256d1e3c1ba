import prettyBytes from "pretty-bytes";
import { ExitCode, type ExitCodeValue } from "../exit-code.js";
import type { OutputEvent } from "../output.js";
import type { AuditResult } from "./judge.js";
import type { DemoDirectory } from "./demo-directory.js";
import type { LatencySummary } from "./latency.js";
import type { ManifestFile } from "./manifest.js";
import type { WriterFleet } from "./writer-process.js";

/** The last word of a demo, for people and for programs. */
export interface DemoReport {
  readonly lines: readonly string[];
  readonly event: OutputEvent;
  readonly exitCode: ExitCodeValue;
}

/** @param moved the `report` event of `rebalance-runner run --json`. */
export function demoReport(
  demo: DemoDirectory,
  files: readonly ManifestFile[],
  moved: Readonly<Record<string, unknown>>,
  writers: WriterFleet,
  result: AuditResult,
  unanswered: number,
): DemoReport {
  const number = (key: string) => (typeof moved[key] === "number" ? moved[key] : 0);
  const [before, during] = [writers.before.summary(), writers.during.summary()];
  const seconds = number("seconds");
  const problems = result.lost + result.damagedFiles.length + number("filesFailed");
  const event: OutputEvent = {
    event: "report",
    protection: demo.settings.protection,
    lostWrites: result.lost,
    lostWriteExamples: result.lostWrites.slice(0, 10),
    damagedFiles: result.damagedFiles,
    originsChanged: result.originsChanged,
    filesMoved: number("filesMoved"),
    filesFailed: number("filesFailed"),
    filesTotal: files.length + demo.symlinks,
    bytesMoved: number("bytesMoved"),
    seconds,
    leases: number("leases"),
    recalls: number("recalls"),
    transactions: number("transactions"),
    replays: number("replays"),
    writerOperations: before.operations + during.operations,
    writerLatencyMs: { before, during },
    writesUnanswered: unanswered,
    writerErrors: writers.errors,
    filesRead: result.files,
    bytesRead: result.bytes,
    blocksChecked: result.blocksChecked,
    journal: demo.journalPath,
    directory: demo.path,
  };
  const perSecond = (value: number) => (seconds > 0 ? value / seconds : 0);
  const lines = [
    `moved         ${number("filesMoved")} of ${files.length + demo.symlinks} files and links, ${prettyBytes(number("bytesMoved"))} in ${seconds.toFixed(1)} s: ${prettyBytes(perSecond(number("bytesMoved")))}/s, ${perSecond(number("filesMoved")).toFixed(0)} files/s`,
    `leases        ${number("leases")}, recalled ${number("recalls")}`,
    `transactions  ${number("transactions")} committed, ${number("replays")} replayed`,
    `writers       ${before.operations + during.operations} writes acknowledged, ${unanswered} unanswered at the end`,
    `  before      ${latencyText(before)}`,
    `  during      ${latencyText(during)}`,
    `read back     ${result.files} files, ${prettyBytes(result.bytes)}, ${result.blocksChecked} written blocks compared with what was acknowledged`,
    ...result.lostWrites
      .slice(0, 5)
      .map(
        (lost) =>
          `  LOST        ${lost.path} block ${lost.block}: version ${lost.acknowledged} was acknowledged, found ${lost.found}`,
      ),
    ...result.damagedFiles.slice(0, 5).map((path) => `  DAMAGED     ${path}: bytes that nobody wrote differ`),
    ...(result.originsChanged > 0
      ? [
          `  note        ${result.originsChanged} files of the tree changed on this machine since they were put on the brick: only their written blocks were compared`,
        ]
      : []),
    ...writers.errors.slice(0, 5).map((error) => `  writer got  ${error}`),
    `lost writes:  ${result.lost}`,
    `journal       ${demo.journalPath}`,
    `data          ${demo.sourceStore} and ${demo.destinationStore}`,
  ];
  if (demo.settings.protection === "none") {
    lines.push(
      "This was the CONTROL WITHOUT PROTECTION: lost writes show that the check can fail. Files moved for real are protected by leases.",
    );
  }
  const verified = result.lost === 0 && result.damagedFiles.length === 0;
  return {
    lines,
    event,
    exitCode: problems === 0 ? ExitCode.done : verified ? ExitCode.filesFailed : ExitCode.verification,
  };
}

function latencyText(latency: LatencySummary): string {
  return `${latency.operations} writes, p50 ${latency.p50Ms.toFixed(2)} ms, p99 ${latency.p99Ms.toFixed(2)} ms, max ${latency.maxMs.toFixed(1)} ms`;
}
