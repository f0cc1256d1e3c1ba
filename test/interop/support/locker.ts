import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { until } from "./command.js";
import type { Scratch } from "./scratch.js";

const program = fileURLToPath(new URL("lock-steps.py", import.meta.url));

/** `/proc/PID/syscall` of a process that sleeps in fcntl(2), whatever its number is here: the descriptor is the first argument, 7 the command. */
const F_SETLKW = /^\d+ 0x[0-9a-f]+ 0x7 /;

/** A process that locks a file of a mount, one step after the other. */
export interface Locker {
  /** Carries out one step of `lock-steps.py`; its answer. */
  ask(step: string): Promise<string>;
  /** Waits until a step that waits has handed its lock call to the kernel. */
  sleeps(): Promise<void>;
  kill(): void;
}

/** Starts a locker, which has the file open from the start. */
export function startLocker(scratch: Scratch, file: string): Locker {
  const child = spawn("python3", [program, file], { stdio: ["pipe", "pipe", "inherit"] });
  scratch.onEnd(() => void child.kill("SIGKILL"));
  const waiting: ((answer: string) => void)[] = [];
  createInterface({ input: child.stdout }).on("line", (line) => waiting.shift()?.(line));
  return {
    ask(step) {
      const answer = new Promise<string>((resolve) => waiting.push(resolve));
      child.stdin.write(`${step}\n`);
      return answer;
    },
    sleeps: () =>
      until("the lock call", async () => F_SETLKW.test(await readFile(`/proc/${child.pid}/syscall`, "utf8"))),
    kill: () => void child.kill("SIGKILL"),
  };
}
