import { FileType, ROOT_GFID, WireError } from "@brickshift/wire";
import { decodeInode, encodeInode, type InodeRecord } from "../../../packages/brick/src/tree/inode-record.js";
import type { FuzzTarget } from "../target.js";

/** What a store holds for an inode. */
export const inodeRecords: FuzzTarget = {
  name: "inode records",
  holds:
    "any bytes are the record of an inode, which is written again as it was read, or a WireError, which the brick tells as TREE_DAMAGED",
  corpus: "packages/brick/test/corpus/inode-record",
  seeds: () => [file, prepared, published].map((record) => encodeInode(record)),
  run(bytes) {
    let record: InodeRecord;
    try {
      record = decodeInode(bytes);
    } catch (error) {
      if (error instanceof WireError) return "refused";
      throw error;
    }
    const written = encodeInode(record);
    const isOld = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0) === 1;
    // An xattr that is there twice is read once; not-a-number has many forms.
    const isExcused = isOld || written.length < bytes.length || Number.isNaN(record.dataStampMs);
    if (!isExcused && Buffer.compare(written, bytes) !== 0) {
      throw new Error(`written as ${Buffer.from(written).toString("hex")}`);
    }
    return "accepted";
  },
};

const file: InodeRecord = {
  mode: FileType.regular | 0o644,
  uid: 1,
  gid: 2,
  nlink: 1,
  rdev: 0n,
  atimeNs: 3n,
  mtimeNs: 4n,
  ctimeNs: 5n,
  dataStampMs: 6.5,
  keptBytes: 77,
  nextCookie: 0n,
  symlink: "",
  xattrs: new Map([
    ["user.k", Uint8Array.of(7)],
    ["user.l", new Uint8Array(0)],
  ]),
  published: undefined,
  target: undefined,
};
const token = { source: ROOT_GFID, fence: 9n };
const prepared: InodeRecord = {
  ...file,
  target: {
    ...token,
    madeUnder: 8n,
    phase: "prepared",
    formerLinkto: "b7",
    prepared: { ...file, size: 100, xattrs: new Map() },
  },
};
const published: InodeRecord = { ...file, published: token, symlink: "a/b" };
