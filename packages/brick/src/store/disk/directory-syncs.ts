import { closeSync, fsync, openSync } from "node:fs";

interface DirectoryState {
  readonly fd: number;
  /** Names made in this directory since the store was opened. */
  made: number;
  /** Of these, how many are on disk for sure. */
  synced: number;
  running: Promise<void> | undefined;
}

/**
 * Brings new names in the blob directories to disk, one fsync for all that wait for the same directory. Keeps the
 * directories open: there are 256 at most.
 */
export class DirectorySyncs {
  readonly #states = new Map<string, DirectoryState>();

  /** Notes that a file was made in `directory`; returns a ticket for {@link wait}. */
  made(directory: string): number {
    let state = this.#states.get(directory);
    if (state === undefined) {
      state = { fd: openSync(directory, "r"), made: 0, synced: 0, running: undefined };
      this.#states.set(directory, state);
    }
    state.made += 1;
    return state.made;
  }

  /** Resolves when the name with this ticket survives a power cut. */
  async wait(directory: string, ticket: number): Promise<void> {
    for (;;) {
      const state = this.#states.get(directory);
      if (state === undefined || state.synced >= ticket) return;
      state.running ??= syncNames(state);
      await state.running;
    }
  }

  /** Resolves when all names made by now survive a power cut. */
  async waitAll(): Promise<void> {
    await Promise.all([...this.#states].map(([directory, { made }]) => this.wait(directory, made)));
  }

  /** Whether the name with this ticket survives a power cut. */
  isSynced(directory: string, ticket: number): boolean {
    return (this.#states.get(directory)?.synced ?? 0) >= ticket;
  }

  /** Closes the directories; nobody waits any more. */
  close(): void {
    for (const { fd } of this.#states.values()) closeSync(fd);
    this.#states.clear();
  }
}

async function syncNames(state: DirectoryState): Promise<void> {
  const { made } = state;
  try {
    await new Promise<void>((resolve, reject) => {
      fsync(state.fd, (error) => (error ? reject(error) : resolve()));
    });
    state.synced = made;
  } finally {
    state.running = undefined;
  }
}
