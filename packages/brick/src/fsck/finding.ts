import type { Gfid } from "@brickshift/wire";

/** What can be wrong with a store. */
export type FindingKind =
  /** A record does not decode. Repair: names are dropped, an inode is made anew from what refers to it. */
  | "bad-record"
  /** A name of an object that is not there, or in a directory that is not there. Repair: the name goes. */
  | "dangling-name"
  /** The three records of one name do not agree. Repair: the name record counts. */
  | "bad-index"
  /** The link count is not the number of names. Repair: it is set. */
  | "wrong-nlink"
  /** An object without a name. Repair: it gets one in the root, `lost+found.GFID`. */
  | "unreachable"
  /** Directories that contain each other, cut off from the root. Not repaired. */
  | "ring"
  /** A regular file without its data. Repair: it gets what there is of it, or an empty blob. */
  | "missing-blob"
  /** Data that no record refers to. Repair: it goes. */
  | "orphan-blob"
  /** Work that the next start will end: not an error. */
  | "pending"
  /** A migration target: ask its source what became of the file. Not an error. */
  | "target-left";

/** One thing that fsck found. */
export interface Finding {
  readonly kind: FindingKind;
  /** The object or directory that it is about. */
  readonly gfid: Gfid;
  /** A sentence for a person. */
  readonly text: string;
  /** Whether it is put right now. */
  readonly isRepaired: boolean;
}

/** What fsck has to say about a store. */
export interface FsckReport {
  readonly objects: number;
  readonly names: number;
  readonly blobs: number;
  /** The first of them, `findingsMax` at most. */
  readonly findings: readonly Finding[];
  /** All of them by kind, those without a place in `findings` included. */
  readonly counts: Readonly<Partial<Record<FindingKind, number>>>;
  /** Whether the store is as it should be now: nothing was found but work left to do, or all was repaired. */
  readonly isSound: boolean;
}
