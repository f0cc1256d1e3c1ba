import { close, fsync, open } from "node:fs";

interface DirectoryState {
  /** Names made in this directory since the store was opened. */
  made: number;
  /** Of these, how many are on disk for sure. */
  synced: number;
  running: Promise<void> | undefined;
}

/** Brings new names in the blob directories to disk, one fsync for all that wait for the same directory. */
export class DirectorySyncs {
  readonly #states = new Map<string, DirectoryState>();

  /** Notes that a file was made in `directory`; returns a ticket for {@link wait}. */
  made(directory: string): number {
    let state = this.#states.get(directory);
    if (state === undefined)
      this.#states.set(directory, (state = { made: 0, synced: 0, running: undefined }));
    state.made += 1;
    return state.made;
  }

  /** Resolves when the name with this ticket survives a power cut. */
  async wait(directory: string, ticket: number): Promise<void> {
    for (;;) {
      const state = this.#states.get(directory);
      if (state === undefined || state.synced >= ticket) return;
      state.running ??= this.#sync(directory, state);
      await state.running;
    }
  }

  async #sync(directory: string, state: DirectoryState): Promise<void> {
    const { made } = state;
    try {
      await fsyncPath(directory);
      state.synced = made;
    } finally {
      state.running = undefined;
    }
  }
}

function fsyncPath(path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    open(path, "r", (openError, fd) => {
      if (openError !== null) return reject(openError);
      fsync(fd, (syncError) => close(fd, () => (syncError ? reject(syncError) : resolve())));
    });
  });
}
