import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Scratch } from "./scratch.js";

const program = fileURLToPath(new URL("lock-steps.py", import.meta.url));

/** A process that locks a file of a mount, one step after the other. */
export interface Locker {
  /** Carries out one step of `lock-steps.py`; its answer. */
  ask(step: string): Promise<string>;
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
    kill: () => void child.kill("SIGKILL"),
  };
}
