import type { Gfid, Iatt, Statfs } from "@brickshift/wire";
import type { Protection } from "../access/permission.js";
import type { Acl } from "../access/posix-acl.js";

/** Extended attributes by name. Names are byte strings in PEP 383 form, values raw bytes. */
export type Xattrs = ReadonlyMap<string, Uint8Array>;

/** What a new object is made with. The mode is applied as given (the client has used its umask already). */
export interface NewObject {
  /** Identity of the new object. */
  readonly gfid: Gfid;
  /** Permission bits, 07777; type bits are ignored except by `mknod`, which makes what they say (a file when none). */
  readonly mode: number;
  readonly uid: number;
  /** A parent with the setgid bit gives its own gid instead. */
  readonly gid: number;
  readonly xattrs?: Xattrs;
  /** Device number in Linux `dev_t` form, for `mknod` of a device. */
  readonly rdev?: bigint;
  /** Whether the object is held from the start, as if by `hold`: for CREATE, which opens. */
  readonly hold?: boolean;
}

/** Who may change a migration target: the runner that copies from `source` under a fence not lower than the highest seen. */
export interface FenceToken {
  /** Id of the source brick. */
  readonly source: Gfid;
  readonly fence: bigint;
}

/** On whose account a fop touches an inode that is on the move. Without both fields: an ordinary client. */
export interface Access {
  /** The runner's token: allows changing a migration target, and nothing else. */
  readonly token?: FenceToken;
  /** Brick-internal or Gluster-internal work (negative pid): treats a link file as a plain file. Never a target. */
  readonly internal?: boolean;
}

/** Attributes of one object before and after. */
export interface Change {
  readonly prestat: Iatt;
  readonly poststat: Iatt;
}
/** Attributes of a parent directory before and after. */
export interface ParentChange {
  readonly preparent: Iatt;
  readonly postparent: Iatt;
}
/** Reply of everything that makes a name: shape R3. */
export interface Created extends ParentChange {
  readonly stat: Iatt;
}
/** When an `unlink` is refused with `TREE_UNLINK_CONDITION`; looked at in the very step that unlinks. */
export interface UnlinkCondition {
  /** Unless the object is a link file: it may have become the data file since the client looked. */
  readonly onlyLinkFile?: boolean;
  /** When somebody holds the object. */
  readonly notHeld?: boolean;
}
/** Reply of everything that takes a name away. */
export interface Removed extends ParentChange {
  readonly gfid: Gfid;
  /** Names the object has left; its data stays while it is held. */
  readonly nlink: number;
}
export interface Renamed {
  readonly stat: Iatt;
  readonly preoldparent: Iatt;
  readonly postoldparent: Iatt;
  readonly prenewparent: Iatt;
  readonly postnewparent: Iatt;
  /** The object that lost the new name, if there was one. */
  readonly replaced: { readonly gfid: Gfid; readonly nlink: number } | undefined;
}
/** Reply of what gives an object its first name. */
export interface Named extends Created {
  /** The object that lost the name, if there was one. */
  readonly replaced: Renamed["replaced"];
}
export interface Written extends Change {
  /** Where the bytes went: what was asked, or the old end of the file for `"append"`. */
  readonly offset: number;
}
export interface ReadResult {
  /** Bytes read: a view of the caller's buffer. */
  readonly bytes: Uint8Array;
  /** Whether the end of the file was reached: offset + bytes ≥ size. */
  readonly atEnd: boolean;
  readonly stat: Iatt;
}

/** What `setattr` is to change; fields left out stay. Times in ns of the wall clock, or the brick's `"now"`. */
export interface AttributeChange {
  /** Permission bits, 07777; type bits are ignored. */
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  readonly size?: number;
  readonly atimeNs?: bigint | "now";
  readonly mtimeNs?: bigint | "now";
  readonly ctimeNs?: bigint;
}

