import type { FopName, LeaseScope } from "@brickshift/wire";

/** What a lease permits: `read` is shared between holders, `read-write` is exclusive. */
export type LeaseType = "read" | "read-write";
/**
 * What a fop is to a lease: `own` names its lease-id and comes from its holder, `internal` comes from
 * Gluster itself (pid below 0, or marked internal) and names no lease it holds, `other` names another
 * lease-id, `none` names none.
 */
export type FopRelation = "own" | "other" | "none" | "internal";
/** Whether a fop may run beside a lease or waits for the lease to end. */
export type Verdict = "pass" | "wait";
/** The verdicts of one kind of fop, for each type of lease and each relation to it. */
export type VerdictGrid = Readonly<Record<LeaseType, Readonly<Record<FopRelation, Verdict>>>>;

const passes = { own: "pass", other: "pass", none: "pass", internal: "pass" } as const;
const foreignWaits = { own: "pass", other: "wait", none: "wait", internal: "pass" } as const;
const foreignAndInternalWait = { own: "pass", other: "wait", none: "wait", internal: "wait" } as const;

/**
 * Kinds of fops under a lease of scope `open`.
 * Source: `__check_lease_conflict` and `GET_FLAGS`, glusterfs `xlators/features/leases`.
 */
export const openRules = {
  /** Not looked at by stock bricks. */
  ungated: { read: passes, "read-write": passes },
  /** Looks at data. A fop without any lease-id conflicts even with a read lease. */
  reads: { read: { ...passes, none: "wait" }, "read-write": foreignWaits },
  /** Changes the file. FLUSH and FSYNC count as changes: they end what a client may cache. */
  modifies: { read: foreignWaits, "read-write": foreignWaits },
  /** Takes a name away: ends even the lease of the client that does it. */
  removes: { read: { ...foreignWaits, own: "wait" }, "read-write": { ...foreignWaits, own: "wait" } },
} as const satisfies Record<string, VerdictGrid>;

/** Kinds of fops under a lease of scope `data`, and kinds of running fops that a grant drains. */
export const dataRules = {
  /**
   * Changes neither data nor metadata and must not wait: it gives resources back (FLUSH, RELEASE), works
   * for the locks between translators, or is not about an inode. Never drained and never refused.
   */
  housekeeping: { read: passes, "read-write": passes },
  /** Looks, and waits only for an exclusive lease. An internal fop may look even then. */
  observes: { read: passes, "read-write": foreignWaits },
  /** Changes data or metadata. Internal fops wait as well: heal and rebalance write real bytes. */
  modifies: { read: foreignAndInternalWait, "read-write": foreignAndInternalWait },
} as const satisfies Record<string, VerdictGrid>;

/** The kind of a fop under each scope. */
export interface GateRow {
  readonly open: keyof typeof openRules;
  readonly data: keyof typeof dataRules;
}

/** A row of the table: one of the 57 fops of the program, or a form of one that follows other rules. */
export type Gate =
  | FopName
  | "null"
  | "compound"
  | "openForWrite"
  | "openAndTruncate"
  | "lkForWrite"
  | "copyFileRangeSource";

/**
 * Every fop of the program, and the forms of a fop that follow other rules: what opens for writing or
 * truncates, write locks, the source of a copy. A fop is judged by each inode that it touches, so that
 * RENAME is asked for the inode that moves and for the one it replaces.
 */
