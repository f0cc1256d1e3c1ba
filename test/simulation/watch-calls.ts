import { Errno } from "@brickshift/wire";
import type { Mark } from "./marks.js";
import type { Simulation } from "./simulation.js";
import type { CallEvent } from "./world/record-watch.js";

/** Reaches the marks that the calls of runners tell of. */
export class CallMarks {
  readonly #askedAtMs = new Map<string, number>();

  watch({ marks, clock }: Simulation, event: CallEvent): void {
    for (const mark of marksOf(event)) marks.reach(mark);
    if (event.call !== "lease-set") return;
    const nowMs = clock.nowMs();
    if (event.what === "arrived") this.#askedAtMs.set(event.link, nowMs);
    const isLater = nowMs > (this.#askedAtMs.get(event.link) ?? nowMs);
    if (event.what === "answered" && event.errno === 0 && isLater) marks.reach("grant-waits");
  }
}

function* marksOf({ call, what, errno, leaseState, link }: CallEvent): Generator<Mark> {
  const isLost = what.startsWith("lost-");
  const isBefore = what === "lost-before";
  if (call === "lease-unlock" && isLost) yield isBefore ? "unlock-lost-before" : "unlock-lost-after";
  if (call === "write" && what === "lost-after" && link.endsWith("b1")) yield "write-outlives-connection";
  if (call === "lease-set" && what === "lost-after") yield "late-grant";
  if (call === "migration-prepare" && isLost) yield isBefore ? "prepare-lost-before" : "prepare-lost-after";
  if (call === "migration-commit" && isLost) yield isBefore ? "commit-lost-before" : "commit-lost-after";
  if (call === "migration-publish" && isLost) yield "publish-lost";
  if (call === "put" && what === "lost-after") yield "whole-put-answer-lost";
  if (what !== "answered") return;
  const isRevoked = errno === Errno.EKEYREVOKED;
  if (call === "lease-unlock" && isRevoked) yield "unlock-revoked";
  if (call === "read" && isRevoked) yield "read-revoked";
  if (call === "write" && leaseState === "fenced") yield "fence-refuses-write";
  if (call === "put" && errno === 0) yield "whole-put";
  if (call === "put" && errno === Errno.EEXIST) yield "whole-put-refused";
  if (call === "migration-prepare" && errno !== 0) yield "prepare-refused";
  if (call === "migration-commit" && isRevoked) yield "commit-refused";
  if (call === "migration-target" && errno === 0) yield "target-adopted";
  if (call === "migration-abort" && errno === 0) yield "target-aborted";
  if (call === "inodelk" && errno === Errno.EAGAIN) yield "lock-in-the-way";
  if (call === "link" && errno === 0) yield "names-matched";
}
