import { type FSWatcher, watch } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { openFileJournal } from "@brickshift/rebalance/journal-file";
import type { Gfid } from "@brickshift/wire";

const NOTED_MS_MAX = 2_000;

/** Tells of the files of a journal as they change, by what the kernel says of its directory. */
export class JournalWatch {
  readonly #watcher: FSWatcher;

  constructor(directory: string, onChange: (file: string) => void) {
    this.#watcher = watch(directory, (_, file) => {
      if (file !== null) onChange(file);
    });
  }

  close(): void {
    this.#watcher.close();
  }
}

/** Waits until the journal in `directory` has noted that a file is committed. @returns whether it has. */
export async function isCommitNoted(directory: string, gfid: Gfid | undefined): Promise<boolean> {
  const deadlineMs = performance.now() + NOTED_MS_MAX;
  while (performance.now() < deadlineMs) {
    const journal = openFileJournal({ directory, readOnly: true });
    const { intents = [] } = journal.status() ?? {};
    await journal.close();
    if (intents.some((intent) => intent.gfid === gfid && intent.phase === "committed")) return true;
    await sleep(1);
  }
  return false;
}