/** One entry of a directory. */
export interface DirectoryEntry {
  readonly name: string;
  readonly gfid: Gfid;
  /** Inode number, equal to the `ino` of its attributes. */
  readonly ino: bigint;
  /** Position after this entry: the `cookie` with which the next `readdir` goes on. 63 bits, never 0. */
  readonly cookie: bigint;
  /** Linux `DT_…` type. */
  readonly type: number;
}
export interface DirectoryPage {
  readonly entries: readonly DirectoryEntry[];
  /** Whether nothing follows the last entry. */
  readonly atEnd: boolean;
}

/** One name of an object. */
export interface Link {
  readonly parent: Gfid;
  readonly name: string;
}

/** What SETXATTR asks of what is there. */
export type XattrMode = "set" | "create" | "replace" | "create-and-replace";

/** Array operations of XATTROP on big-endian values; `…WithDefault` do as their plain forms. */
export type XattropOperation =
  | "add-32"
  | "add-64"
  | "or"
  | "and"
  | "get-and-set"
  | "add-32-with-default"
  | "add-64-with-default";
export interface XattropResult extends Change {
  /** The values after the operation; for `get-and-set` those before. */
  readonly values: Xattrs;
}

/** Attributes that a target gets when it is published. */
export interface PreparedAttributes {
  /** Permission bits, 07777. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly atimeNs: bigint;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
  /** Every xattr of the source but `trusted.glusterfs.dht.linkto` and what a client may not set. */
  readonly xattrs: Xattrs;
}
/** All of a small file. */
export interface WholeFile {
  /** As many bytes as its attributes say. */
  readonly content: Uint8Array;
  readonly attributes: PreparedAttributes;
}
/** A file that is being moved to this brick. */
export interface MigrationTarget {
  readonly source: Gfid;
  /** Highest fence seen; lower ones are refused. */
  readonly fence: bigint;
  /** The fence under which it was made, or taken over: empty, in both cases. */
  readonly madeUnder: bigint;
  readonly phase: "filling" | "prepared";
}
/** The commit by which a file moved away. */
export interface KnownCommit {
  /** Of the lease that it was made under. */
  readonly epoch: bigint;
  /** Name of the brick that the file moved to. */
  readonly linkto: string;
}

/**
 * The namespace of a brick: POSIX semantics, once, over a store.
 *
 * Objects are named by gfid, or by parent gfid and name. Reads are synchronous and see everything that was
 * acknowledged. Changes resolve when they survive a kill; a power cut as well only what takes a name or an object away, the
 * steps of a migration but `createTarget` with all that came before them, and after `fsync` or `sync` the rest. A rejected change has changed nothing. All throw or reject with {@link TreeError}, or `StoreError` from
 * below. Codes common to all: `TREE_STALE` (unknown gfid), `TREE_NOT_DIRECTORY` (the parent),
 * `TREE_NAME_INVALID`, `TREE_NAME_TOO_LONG` (more than 255 bytes), `TREE_DAMAGED` (run fsck).
 * Permissions are not checked here: the server does. ACLs are xattrs that move along with the mode, as on Linux.
 *
 * An inode on the move: a *link file* (regular, mode exactly 01000, xattr `trusted.glusterfs.dht.linkto`) refuses
 * data calls and changes of attributes and xattrs with `TREE_MOVED` and the `linkto` in the error, unless `access` is
 * internal: they belong to the file on the other brick. A *migration target* is a link file too; its data is changed
 * only with its token: `TREE_FENCED` for a wrong source, a lower fence, or a token where there is no target;
 * `TREE_MIGRATING` for attributes (they come with `prepareTarget`) and for
 * internal work. While a target is `filling`, anyone may unlink or rename it (the data is still on the source); once
 * `prepared`, nobody
 * may, nor write to it, until it is published or aborted.
 */