export const gateRows = {
  null: { open: "ungated", data: "housekeeping" },
  stat: { open: "ungated", data: "observes" },
  readlink: { open: "ungated", data: "observes" },
  mknod: { open: "ungated", data: "modifies" },
  mkdir: { open: "ungated", data: "modifies" },
  unlink: { open: "removes", data: "modifies" },
  rmdir: { open: "ungated", data: "modifies" },
  symlink: { open: "ungated", data: "modifies" },
  rename: { open: "removes", data: "modifies" },
  link: { open: "modifies", data: "modifies" },
  truncate: { open: "modifies", data: "modifies" },
  open: { open: "reads", data: "observes" },
  openForWrite: { open: "modifies", data: "observes" },
  openAndTruncate: { open: "modifies", data: "modifies" },
  read: { open: "reads", data: "observes" },
  write: { open: "modifies", data: "modifies" },
  statfs: { open: "ungated", data: "housekeeping" },
  flush: { open: "modifies", data: "housekeeping" },
  fsync: { open: "modifies", data: "observes" },
  setxattr: { open: "ungated", data: "modifies" },
  getxattr: { open: "ungated", data: "observes" },
  removexattr: { open: "ungated", data: "modifies" },
  opendir: { open: "ungated", data: "observes" },
  fsyncdir: { open: "ungated", data: "observes" },
  access: { open: "ungated", data: "observes" },
  create: { open: "ungated", data: "modifies" },
  ftruncate: { open: "modifies", data: "modifies" },
  fstat: { open: "ungated", data: "observes" },
  lk: { open: "reads", data: "observes" },
  lkForWrite: { open: "modifies", data: "observes" },
  lookup: { open: "ungated", data: "observes" },
  readdir: { open: "ungated", data: "observes" },
  inodelk: { open: "ungated", data: "housekeeping" },
  finodelk: { open: "ungated", data: "housekeeping" },
  entrylk: { open: "ungated", data: "housekeeping" },
  fentrylk: { open: "ungated", data: "housekeeping" },
  xattrop: { open: "ungated", data: "modifies" },
  fxattrop: { open: "ungated", data: "modifies" },
  fgetxattr: { open: "ungated", data: "observes" },
  fsetxattr: { open: "ungated", data: "modifies" },
  rchecksum: { open: "ungated", data: "observes" },
  setattr: { open: "modifies", data: "modifies" },
  fsetattr: { open: "modifies", data: "modifies" },
  readdirp: { open: "ungated", data: "observes" },
  release: { open: "ungated", data: "housekeeping" },
  releasedir: { open: "ungated", data: "housekeeping" },
  fremovexattr: { open: "ungated", data: "modifies" },
  fallocate: { open: "modifies", data: "modifies" },
  discard: { open: "modifies", data: "modifies" },
  zerofill: { open: "modifies", data: "modifies" },
  ipc: { open: "ungated", data: "housekeeping" },
  seek: { open: "ungated", data: "observes" },
  compound: { open: "ungated", data: "modifies" },
  lease: { open: "ungated", data: "housekeeping" },
  getactivelk: { open: "ungated", data: "observes" },
  setactivelk: { open: "ungated", data: "observes" },
  icreate: { open: "ungated", data: "modifies" },
  namelink: { open: "ungated", data: "modifies" },
  put: { open: "ungated", data: "modifies" },
  copyFileRange: { open: "ungated", data: "modifies" },
  copyFileRangeSource: { open: "ungated", data: "observes" },
} as const satisfies Record<Gate, GateRow>;

/** Whether a fop runs beside a lease, from the table. */
export function verdict(gate: Gate, relation: FopRelation, type: LeaseType, scope: LeaseScope): Verdict {
  const row: GateRow = gateRows[gate];
  const grid: VerdictGrid = scope === "open" ? openRules[row.open] : dataRules[row.data];
  return grid[type][relation];
}

const accessMode = 0o3;
const truncates = 0o1000;

/** The row of an OPEN, or of a CREATE that meets an existing file, from its Linux open flags. */
export function gateOfOpen(flags: number): Gate {
  if ((flags & truncates) !== 0) return "openAndTruncate";
  return (flags & accessMode) === 0 ? "open" : "openForWrite";
}

/** The row of a LK from the type of its flock: 0 read, 1 write, 2 unlock. */
export function gateOfLock(type: number): Gate {
  return type === 1 ? "lkForWrite" : "lk";
}

/** Whether two leases of different holders exclude each other: only `read` is shared. */
export function leasesConflict(one: LeaseType, other: LeaseType): boolean {
  return one === "read-write" || other === "read-write";
}
