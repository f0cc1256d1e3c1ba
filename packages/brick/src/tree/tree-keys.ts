import { type Gfid, gfidFromBytes, writeGfid } from "@brickshift/wire";

/** First byte of each kind of record. */
export const RecordKind = {
  /** gfid → inode. */
  inode: 0x69,
  /** parent gfid, name → entry. */
  name: 0x6e,
  /** parent gfid, cookie → entry in the order of making. */
  cookie: 0x64,
  /** gfid, parent gfid, name → nothing: the names of an object. */
  link: 0x6c,
  /** gfid → work to be done at the next start, {@link PendingWork}. */
  pending: 0x70,
  /** gfid → the content of a small file that has no blob. */
  content: 0x63,
  /** gfid → nothing: the migration targets. */
  target: 0x74,
  /** gfid → the commit by which it moved away; of no gfid: since when all of them are there. */
  commit: 0x6d,
} as const;
export type RecordKind = (typeof RecordKind)[keyof typeof RecordKind];

/** Key of the record of one object. */
export function objectKey(kind: RecordKind, gfid: Gfid): Uint8Array {
  const key = new Uint8Array(17);
  key[0] = kind;
  writeGfid(gfid, key, 1);
  return key;
}

/** Key of a name in a directory. */
export function nameKey(parent: Gfid, name: Uint8Array): Uint8Array {
  const key = new Uint8Array(17 + name.length);
  key[0] = RecordKind.name;
  writeGfid(parent, key, 1);
  key.set(name, 17);
  return key;
}

/** Key of an entry by its cookie; keys order as cookies do. */
export function cookieKey(parent: Gfid, cookie: bigint): Uint8Array {
  const key = new Uint8Array(25);
  key[0] = RecordKind.cookie;
  writeGfid(parent, key, 1);
  new DataView(key.buffer).setBigUint64(17, cookie);
  return key;
}

/** Key of one name of an object. */
export function linkKey(gfid: Gfid, parent: Gfid, name: Uint8Array): Uint8Array {
  const key = new Uint8Array(33 + name.length);
  key[0] = RecordKind.link;
  writeGfid(gfid, key, 1);
  writeGfid(parent, key, 17);
  key.set(name, 33);
  return key;
}

/** Parent and name of a {@link linkKey}; the name is a view. */
export function parseLinkKey(key: Uint8Array): { readonly parent: Gfid; readonly name: Uint8Array } {
  return { parent: gfidFromBytes(key, 17), name: key.subarray(33) };
}

/** The range of all keys that begin with `prefix`. */
export function prefixRange(prefix: Uint8Array): { readonly from: Uint8Array; readonly to: Uint8Array } {
  const to = prefix.slice();
  for (let at = to.length - 1; at >= 0; at -= 1) {
    if (to[at] !== 0xff) {
      to[at] = (to[at] as number) + 1;
      return { from: prefix, to: to.subarray(0, at + 1) };
    }
  }
  return { from: prefix, to: new Uint8Array(prefix.length + 1).fill(0xff) };
}

/** The range of all records of a kind. */
export function kindRange(kind: RecordKind): { readonly from: Uint8Array; readonly to: Uint8Array } {
  return prefixRange(Uint8Array.of(kind));
}

/** The range of the records of a kind that has one for each object, of those with a greater gfid. */
export function rangeAfter(
  kind: RecordKind,
  after: Gfid,
): { readonly from: Uint8Array; readonly to: Uint8Array } {
  return { from: prefixRange(objectKey(kind, after)).to, to: kindRange(kind).to };
}