export interface Tree {
  // Reads.
  /** The object of that name and its parent. `"."` and `".."` resolve. @throws `TREE_NO_ENTRY`. */
  lookup(parent: Gfid, name: string): { readonly stat: Iatt; readonly parent: Iatt };
  /** Who may use the object, and of a directory what new objects in it get. */
  protection(gfid: Gfid): Protection & { readonly inherited: Acl | undefined };
  /** Attributes, also of an unlinked object that is held (nlink 0). */
  stat(gfid: Gfid): Iatt;
  /** The type bits of its mode. */
  type(gfid: Gfid): number;
  /** Its `stat`'s size alone. */
  size(gfid: Gfid): number;
  /** Whether the object exists and has a name: what a fop by gfid alone may use. */
  isLinked(gfid: Gfid): boolean;
  /** @throws `TREE_INVALID` when it is no symbolic link. */
  readlink(gfid: Gfid): { readonly target: string; readonly stat: Iatt };
  /**
   * At most `entriesMax` entries after `cookie` (0n: from the start), "." and ".." first. A cookie stays good while
   * entries come and go and over restarts; an entry that exists during the whole scan is given exactly once.
   * In the root, ".." has the null gfid and ino 2^64 − 1.
   */
  readdir(gfid: Gfid, cookie: bigint, entriesMax: number): DirectoryPage;
  /** @throws `TREE_NO_XATTR`. */
  getXattr(gfid: Gfid, name: string): Uint8Array;
  /** All of them; `trusted.gfid` is not among them. */
  listXattrs(gfid: Gfid): Xattrs;
  /** The names of an object, in no order; none when it is unlinked. The root has none. */
  links(gfid: Gfid): readonly Link[];
  /** One path from the root ("/d/z"), by the first of the names; `undefined` when it is unlinked. */
  path(gfid: Gfid): string | undefined;
  /** Room of the brick, in the units of STATFS. */
  statfs(): Statfs;
  /** Name of the brick that holds the data, for a link file or target; `undefined` for others. */
  linkto(gfid: Gfid): string | undefined;
  /** The migration of which this inode is the target. */
  target(gfid: Gfid): MigrationTarget | undefined;
  /**
   * The targets there are, in the order of their gfids: what to ask the sources about. With `after` those of greater gfids
   * only, at most `limit`.
   */
  targets(
    after?: Gfid,
    limit?: number,
  ): readonly (MigrationTarget & { readonly gfid: Gfid; readonly linkto: string })[];
  /**
   * The last commit by which a file moved away and that no runner has called published since, also when its link file is gone.
   * When there is none: the epoch above which no commit was forgotten.
   */
  committed(gfid: Gfid): KnownCommit | { readonly since: bigint };

  // Names.
  /** A regular file. @throws `TREE_EXISTS`, `TREE_GFID_EXISTS`; xattr codes of `setXattrs`. */
  create(parent: Gfid, name: string, object: NewObject): Promise<Created>;
  /** Any type by its mode; a directory or symbolic link is `TREE_INVALID`. */
  mknod(parent: Gfid, name: string, object: NewObject): Promise<Created>;
  /** @throws `TREE_LINKS_MAX`. */
  mkdir(parent: Gfid, name: string, object: NewObject): Promise<Created>;
  /** `target`: 1 to 4095 bytes. @throws `TREE_TARGET_TOO_LONG`. */
  symlink(parent: Gfid, name: string, target: string, object: NewObject): Promise<Created>;
  /** One more name for `gfid`. @throws `TREE_NOT_PERMITTED` for a directory, `TREE_LINKS_MAX`, `TREE_EXISTS`. */
  link(gfid: Gfid, parent: Gfid, name: string): Promise<Created>;
  /**
   * A regular file without a name, held as if by `hold`; with a `parent` it inherits from that. It goes with the last
   * `release`, and with the process, unless it gets a name. @throws `TREE_GFID_EXISTS`, `TREE_HOLDS_MAX`; xattr codes.
   */
  createNameless(object: NewObject, parent?: Gfid): Promise<Iatt>;
  /**
   * Gives a file of `createNameless` its name, in one step with taking it from what has it when that is `replaces`d.
   * @throws `TREE_STALE` for any other object, `TREE_EXISTS`, `TREE_IS_DIRECTORY`, `TREE_MIGRATING`; `TREE_MOVED` when the
   *   name is that of a link file.
   */
  nameObject(
    gfid: Gfid,
    parent: Gfid,
    name: string,
    options?: { readonly replaces?: boolean },
  ): Promise<Named>;
  /** @throws `TREE_NO_ENTRY`, `TREE_IS_DIRECTORY`, `TREE_UNLINK_CONDITION`; `TREE_MIGRATING` for a prepared target. */
  unlink(parent: Gfid, name: string, condition?: UnlinkCondition): Promise<Removed>;
  /** @throws `TREE_NOT_DIRECTORY`, `TREE_NOT_EMPTY`; `TREE_INVALID` for "." and the root. */
  rmdir(parent: Gfid, name: string): Promise<Removed>;
  /**
   * Moves a name, replacing what has the new one. Two names of one object: nothing happens.
   * @throws `TREE_NO_ENTRY`, `TREE_INSIDE_ITSELF`, `TREE_NOT_EMPTY`, `TREE_IS_DIRECTORY`, `TREE_NOT_DIRECTORY`,
   *   `TREE_MIGRATING` when either object is a prepared target.
   */
  rename(oldParent: Gfid, oldName: string, newParent: Gfid, newName: string): Promise<Renamed>;

