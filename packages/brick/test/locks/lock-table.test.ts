import type { ClientUid, Gfid } from "@brickshift/wire";
import { describe, expect, it } from "vitest";
import { END_OF_ANY_FILE } from "../../src/locks/byte-range.js";
import { LockTable } from "../../src/locks/lock-table.js";

const [alice, bob, carol] = ["alice", "bob", "carol"] as [ClientUid, ClientUid, ClientUid];
const gfid = "00000000-0000-0000-0000-00000000000a" as Gfid;
const otherGfid = "00000000-0000-0000-0000-00000000000b" as Gfid;
const whole = { startBytes: 0n, endBytes: END_OF_ANY_FILE };

function setUp(limits = { locksPerInodeMax: 64, locksPerClientMax: 64 }) {
  const table = new LockTable(limits);
  let request = 0;
  const next = () => (request += 1);
  const inode = (client: ClientUid, kind: "read" | "write", wait = false, domain = "d", lkOwner = "01") =>
    table.inode.lock(gfid, domain, next(), { client, lkOwner, kind, ...whole }, wait);
  const entry = (client: ClientUid, name: string | undefined, wait = false, domain = "d") =>
    table.entry.lock(gfid, domain, next(), { client, lkOwner: "01", name, type: 1 }, wait);
  return { table, next, inode, entry };
}

describe("inode locks", () => {
  it("share for reading, exclude for writing, and know nothing of other domains", () => {
    const { inode } = setUp();
    expect(inode(alice, "read")).toHaveLength(1);
    expect(inode(bob, "read")).toHaveLength(1);
    expect(() => inode(carol, "write")).toThrow("LOCK_CONFLICT");
    expect(inode(carol, "write", false, "other")).toHaveLength(1);
  });

  it("of two ranges without a common byte do not conflict", () => {
    const { table, next } = setUp();
    const lock = (client: ClientUid, startBytes: bigint, endBytes: bigint) =>
      table.inode.lock(
        gfid,
        "d",
        next(),
        { client, lkOwner: "01", kind: "write", startBytes, endBytes },
        false,
      );
    expect(lock(alice, 0n, 10n)).toHaveLength(1);
    expect(lock(bob, 10n, 20n)).toHaveLength(1);
    expect(() => lock(bob, 9n, 10n)).toThrow("LOCK_CONFLICT");
  });

  it("wait in order and are granted together when they can share", () => {
    const { table, inode } = setUp();
    inode(alice, "write");
    inode(bob, "read", true);
    inode(carol, "read", true);
    expect(table.inode.unlock(gfid, "d", { client: alice, lkOwner: "01", kind: "write", ...whole })).toEqual([
      { type: "granted", request: 2 },
      { type: "granted", request: 3 },
    ]);
  });

  it("do not let a reader overtake a writer that waits", () => {
    const { table, inode } = setUp();
    inode(alice, "read");
    inode(bob, "write", true);
    expect(inode(carol, "read", true)).toEqual([]);
    expect(table.inode.unlock(gfid, "d", { client: alice, lkOwner: "01", kind: "read", ...whole })).toEqual([
      { type: "granted", request: 2 },
    ]);
  });

  it("do not hold back an owner whom the one that waits waits for, which would be a deadlock", () => {
    const { inode } = setUp();
    inode(alice, "read");
    inode(bob, "write", true);
    expect(inode(alice, "read", true)).toHaveLength(1);
  });

  it("are ended only by their owner and only as they were taken", () => {
    const { table, inode } = setUp();
    inode(alice, "write");
    const named = { client: alice, lkOwner: "01", kind: "write" as const, ...whole };
    expect(() => table.inode.unlock(gfid, "d", { ...named, client: bob })).toThrow("LOCK_NOT_HELD");
    expect(() => table.inode.unlock(gfid, "d", { ...named, endBytes: 5n })).toThrow("LOCK_NOT_HELD");
    expect(() => table.inode.unlock(gfid, "x", named)).toThrow("LOCK_NOT_HELD");
    table.inode.unlock(gfid, "d", named);
    expect(() => table.inode.unlock(gfid, "d", named)).toThrow("LOCK_NOT_HELD");
  });

  it("taken twice by one owner are ended twice", () => {
    const { table, inode } = setUp();
    inode(alice, "write");
    inode(alice, "write");
    const named = { client: alice, lkOwner: "01", kind: "write" as const, ...whole };
    expect(inode(bob, "write", true)).toEqual([]);
    expect(table.inode.unlock(gfid, "d", named)).toEqual([]);
    expect(table.inode.unlock(gfid, "d", named)).toHaveLength(1);
  });
});

