import { FileType } from "@brickshift/wire";
import { describe, expect, it } from "vitest";
import { aclWithMode, inheritedAcl, isMinimal, modeOfAcl } from "../../src/access/acl-mode.js";
import {
  permitsAttributes,
  permitsRemoveXattr,
  permitsSetXattr,
  settableMode,
} from "../../src/access/attribute-permission.js";
import { newProtection } from "../../src/access/new-protection.js";
import { wantedByOpen } from "../../src/access/open-permission.js";
import { permits, permitsInSticky } from "../../src/access/permission.js";
import { type Acl, AclTag, decodeAcl, encodeAcl, NO_ID } from "../../src/access/posix-acl.js";

const entry = (tag: keyof typeof AclTag, permissions: number, id: number = NO_ID) => ({
  tag: AclTag[tag],
  permissions,
  id,
});
const acl: Acl = [
  entry("owner", 7),
  entry("user", 6, 20),
  entry("group", 1),
  entry("namedGroup", 4, 30),
  entry("namedGroup", 2, 31),
  entry("mask", 6),
  entry("other", 1),
];
const file = { mode: 0o100761, uid: 10, gid: 11, access: acl };
const caller = (uid: number, gid: number, groups: readonly number[] = [], pid = 5) => ({
  pid,
  uid,
  gid,
  groups,
});

describe("the access check", () => {
  it.each([
    ["the owner, past the mask", caller(10, 99), 7, true],
    ["a named user within the mask", caller(20, 11), 6, true],
    ["a named user beyond its entry, though a group of it may", caller(20, 30), 1, false],
    ["the owning group, which the mask leaves nothing", caller(50, 11), 1, false],
    ["a named group", caller(50, 99, [30]), 4, true],
    ["two groups of which neither alone may", caller(50, 30, [31]), 6, false],
    ["a member of a group for what others may", caller(50, 30), 1, false],
    ["others", caller(50, 99), 1, true],
    ["root", caller(0, 0), 7, true],
    ["an internal client", caller(50, 99, [], -3), 7, true],
  ] as const)("goes by the ACL for %s", (_who, who, wanted, expected) => {
    expect(permits(file, who, wanted)).toBe(expected);
  });

  it("leaves names in a sticky directory to the owners of either", () => {
    const directory = { mode: 0o041777, uid: 1 };
    expect(permitsInSticky(directory, { uid: 2 }, caller(3, 3))).toBe(false);
    expect(permitsInSticky(directory, { uid: 3 }, caller(3, 3))).toBe(true);
    expect(permitsInSticky(directory, { uid: 2 }, caller(1, 3))).toBe(true);
    expect(permitsInSticky({ ...directory, mode: 0o040777 }, { uid: 2 }, caller(3, 3))).toBe(true);
  });

  it.each([
    [0, 4],
    [1, 2],
    [2, 6],
    [3, 4],
    [0x20, 1],
    [0x200, 6],
    [0x401, 2],
  ])("wants of an open with flags %i the permissions %i", (flags, wanted) => {
    expect(wantedByOpen(flags)).toBe(wanted);
  });
});

describe("changes of attributes", () => {
  it("are the owner's, within its groups", () => {
    const of = (who: ReturnType<typeof caller>, wanted: object) => permitsAttributes(file, who, wanted);
    expect(of(caller(10, 11), { mode: 0o600 })).toBe("granted");
    expect(of(caller(50, 11), { mode: 0o600 })).toBe("not-owner");
    expect(of(caller(50, 11, [], -1), { mode: 0o600 })).toBe("not-owner");
    expect(of(caller(10, 11), { uid: 12 })).toBe("not-owner");
    expect(of(caller(10, 11), { gid: 12 })).toBe("not-owner");
    expect(of(caller(10, 11, [12]), { gid: 12 })).toBe("granted");
    expect(of(caller(20, 99), { mtimeNs: "now" })).toBe("granted");
    expect(of(caller(50, 99), { mtimeNs: "now" })).toBe("denied");
    expect(of(caller(0, 0), { uid: 12, gid: 13, mode: 0 })).toBe("granted");
  });

  it("keep the set-group-id bit for members of the group", () => {
    expect(settableMode(file, caller(10, 11), 0o2755)).toBe(0o2755);
    expect(settableMode(file, caller(10, 99), 0o2755)).toBe(0o0755);
  });

  it("of ACLs are the owner's, those of other xattrs everybody's who may write", () => {
    const name = "system.posix_acl_access";
    expect(permitsSetXattr(file, caller(10, 11), name)).toBe("granted");
    expect(permitsSetXattr(file, caller(20, 99), name)).toBe("not-owner");
    expect(permitsSetXattr(file, caller(20, 99), "user.x")).toBe("granted");
    expect(permitsSetXattr(file, caller(50, 99), "user.x")).toBe("denied");
    const unwritable = { ...file, mode: 0o100061 };
    expect(permitsSetXattr(unwritable, caller(10, 11), name)).toBe("granted");
    expect(permitsRemoveXattr(unwritable, caller(10, 11), name)).toBe("denied");
  });
});

describe("an ACL", () => {
  it("is what Linux has in the xattr, both ways", () => {
    const head = "0200000001000700ffffffff0200060014000000";
    expect(Buffer.from(encodeAcl(acl)).toString("hex").slice(0, head.length)).toBe(head);
    expect(decodeAcl(encodeAcl(acl))).toEqual(acl);
  });

  it.each([
    ["another version", Uint8Array.of(1, 0, 0, 0)],
    ["half an entry", Uint8Array.of(2, 0, 0, 0, 1, 0, 7, 0)],
    ["no owner", encodeAcl(acl.slice(1))],
    ["named users without a mask", encodeAcl(acl.filter(({ tag }) => tag !== AclTag.mask))],
    ["entries out of order", encodeAcl(acl.toReversed())],
    ["permissions that there are not", encodeAcl([entry("owner", 8), entry("group", 0), entry("other", 0)])],
  ])("is none with %s", (_what, bytes) => {
    expect(decodeAcl(bytes)).toBeUndefined();
  });

  it("stands for a mode by its mask, and follows a chmod with it", () => {
    expect(modeOfAcl(acl)).toBe(0o761);
    const after = aclWithMode(acl, 0o640);
    expect(modeOfAcl(after)).toBe(0o640);
    expect(after.find(({ tag }) => tag === AclTag.group)?.permissions).toBe(1);
    expect(isMinimal(acl)).toBe(false);
  });

  it("is inherited within the mode, in the place of the umask", () => {
    expect(inheritedAcl(acl, 0o640).mode).toBe(0o640);
    const minimal = [entry("owner", 7), entry("group", 5), entry("other", 0)];
    expect(newProtection(FileType.regular, 0o666, 0o077, minimal)).toMatchObject({ mode: 0o640 });
    expect(newProtection(FileType.directory, 0o777, 0o077, minimal).inherited).toBe(minimal);
    expect(newProtection(FileType.regular, 0o6777, 0o022, undefined).mode).toBe(0o755);
    expect(newProtection(FileType.directory, 0o7777, 0o022, undefined).mode).toBe(0o1755);
  });
});
