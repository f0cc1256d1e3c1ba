import prettyBytes from "pretty-bytes";
import prettyMilliseconds from "pretty-ms";
import type { Output } from "../output.js";
import { progressBar } from "../progress-bar.js";
import type { ManifestFile } from "./manifest.js";
import type { WriterFleet } from "./writer-process.js";

/** Shows how far the move is, with what the writers feel of it. */
export class DemoProgress {
  readonly #indexes: ReadonlyMap<string, number>;
  readonly #filesTotal: number;
  readonly #bytesTotal: number;
  readonly #writers: WriterFleet;
  readonly #output: Output;

  /** @param symlinks moved beside the files. */
  constructor(files: readonly ManifestFile[], symlinks: number, writers: WriterFleet, output: Output) {
    this.#indexes = new Map(files.map((file) => [file.gfid, file.index]));
    this.#filesTotal = files.length + symlinks;
    this.#bytesTotal = files.reduce((sum, file) => sum + file.sizeBytes, 0);
    this.#writers = writers;
    this.#output = output;
  }

  /** Takes an event of `rebalance-runner run --json`: tells the writers which files move, and shows progress. */
  take(event: Readonly<Record<string, unknown>>): void {
    if (event["event"] === "progress") this.#show(event);
    if (event["event"] !== "file") return;
    const file = this.#indexes.get(String(event["gfid"]));
    if (file !== undefined)
      this.#writers.tell({ type: event["phase"] === "begins" ? "moving" : "moved", file });
  }

  #show(event: Readonly<Record<string, unknown>>): void {
    const number = (key: string) => (typeof event[key] === "number" ? event[key] : 0);
    const files = number("filesMoved");
    const bytes = Math.min(number("bytesCopied"), this.#bytesTotal);
    const seconds = number("seconds");
    // Small files are bound by their number, large ones by their bytes: the slower measure leads.
    const part = Math.min(files / Math.max(1, this.#filesTotal), bytes / Math.max(1, this.#bytesTotal));
    const etaSeconds = part > 0 ? (seconds * (1 - part)) / part : Infinity;
    const eta = Number.isFinite(etaSeconds)
      ? prettyMilliseconds(etaSeconds * 1_000, { secondsDecimalDigits: 0 })
      : "?";
    const latency = this.#writers.during.summary();
    const rate = seconds > 0 ? bytes / seconds : 0;
    this.#output.status(
      [
        `${progressBar(part)} ${(part * 100).toFixed(0)} %  ETA ${eta}`,
        `files ${files}/${this.#filesTotal}  ${prettyBytes(bytes)}/${prettyBytes(this.#bytesTotal)}  ${prettyBytes(rate)}/s`,
        `leases ${number("leasesHeld")}  recalls ${number("recalls")}  replays ${number("replays")}`,
        `writers ${latency.operations} writes  p50 ${latency.p50Ms.toFixed(1)} ms  p99 ${latency.p99Ms.toFixed(1)} ms  max ${latency.maxMs.toFixed(0)} ms`,
      ],
      {
        ...event,
        event: "progress",
        filesTotal: this.#filesTotal,
        bytesTotal: this.#bytesTotal,
        etaSeconds: Number.isFinite(etaSeconds) ? etaSeconds : null,
        writerLatencyMs: latency,
      },
    );
  }
}
