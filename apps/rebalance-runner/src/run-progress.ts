import type { RunEvent } from "@brickshift/rebalance";
import prettyBytes from "pretty-bytes";
import type { Output } from "./output.js";

/** Shows how far a run is. */
export class RunProgress {
  readonly #output: Output;

  constructor(output: Output) {
    this.#output = output;
  }

  take(event: RunEvent): void {
    switch (event.type) {
      case "begins":
        this.#output.event({ event: "file", phase: "begins", path: event.path, gfid: event.gfid });
        return;
      case "file": {
        const { path, gfid, outcome } = event;
        const figures = { event: "file", phase: "ended", path, gfid, outcome: outcome.type };
        if (outcome.type === "failed") {
          const { code, message } = outcome;
          this.#output.say(`not moved: ${message}`, { ...figures, code, message });
        } else if (outcome.type === "skipped") {
          this.#output.say(`left alone: ${path} (${outcome.reason})`, { ...figures, reason: outcome.reason });
        } else this.#output.event(figures);
        return;
      }
      case "progress":
        this.#show(event);
    }
  }

  #show({ counts, seconds, moving, leasesHeld }: Extract<RunEvent, { type: "progress" }>): void {
    const { moved, movedBytes, writtenBytes, recalls, replays, failed } = counts;
    const rate = seconds > 0 ? writtenBytes / seconds : 0;
    this.#output.status(
      [
        `${moved} files moved, ${prettyBytes(movedBytes)}; ${prettyBytes(writtenBytes)} copied, ${prettyBytes(rate)}/s; ${moving} under way; ${failed} failed`,
        `leases ${leasesHeld}  recalls ${recalls}  replays ${replays}`,
      ],
      {
        event: "progress",
        filesMoved: moved + counts.alreadyMoved,
        bytesMoved: movedBytes,
        bytesCopied: writtenBytes,
        filesFailed: failed,
        filesMoving: moving,
        seconds,
        leasesHeld,
        recalls,
        replays,
      },
    );
  }
}
