import { FileType } from "@brickshift/wire";
import { expect, it } from "vitest";
import { decodeInode, encodeInode, type InodeRecord } from "../../src/tree/inode-record.js";
import { newGfid } from "./tree-fixture.js";

const MADE_UNDER_BYTES = 8;
/** Phase, and that there is neither a former linkto nor what it was prepared with. */
const AFTER_BYTES = 12;
/** The length of the content that is kept. */
const KEPT_BYTES = 8;

const record: InodeRecord = {
  mode: FileType.regular | 0o1000,
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
  xattrs: new Map([["user.k", Uint8Array.of(7)]]),
  published: undefined,
  target: {
    source: newGfid(),
    fence: 9n,
    madeUnder: 8n,
    phase: "filling",
    formerLinkto: undefined,
    prepared: undefined,
  },
};

it("is read as it was written", () => {
  for (const written of [record, { ...record, keptBytes: undefined }]) {
    expect(decodeInode(encodeInode(written))).toEqual(written);
  }
});

it("of version 2 keeps no content", () => {
  const before = Buffer.from(encodeInode(record)).subarray(0, -KEPT_BYTES);
  before.writeUInt32BE(2);
  const decoded = decodeInode(Uint8Array.from(before));
  expect(decoded).toEqual({ ...record, keptBytes: undefined });
  // On a full medium a record may be written again as long as it does not grow.
  expect(encodeInode(decoded)).toEqual(Uint8Array.from(before));
});

it("of version 1 is of a target that was made under the fence that it has", () => {
  const bytes = Buffer.from(encodeInode(record)).subarray(0, -KEPT_BYTES);
  const end = bytes.length - AFTER_BYTES;
  const before = Buffer.concat([bytes.subarray(0, end - MADE_UNDER_BYTES), bytes.subarray(end)]);
  before.writeUInt32BE(1);
  expect(decodeInode(Uint8Array.from(before))).toEqual({
    ...record,
    keptBytes: undefined,
    target: { ...record.target, madeUnder: 9n },
  });
});

it("of a version that is not known is refused", () => {
  const bytes = Buffer.from(encodeInode(record));
  bytes.writeUInt32BE(4);
  expect(() => decodeInode(bytes)).toThrow("an inode record of version 4");
});
