import { linkSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { RebalanceError } from "./rebalance-error.js";

/**
 * Takes `file` as the lock of a journal: it holds the id of the process that has it, and when that started, so that an id
 * used again (after a restart of a container it often is) is not taken for the owner. A file whose process is gone does not
 * count. Two that find such a file at once may both think that they have it; the bricks' epochs keep them apart.
 * @returns the way to give it back.
 * @throws RebalanceError `REBALANCE_JOURNAL_IN_USE`.
 */
export function takeJournalLock(file: string): () => void {
  const mine = `${file}.${process.pid}`;
  // Written before it has its name: nobody reads half of it.
  writeFileSync(mine, `${process.pid} ${startOf(process.pid)}`);
  try {
    for (let tries = 0; ; tries += 1) {
      try {
        linkSync(mine, file);
        return () => rmSync(file, { force: true });
      } catch (cause) {
        if ((cause as NodeJS.ErrnoException).code !== "EEXIST" || tries > 0) throw cause;
        const text = readFileSync(file, "utf8");
        const pid = Number.parseInt(text, 10);
        const start = startOf(pid);
        if (start !== undefined && text === `${pid} ${start}`) {
          const message = `process ${pid} is using it; end that one, or use another directory`;
          throw new RebalanceError("REBALANCE_JOURNAL_IN_USE", message, { cause });
        }
        rmSync(file, { force: true });
      }
    }
  } finally {
    rmSync(mine, { force: true });
  }
}

/** Text that no other process ever has; `undefined` when the process is gone (or a zombie). */
function startOf(pid: number): string | undefined {
  if (process.platform !== "linux") return isAlive(pid) ? "running" : undefined;
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The command name may hold spaces and brackets: fields are counted after the last bracket.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    if (fields[0] === "Z" || fields[0] === "X") return undefined;
    return `${readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()}/${fields[19]}`;
  } catch {
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
