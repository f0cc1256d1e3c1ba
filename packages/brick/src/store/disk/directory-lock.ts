import { linkSync, readFileSync, renameSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { randomGfid } from "../../host-driver.js";
import { StoreError } from "../store-error.js";

/** Tries to take a stale lock this often before it gives up: somebody else is trying too. */
const TAKEOVERS_MAX = 8;

interface LockOwner {
  readonly pid: number;
  /** Start of the process and of the machine, so that a pid used again is not taken for its owner. */
  readonly started: string;
}

/**
 * Makes this process the only user of `directory`; returns what gives it free again. A killed owner's lock is taken over.
 * Guards one machine and one pid namespace: a directory shared over a network or by containers is not protected.
 * @throws StoreError `STORE_LOCKED` with the owner's pid.
 */
export function lockDirectory(directory: string): () => void {
  const path = join(directory, "lock");
  const mine = join(directory, `lock.${process.pid}.${randomGfid()}`);
  const owner: LockOwner = { pid: process.pid, started: startOf(process.pid) ?? "" };
  writeFileSync(mine, JSON.stringify(owner));
  try {
    for (let attempt = 0; attempt < TAKEOVERS_MAX; attempt += 1) {
      if (tryLink(mine, path)) return () => unlinkSync(path);
      takeAwayStale(path, mine);
    }
    throw new StoreError("STORE_LOCKED", `${path} keeps coming back; another process is starting here`);
  } finally {
    unlinkSync(mine);
  }
}

function tryLink(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

/** Takes the lock file away when its owner is gone. @throws StoreError `STORE_LOCKED` when it is not. */
function takeAwayStale(path: string, mine: string): void {
  const text = readLock(path);
  if (text === undefined) return;
  const owner = parseOwner(text);
  if (owner !== undefined && startOf(owner.pid) === owner.started) {
    throw new StoreError("STORE_LOCKED", `process ${owner.pid} uses this store (${path})`);
  }
  const aside = `${mine}.stale`;
  try {
    renameSync(path, aside);
  } catch {
    return;
  }
  // Between the reading and the renaming another process may have taken the lock: then it gets it back.
  if (readLock(aside) !== text) tryLink(aside, path);
  unlinkSync(aside);
}

function readLock(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

function parseOwner(text: string): LockOwner | undefined {
  try {
    const owner = JSON.parse(text) as Partial<LockOwner>;
    return Number.isInteger(owner.pid)
      ? { pid: owner.pid as number, started: String(owner.started) }
      : undefined;
  } catch {
    return undefined;
  }
}

/** Text that no other process ever has; `undefined` when the process is gone (or a zombie). */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The command name may hold spaces and brackets: fields are counted after the last bracket.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    if (fields[0] === "Z" || fields[0] === "X") return undefined;
    return `${readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()}/${fields[19]}`;
  } catch {
    return withoutProc(pid);
  }
}

function withoutProc(pid: number): string | undefined {
  if (process.platform === "linux") return undefined;
  try {
    process.kill(pid, 0);
    return "running";
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM" ? "running" : undefined;
  }
}
