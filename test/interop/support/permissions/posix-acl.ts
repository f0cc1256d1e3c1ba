/** One entry of an ACL: whom it is for and what they may, 0 to 7. */
export type AclEntry = readonly [tag: keyof typeof tags, permissions: number, id?: number];

const tags = { owner: 0x01, user: 0x02, group: 0x04, "named-group": 0x08, mask: 0x10, other: 0x20 } as const;
const NO_ID = 0xffff_ffff;

/** The value of `system.posix_acl_access` and `system.posix_acl_default`, as Linux has it. */
export function encodeAcl(entries: readonly AclEntry[]): Uint8Array {
  const bytes = new DataView(new ArrayBuffer(4 + 8 * entries.length));
  bytes.setUint32(0, 2, true);
  for (const [index, [tag, permissions, id]] of entries.entries()) {
    const at = 4 + 8 * index;
    bytes.setUint16(at, tags[tag], true);
    bytes.setUint16(at + 2, permissions, true);
    bytes.setUint32(at + 4, id ?? NO_ID, true);
  }
  return new Uint8Array(bytes.buffer);
}
