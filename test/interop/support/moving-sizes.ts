import type { Comparison, WritePhase, WritersStatus } from "./moving-writers.js";

/** How large a file moves, how often, and under how many writers; `BYTES`, `RUNS` and `RATE` change it for a longer run. */
export function movingSizes({ runs }: { readonly runs: number }) {
  return {
    sizeBytes: Number(process.env["BYTES"] ?? 256 * 1_048_576),
    runs: Number(process.env["RUNS"] ?? runs),
    writers: 16,
    writesPerSecondEach: Number(process.env["RATE"] ?? 10),
  };
}

/** Prints what a run has shown, as bench/RESULTS.md records it. */
export function tellRun(name: string, status: WritersStatus, comparison: Comparison, seconds: number): void {
  const [before, during, after] = status.phases.map(format);
  process.stdout.write(
    `${name} in ${seconds.toFixed(1)} s: lost ${comparison.lost} of ${comparison.blocks} blocks, stale ${status.stale}` +
      ` of ${status.reads} reads, ${status.errors} errors; before ${before}; during ${during}; after ${after}\n`,
  );
}

function format({ writes, p50Ms, p99Ms, maxMs }: WritePhase): string {
  return `${writes} writes, p50 ${p50Ms} p99 ${p99Ms} max ${maxMs} ms`;
}
