/** States that are worth the simulation: each must be reached, or nothing was proved about it. */
export const markTexts = {
  "recall-during-drain": "a lease was recalled while the runner had writes to the destination under way",
  "recall-overtakes-grant": "a lease was recalled before its grant had reached the runner",
  "grant-waits": "a lease was granted after running or waiting fops had ended",
  "unlock-lost-before": "an unlock of the runner was lost before the brick saw it",
  "unlock-lost-after": "an unlock of the runner was carried out and its answer lost",
  "unlock-revoked": "an unlock was refused, since the lease had been revoked",
  "read-revoked": "a read of the runner was refused, since its lease had been revoked",
  "revoke-during-write": "a lease was revoked while the runner wrote under it to the destination",
  "revoke-by-timeout": "a lease of the runner was revoked, since it did not answer in time",
  "fence-refuses-write": "the destination refused a write with a fence that a higher one had replaced",
  "write-outlives-connection": "a write of the runner reached the destination, and its answer nobody",
  "late-grant": "a lease was granted to a runner whose connection ended before it heard of it",
  "prepare-lost-before": "the preparation was lost before the destination saw it",
  "prepare-lost-after": "the destination was prepared and the answer lost",
  "prepare-refused": "a preparation was refused",
  "commit-lost-before": "the commit was lost before the source saw it",
  "commit-lost-after": "the source committed and the answer was lost",
  "commit-refused": "a commit was refused, since its lease was not held any more",
  "publish-lost": "the answer to a publication was lost, or itself",
  "crash-between-halves":
    "a process died when the source had committed and the destination was not published",
  "flip-ended-by-other": "a flip was ended by another run than had begun it",
  "runner-killed-under-lease": "a runner was killed that held a lease",
  "brick-killed-under-lease": "a brick was killed that had granted a lease",
  "power-cut-lost-data": "a power cut took data that had not been synced",
  "power-cut-lost-records": "a power cut took back a change of names or attributes that had not been synced",
  "target-adopted": "a runner took over the target that another run had left",
  "target-aborted": "a runner dropped its target",
  "target-unlinked": "a client removed a target for a stale link file",
  "link-removed": "a client removed the source's link file for a stale one",
  "prepared-kept": "a prepared target refused to be removed",
  "flip-found-on-destination":
    "a flip was ended by a run without a journal before its crawl came to the file",
  "only-copy-found": "a run found a committed file that the source had no name of any more",
  "orphan-dropped": "a run dropped the target of a file that had been removed",
  "moved-on": "a file moved on from the second brick to a third",
  "lock-in-the-way": "a runner found the lock of a file taken",
  "names-matched": "the destination got a name that a client had made meanwhile",
  vanished: "a file was removed while it moved",
  "moved-small": "a file was moved under one exclusive lease",
  "whole-put": "a small file was put on the destination as a whole",
  "whole-put-answer-lost": "a small file was put as a whole and the answer lost",
  "whole-put-refused": "a small file was not put as a whole, since there was something already",
  "kept-content-moved": "a file that was put whole and kept its content with its record got a blob",
  "moved-in-passes": "a file was moved in several passes",
  "transaction-replayed": "a transaction was repeated",
  busy: "a file was given up, since it was written too much",
  "other-runner": "a file was left to another runner",
  unreachable: "a file was given up, since a brick did not answer",
  "destination-full": "a file was given up, since the destination was full",
  "read-error": "a file was given up, since the source could not be read",
  unfinished: "a flip was left for the next run to end",
  resumed: "a run went on with the journal of a killed one",
  "client-followed": "a client was told that the file had moved, and followed it",
  "client-waited": "a client's fop waited for a lease and was then told that the file had moved",
  "dual-write-twice": "a client that writes to both bricks was taken at its word by both",
  "repeated-write": "a client sent a write again, and both were carried out",
  "silent-holder-revoked": "a lease of a client that never answers was revoked",
  "theft-of-use-refused": "a client named the lease of another in a fop, while that held it, and was refused",
  "theft-by-unlock-refused": "a client tried to end the lease of another, which held it on",
  "theft-by-upgrade-refused": "a client asked for more under the id of another's lease, and was refused",
  "runner-paused": "a runner was paused while it held a lease, and went on after its revocation",
  "brick-stalled": "the event loop of a brick stood still under a lease",
  "clock-jumped": "the clock of a brick jumped under a lease",
  "half-open": "one direction of a connection of the runner was cut off under a lease",
} as const;

export type Mark = keyof typeof markTexts;
export const markNames = Object.keys(markTexts) as readonly Mark[];

/** Counts how often each state was reached. */
export class Marks {
  readonly counts = new Map<Mark, number>();

  reach(mark: Mark): void {
    this.counts.set(mark, (this.counts.get(mark) ?? 0) + 1);
  }

  add(other: Marks): void {
    for (const [mark, count] of other.counts) this.counts.set(mark, (this.counts.get(mark) ?? 0) + count);
  }

  get missing(): readonly Mark[] {
    return markNames.filter((mark) => !this.counts.has(mark));
  }
}