  // Attributes.
  /** `size` cuts or grows a regular file first. @throws `TREE_IS_DIRECTORY` for the size of a directory. */
  setattr(gfid: Gfid, change: AttributeChange, access?: Access): Promise<Change>;
  /**
   * Sets all or none. `mode` "create": `TREE_XATTR_EXISTS` if one is there; "replace": `TREE_NO_XATTR` if one is not;
   * "create-and-replace", which setxattr(2) takes too: one or the other.
   * @throws `TREE_NOT_PERMITTED` for `trusted.gfid` and `trusted.glusterfs.volume-id`; `TREE_XATTR_NAME_TOO_LONG`,
   *   `TREE_XATTR_TOO_BIG`, `TREE_XATTR_SPACE`.
   */
  setXattrs(gfid: Gfid, xattrs: Xattrs, mode?: XattrMode, access?: Access): Promise<Change>;
  /** @throws `TREE_NO_XATTR`, `TREE_NOT_PERMITTED`. */
  removeXattr(gfid: Gfid, name: string, access?: Access): Promise<Change>;
  /** Combines each value with what is stored, which is zeros when missing or shorter. Atomic for the object. */
  xattrop(gfid: Gfid, operation: XattropOperation, xattrs: Xattrs, access?: Access): Promise<XattropResult>;

  // Data of regular files; others are `TREE_IS_DIRECTORY` or `TREE_INVALID`, to WRITE all and to READ some `TREE_NOT_A_FILE`.
  /** Reads into `into`, which is the caller's. The bytes after the end of the file are left alone. */
  read(gfid: Gfid, offset: number, into: Uint8Array, access?: Access): Promise<ReadResult>;
  /** Writes all bytes, or appends them. Changes of one file happen in the order of the calls. */
  write(gfid: Gfid, offset: number | "append", bytes: Uint8Array, access?: Access): Promise<Written>;
  truncate(gfid: Gfid, size: number, access?: Access): Promise<Change>;
  /** Grows the file to `offset + length` unless `keepSize`. No room is set aside: Node has no fallocate. */
  allocate(gfid: Gfid, offset: number, length: number, keepSize: boolean, access?: Access): Promise<Change>;
  /** Zeroes the range; the size stays (a punched hole). */
  discard(gfid: Gfid, offset: number, length: number, access?: Access): Promise<Change>;
  /** Zeroes the range and grows the file to its end when it is shorter. */
  zerofill(gfid: Gfid, offset: number, length: number, access?: Access): Promise<Change>;
  /** Next data or hole; the end of the file is a hole. @throws `TREE_NO_DATA_BEYOND`. */
  seek(gfid: Gfid, offset: number, what: "data" | "hole", access?: Access): Promise<number>;
  /** Data, (unless `dataOnly`) times, and what {@link Tree.sync} does survive a power cut afterwards. */
  fsync(gfid: Gfid, dataOnly: boolean, access?: Access): Promise<Change>;
  /** Names, attributes and xattrs of all objects, as far as acknowledged, survive a power cut afterwards. */
  sync(): Promise<void>;
  /** Keeps the times of a file that was written over a kill: call it at the last release, at flush when you like. */
  persistTimes(gfid: Gfid): Promise<void>;

