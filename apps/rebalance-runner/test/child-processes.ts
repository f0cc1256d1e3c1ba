import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

/** The processes that `parent` has started and that live. Source: proc(5), `/proc/PID/stat`. */
export function childrenOf(parent: number): readonly number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => statOf(pid)?.parent === parent);
}

/** Resolves when none of `pids` lives any more. */
export async function ended(pids: readonly number[]): Promise<void> {
  while (pids.some((pid) => statOf(pid) !== undefined)) await sleep(50);
}

/** @returns nothing for a process that has ended, also when nobody has asked how. */
function statOf(pid: number): { readonly parent: number } | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name before may have blanks and brackets in it.
    const [state, parent] = text.slice(text.lastIndexOf(")") + 2).split(" ");
    return state === "Z" ? undefined : { parent: Number(parent) };
  } catch {
    return undefined;
  }
}
