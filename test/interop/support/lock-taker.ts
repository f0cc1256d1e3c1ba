import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Scratch } from "./scratch.js";

const program = fileURLToPath(new URL("lock-taker.py", import.meta.url));

/** A process that takes and releases the lock of a file, again and again. */
export interface LockTaker {
  /** Resolves when it has had the lock `times` more. */
  takes(times: number): Promise<void>;
  /** How often it had the lock, and how often together with another taker of the same marker. */
  stop(): Promise<{ readonly taken: number; readonly shared: number }>;
}

/** Starts one; `marker` is a path that all takers of the lock share, outside of the mount. */
export function startLockTaker(
  scratch: Scratch,
  file: string,
  marker: string,
  how: "keep" | "reopen",
): LockTaker {
  const child = spawn("python3", [program, file, marker, how], { stdio: ["pipe", "pipe", "inherit"] });
  scratch.onEnd(() => void child.kill("SIGKILL"));
  const output = createInterface({ input: child.stdout });
  const state = { taken: 0, last: "", hasEnded: false };
  let wake = () => {};
  const heard = () => new Promise<void>((resolve) => (wake = resolve));
  child.once("close", () => {
    state.hasEnded = true;
    wake();
  });
  output.on("line", (line) => {
    state.taken += 1;
    state.last = line;
    wake();
  });
  return {
    async takes(times) {
      const goal = state.taken + times;
      while (state.taken < goal) {
        if (state.hasEnded) throw new Error(`a taker of the lock ended with ${child.exitCode}`);
        await heard();
      }
    },
    async stop() {
      const closed = once(child, "close");
      child.stdin.end();
      await closed;
      const [, count, shared] = /^ended (\d+) (\d+)$/.exec(state.last) ?? [];
      return { taken: Number(count), shared: Number(shared) };
    },
  };
}