  // Open files.
  /** Keeps the object usable after its last name is gone. @throws `TREE_STALE`, `TREE_HOLDS_MAX`. */
  hold(gfid: Gfid): void;
  /** Ends one `hold`; an unlinked object goes with the last. */
  release(gfid: Gfid): void;

  // Migration. Each is one atomic step; doing it twice because the reply was lost is as good as once.
  /** Raises the fence of a target when the token's is higher, as every call that names one does first. @throws `TREE_FENCED`. */
  checkFence(gfid: Gfid, token: FenceToken): Promise<void>;
  /** D: makes a new, empty target at a name. @throws as `create`. `linkto`: the source brick's name. */
  createTarget(
    parent: Gfid,
    name: string,
    object: NewObject,
    linkto: string,
    token: FenceToken,
  ): Promise<Created>;
  /**
   * D: as {@link Tree.createTarget} with all that is written to it and {@link Tree.prepareTarget}, in one step: the new target is
   * `prepared`, made under the token's fence. @throws as both; `TREE_INVALID` when the content is not as long as the attributes say.
   */
  putTarget(
    parent: Gfid,
    name: string,
    object: NewObject,
    linkto: string,
    token: FenceToken,
    whole: WholeFile,
  ): Promise<Created>;
  /**
   * D: turns an existing link file, or an earlier target of the same source, into an empty target in phase `filling`.
   * A target that has data takes a higher fence than its own; an empty one may be adopted again under the same.
   * @throws `TREE_MIGRATING` for another source's target, `TREE_FENCED` for a fence that is too low, `TREE_NOT_A_TARGET`
   *   when it is no link file: it may hold the data.
   */
  adoptTarget(gfid: Gfid, linkto: string, token: FenceToken): Promise<Change>;
  /**
   * D: brings the size, syncs the data, keeps the attributes for `publishTarget`. Again with others: the last count.
   * @param madeUnder the fence of the `createTarget`, `putTarget` or `adoptTarget` whose target is meant.
   * @throws `TREE_FENCED`, `TREE_NOT_A_TARGET` when it is another target, or none.
   */
  prepareTarget(
    gfid: Gfid,
    attributes: PreparedAttributes,
    token: FenceToken,
    madeUnder: bigint,
  ): Promise<Change>;
  /** D: the target becomes the data file. @throws `TREE_NOT_PREPARED`, `TREE_NOT_A_TARGET`, `TREE_FENCED`. */
  publishTarget(gfid: Gfid, token: FenceToken): Promise<Change>;
  /**
   * D: removes a target with all its names; one that was a link file before becomes that again. Success when the
   * gfid is unknown. @throws `TREE_NOT_A_TARGET` when it is published or was none, `TREE_FENCED`.
   */
  abortTarget(gfid: Gfid, token: FenceToken): Promise<void>;
  /**
   * S: the decision. The data file becomes an empty link file (mode 01000, no other xattr than `linkto`): first its record,
   * durably, then the data goes. The caller has checked the exclusive lease, of that epoch, and holds it until this resolves.
   * @throws `TREE_MOVED` when it is a link file to another brick, `TREE_MIGRATING` when it is a target.
   */
  commitMoved(gfid: Gfid, linkto: string, epoch: bigint): Promise<Change>;
  /** S: a commit of that epoch or a lower one is published, so {@link committed} may forget it; in the background. */
  forgetCommit(gfid: Gfid, epoch: bigint): void;

  /** Persists all times and stops. The store stays open. */
  close(): Promise<void>;
}
