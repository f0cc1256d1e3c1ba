import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * A directory of its own for one test, and what has to be undone when it is over, last first. Everything that a fixture
 * starts or mounts is registered here, so that a failed test leaves no process, no mount and no file.
 */
export class Scratch {
  readonly directory = mkdtempSync(join(tmpdir(), "brickshift-interop-"));
  readonly #undos: (() => void | Promise<void>)[] = [];

  path(...parts: readonly string[]): string {
    return join(this.directory, ...parts);
  }

  /** Runs `undo` at the end, before whatever was registered earlier. */
  onEnd(undo: () => void | Promise<void>): void {
    this.#undos.push(undo);
  }

  async end(): Promise<void> {
    const failures: unknown[] = [];
    for (const undo of this.#undos.toReversed()) {
      try {
        await undo();
      } catch (error) {
        failures.push(error);
      }
    }
    rmSync(this.directory, { recursive: true, force: true });
    if (failures.length > 0) throw new AggregateError(failures, "the test could not be cleaned up");
  }
}