describe("entry locks", () => {
  it("conflict on equal names whatever their type, and with a lock of the whole directory", () => {
    const { entry } = setUp();
    entry(alice, "a");
    expect(() => entry(bob, "a")).toThrow("LOCK_CONFLICT");
    expect(() => entry(bob, undefined)).toThrow("LOCK_CONFLICT");
    expect(entry(bob, "b")).toHaveLength(1);
  });

  it("are ended by what they were taken with: the name or none, and the type", () => {
    const { table, entry } = setUp();
    entry(alice, undefined);
    const named = { client: alice, lkOwner: "01", name: undefined, type: 1 };
    expect(() => table.entry.unlock(gfid, "d", { ...named, name: "a" })).toThrow("LOCK_NOT_HELD");
    expect(() => table.entry.unlock(gfid, "d", { ...named, type: 0 })).toThrow("LOCK_NOT_HELD");
    table.entry.unlock(gfid, "d", named);
    expect(table.countOf(alice)).toBe(0);
  });
});

describe("a client that goes", () => {
  it("loses every lock on every inode, and those who waited for them go on", () => {
    const { table, next, inode, entry } = setUp();
    const posix = (client: ClientUid, wait = false) =>
      table.setPosix(
        otherGfid,
        next(),
        { client, lkOwner: "01", kind: "write", pid: 1, fd: 0n, ...whole },
        wait,
      );
    inode(alice, "write");
    entry(alice, "a");
    posix(alice);
    inode(bob, "write", true);
    entry(bob, "a", true);
    posix(bob, true);
    inode(alice, "write", true, "d", "waits");
    const effects = table.dropClient(alice);
    expect(effects).toContainEqual({ type: "cancelled", request: 7 });
    for (const request of [4, 5, 6]) expect(effects).toContainEqual({ type: "granted", request });
    expect(effects).toHaveLength(4);
    expect([table.countOf(alice), table.countOf(bob)]).toEqual([0, 3]);
    expect(table.dropClient(alice)).toEqual([]);
  });
});

describe("bounds", () => {
  it("of an inode refuse internal locks, waiting ones too", () => {
    const { inode, entry } = setUp({ locksPerInodeMax: 2, locksPerClientMax: 64 });
    inode(alice, "write");
    inode(bob, "write", true);
    expect(() => inode(carol, "write", true)).toThrow("LOCK_LIMIT");
    expect(entry(carol, "a")).toHaveLength(1);
  });

  it("of a client count its locks of all kinds", () => {
    const { table, inode, entry } = setUp({ locksPerInodeMax: 64, locksPerClientMax: 2 });
    inode(alice, "write");
    entry(alice, "a");
    expect(() => inode(alice, "write", false, "other")).toThrow("LOCK_LIMIT");
    expect(() =>
      table.setPosix(
        gfid,
        99,
        { client: alice, lkOwner: "01", kind: "read", pid: 1, fd: 0n, ...whole },
        false,
      ),
    ).toThrow("LOCK_LIMIT");
    expect([table.inode.heldCount(gfid), table.inode.heldCount(gfid, "d")]).toEqual([1, 1]);
    expect(table.inode.heldCount(gfid, "other")).toBe(0);
  });
});
