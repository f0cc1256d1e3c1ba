import type { RebalanceReport } from "@brickshift/rebalance";
import prettyBytes from "pretty-bytes";
import type { OutputEvent } from "./output.js";

/** The last word of a run, for people and for programs. */
export function runReport(
  report: RebalanceReport,
  state: string,
  peakMemoryBytes: number,
): { readonly lines: readonly string[]; readonly event: OutputEvent } {
  const { counts, seconds } = report;
  const { moved, alreadyMoved, vanished, skipped, failed, recovered } = counts;
  const perSecond = (value: number) => (seconds > 0 ? value / seconds : 0);
  const reasons = Object.entries(counts.reasons).map(([reason, count]) => `${reason} ${count}`);
  const lines = [
    `${report.state === "finished" ? "moved" : "INTERRUPTED after"} ${moved} files, ${prettyBytes(counts.movedBytes)} in ${seconds.toFixed(1)} s: ${prettyBytes(perSecond(counts.movedBytes))}/s, ${perSecond(moved).toFixed(0)} files/s`,
    `were there already ${alreadyMoved}, vanished ${vanished}, left alone ${skipped}, failed ${failed}${recovered > 0 ? `, brought to their end ${recovered}` : ""}`,
    ...(reasons.length > 0 ? [`reasons: ${reasons.join(", ")}`] : []),
    `leases ${counts.leases}, recalls ${counts.recalls}, transactions ${counts.transactions}, replays ${counts.replays}`,
    `journal ${state}${report.state === "finished" ? "" : "; go on with --resume"}`,
  ];
  const event: OutputEvent = {
    event: "report",
    state: report.state,
    source: report.source,
    destination: report.destination,
    protection: report.protection,
    filesMoved: moved,
    filesAlreadyMoved: alreadyMoved,
    filesVanished: vanished,
    filesSkipped: skipped,
    filesFailed: failed,
    filesRecovered: recovered,
    bytesMoved: counts.movedBytes,
    bytesCopied: counts.writtenBytes,
    directories: counts.directories,
    seconds,
    leases: counts.leases,
    recalls: counts.recalls,
    transactions: counts.transactions,
    replays: counts.replays,
    passes: counts.passes,
    reasons: counts.reasons,
    failures: report.failures,
    journal: state,
    peakMemoryBytes,
  };
  return { lines, event };
}
