import { closeSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { RebalanceError } from "./rebalance-error.js";

/**
 * Takes `file` as the lock of a journal: it holds the id of the process that has it. A file whose process is gone
 * does not count. Two that find such a file at once may both think that they have it; the bricks' epochs keep them apart.
 * @returns the way to give it back.
 * @throws RebalanceError `REBALANCE_JOURNAL_IN_USE`.
 */
export function takeJournalLock(file: string): () => void {
  for (let tries = 0; ; tries += 1) {
    try {
      const fd = openSync(file, "wx");
      writeSync(fd, String(process.pid));
      closeSync(fd);
      return () => rmSync(file, { force: true });
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== "EEXIST" || tries > 0) throw cause;
      const pid = Number(readFileSync(file, "utf8"));
      if (isAlive(pid)) {
        const message = `process ${pid} is using it; end that one, or use another directory`;
        throw new RebalanceError("REBALANCE_JOURNAL_IN_USE", message, { cause });
      }
      rmSync(file, { force: true });
    }
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
