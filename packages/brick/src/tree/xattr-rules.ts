import { FileType, nameByteLength } from "@brickshift/wire";
import { type InodeRecord, typeOf } from "./inode-record.js";
import type { TreeOptions } from "./options.js";
import type { Xattrs } from "./tree.js";
import { TreeError } from "./tree-error.js";

/** Longest name of an xattr, in bytes. Source: Linux, `XATTR_NAME_MAX`. */
const XATTR_NAME_BYTES_MAX = 255;
const protectedNames: ReadonlySet<string> = new Set(["trusted.gfid", "trusted.glusterfs.volume-id"]);

/** @throws TreeError `TREE_NOT_PERMITTED` for what says who an object or a volume is. */
export function checkMayChange(name: string): void {
  if (protectedNames.has(name)) throw new TreeError("TREE_NOT_PERMITTED", `${name} is not set by clients`);
}

/** @throws TreeError `TREE_NOT_PERMITTED` for `user.*` of what is neither file nor directory. Source: xattr(7). */
export function checkHasXattrs(record: InodeRecord, name: string): void {
  const type = typeOf(record);
  if (!name.startsWith("user.") || type === FileType.regular || type === FileType.directory) return;
  throw new TreeError("TREE_NOT_PERMITTED", "user xattrs are for files and directories");
}

/**
 * `present` with `changes`, or a refusal.
 * @throws TreeError `TREE_NOT_PERMITTED`, `TREE_XATTR_NAME_TOO_LONG`, `TREE_XATTR_TOO_BIG`, `TREE_XATTR_SPACE`,
 *   `TREE_INVALID` for an empty name.
 */
export function withXattrs(present: Xattrs, changes: Xattrs, options: TreeOptions): Xattrs {
  const merged = new Map(present);
  for (const [name, value] of changes) {
    checkMayChange(name);
    if (name === "") throw new TreeError("TREE_INVALID", "an xattr has a name");
    if (nameByteLength(name) > XATTR_NAME_BYTES_MAX) {
      throw new TreeError(
        "TREE_XATTR_NAME_TOO_LONG",
        `an xattr name has at most ${XATTR_NAME_BYTES_MAX} bytes`,
      );
    }
    if (value.length > options.xattrBytesMax) {
      throw new TreeError(
        "TREE_XATTR_TOO_BIG",
        `${value.length} bytes where ${options.xattrBytesMax} are allowed`,
      );
    }
    merged.set(name, value);
  }
  let bytes = 0;
  for (const [name, value] of merged) bytes += nameByteLength(name) + value.length;
  if (bytes > options.xattrsBytesMax) {
    throw new TreeError(
      "TREE_XATTR_SPACE",
      `${bytes} bytes of xattrs where ${options.xattrsBytesMax} are allowed`,
    );
  }
  return merged;
}
