import { seededRandom } from "@brickshift/testkit";
import type { ClientUid } from "@brickshift/wire";
import { describe, expect, it } from "vitest";
import { END_OF_ANY_FILE } from "../../src/locks/byte-range.js";
import { LockQuota } from "../../src/locks/lock-limits.js";
import { type PosixLockRequest, PosixLocks } from "../../src/locks/posix-locks.js";

const [alice, bob, carol] = ["alice", "bob", "carol"] as [ClientUid, ClientUid, ClientUid];

function setUp(limits = { locksPerInodeMax: 64, locksPerClientMax: 64 }) {
  const quota = new LockQuota(limits);
  const locks = new PosixLocks(quota);
  let request = 0;
  const wish = (
    client: ClientUid,
    kind: PosixLockRequest["kind"],
    start: number,
    end: number,
    lkOwner = "01",
    fd = 0n,
  ): PosixLockRequest => {
    const endBytes = end === Infinity ? END_OF_ANY_FILE : BigInt(end);
    return { client, lkOwner, kind, startBytes: BigInt(start), endBytes, pid: 1, fd };
  };
  const set = (lock: PosixLockRequest, wait = false) => locks.set((request += 1), lock, wait);
  const ranges = () =>
    locks.held.map((lock) => `${lock.client} ${lock.kind} ${lock.startBytes}-${lock.endBytes}`).toSorted();
  return { quota, locks, wish, set, ranges };
}

describe("locks of one owner", () => {
  it("merge when they touch and are of one kind", () => {
    const { set, wish, ranges } = setUp();
    set(wish(alice, "write", 0, 10));
    set(wish(alice, "write", 20, 30));
    set(wish(alice, "write", 10, 20));
    expect(ranges()).toEqual(["alice write 0-30"]);
  });

  it("are split by an unlock in the middle", () => {
    const { set, wish, ranges } = setUp();
    set(wish(alice, "write", 0, 30));
    set(wish(alice, "unlock", 10, 20));
    expect(ranges()).toEqual(["alice write 0-10", "alice write 20-30"]);
  });

  it("are replaced where a new lock of the other kind covers them", () => {
    const { set, wish, ranges } = setUp();
    set(wish(alice, "write", 0, Infinity));
    set(wish(alice, "read", 10, 20));
    expect(ranges()).toEqual(["alice read 10-20", "alice write 0-10", "alice write 20-18446744073709551616"]);
  });

  it("never conflict with each other", () => {
    const { set, wish } = setUp();
    set(wish(alice, "write", 0, 10));
    expect(set(wish(alice, "read", 5, 15))).toEqual([{ type: "granted", request: 2 }]);
  });
});

/** What `script` leaves of an owner's locks, by the fd that each ends with: a step is `fd kind start-end`. */
function byFd(...script: readonly string[]): readonly string[] {
  const { set, wish, locks } = setUp();
  for (const step of script) {
    const [, fd, kind, start, end] = /^(\d) (read|write|unlock) (\d+)-(\d+)$/.exec(step) ?? [];
    const kindOf = kind as PosixLockRequest["kind"];
    set(wish(alice, kindOf, Number(start), Number(end), "01", BigInt(fd as string)));
  }
  return locks.held.map((lock) => `${lock.fd} ${lock.kind} ${lock.startBytes}-${lock.endBytes}`).toSorted();
}

describe("locks of one owner through two fds", () => {
  it.each([
    ["both of them", ["1 write 0-10", "2 write 10-20"], ["1 write 0-10", "2 write 10-20"]],
    ["of both kinds", ["1 read 0-10", "2 write 10-20"], ["1 read 0-10", "2 write 10-20"]],
  ])("stay apart where they touch: %s", (_name, script, left) => {
    expect(byFd(...script)).toEqual(left);
  });

  it.each([
    ["the same range", ["1 write 0-10", "2 write 0-10"], ["2 write 0-10"]],
    ["more", ["1 write 5-10", "2 write 0-20"], ["2 write 0-20"]],
    ["a part", ["1 write 0-20", "2 write 5-10"], ["2 write 0-20"]],
    ["the end", ["1 read 0-10", "2 read 5-20"], ["2 read 0-20"]],
    ["the start", ["1 read 5-20", "2 read 0-10"], ["2 read 0-20"]],
    ["two", ["1 write 0-5", "2 write 10-15", "3 write 0-15"], ["3 write 0-15"]],
  ])("become one of the later fd where they are of one kind and overlap: %s", (_name, script, left) => {
    expect(byFd(...script)).toEqual(left);
  });

  it.each([
    ["the same range", ["1 read 0-10", "2 write 0-10"], ["1 write 0-10"]],
    ["more", ["1 write 5-10", "2 read 0-20"], ["1 read 0-20"]],
    ["more after it", ["1 read 0-5", "2 write 0-10"], ["1 write 0-10"]],
    ["more before it", ["1 read 5-10", "2 write 0-10"], ["1 write 0-10"]],
    ["two", ["1 read 0-5", "2 read 10-15", "3 write 0-15"], ["2 write 0-15"]],
    [
      "two, the older one cut since",
      ["1 read 0-8", "2 read 10-15", "3 unlock 5-8", "3 write 0-15"],
      ["1 write 0-15"],
    ],
    ["one, beside one of the new kind", ["1 read 0-5", "2 write 8-12", "3 write 0-15"], ["1 write 0-15"]],
  ])("stay with the earlier fd where all of them changes over: %s", (_name, script, left) => {
    expect(byFd(...script)).toEqual(left);
  });

  it.each([
    ["the end", ["1 read 0-10", "2 write 5-10"], ["1 read 0-5", "2 write 5-10"]],
    ["the end and more", ["1 read 0-10", "2 write 5-20"], ["1 read 0-5", "2 write 5-20"]],
    ["the start", ["1 read 5-20", "2 write 5-10"], ["1 read 10-20", "2 write 5-10"]],
    ["the start and more", ["1 read 5-20", "2 write 0-10"], ["1 read 10-20", "2 write 0-10"]],
    ["the middle", ["1 write 0-20", "2 read 5-10"], ["1 write 0-5", "1 write 10-20", "2 read 5-10"]],
  ])("are each of its own fd where a part changes over: %s", (_name, script, left) => {
    expect(byFd(...script)).toEqual(left);
  });

  it("are unlocked through either", () => {
    expect(byFd("1 write 0-20", "2 unlock 5-10")).toEqual(["1 write 0-5", "1 write 10-20"]);
    expect(byFd("1 write 5-10", "2 unlock 0-20")).toEqual([]);
  });

  it("touch one of the fd that they come to, and join it", () => {
    expect(byFd("2 write 0-5", "1 read 5-10", "2 write 5-10")).toEqual(["1 write 5-10", "2 write 0-5"]);
    expect(byFd("1 write 0-5", "1 read 5-10", "2 write 5-10")).toEqual(["1 write 0-10"]);
  });

  it("end with the fd that they are of, whoever owns them", () => {
    const { set, wish, locks, ranges } = setUp();
    set(wish(alice, "write", 0, 10, "01", 0n));
    set(wish(alice, "write", 10, 20, "02", 1n));
    locks.dropFd(alice, 1n);
    expect(ranges()).toEqual(["alice write 0-10"]);
  });
});

describe("locks of different owners", () => {
  it("share a range for reading and exclude each other for writing", () => {
    const { set, wish } = setUp();
    set(wish(alice, "read", 0, 10));
    expect(set(wish(bob, "read", 5, 15))).toHaveLength(1);
    expect(() => set(wish(bob, "write", 9, 20))).toThrow("LOCK_CONFLICT");
    expect(set(wish(bob, "write", 10, 20))).toHaveLength(1);
  });

  it("are told apart by the lock owner, even of one client", () => {
    const { set, wish } = setUp();
    set(wish(alice, "write", 0, 10, "01"));
    expect(() => set(wish(alice, "write", 0, 10, "02"))).toThrow("LOCK_CONFLICT");
  });

  it("are reported to GETLK: the first that stands in the way, or none", () => {
    const { set, wish, locks } = setUp();
    set(wish(bob, "read", 0, 10));
    const asked = { ...wish(alice, "write", 5, 6), kind: "write" as const };
    expect(locks.blocker(asked)).toMatchObject({ client: bob, kind: "read", startBytes: 0n, endBytes: 10n });
    expect(locks.blocker({ ...asked, kind: "read" })).toBeUndefined();
  });
});

describe("requests that wait", () => {
  it("are granted in order when the lock in the way ends", () => {
    const { set, wish } = setUp();
    set(wish(alice, "write", 0, 10));
    expect(set(wish(bob, "write", 0, 10), true)).toEqual([]);
    expect(set(wish(carol, "write", 0, 10), true)).toEqual([]);
    expect(set(wish(alice, "unlock", 0, 10))).toEqual([
      { type: "granted", request: 4 },
      { type: "granted", request: 2 },
    ]);
    expect(set(wish(bob, "unlock", 0, 10))).toContainEqual({ type: "granted", request: 3 });
  });

  it("are not overtaken by a new request that conflicts with them", () => {
    const { set, wish } = setUp();
    set(wish(alice, "read", 0, 10));
    set(wish(bob, "write", 0, 10), true);
    expect(set(wish(carol, "read", 0, 10), true)).toEqual([]);
    expect(set(wish(carol, "read", 10, 20), true)).toHaveLength(1);
    expect(() => set(wish(carol, "read", 5, 6, "other"))).toThrow("LOCK_CONFLICT");
  });

  it("do not hold back an owner that already holds a lock here, which would be a deadlock", () => {
    const { set, wish } = setUp();
    set(wish(alice, "read", 0, 10));
    set(wish(bob, "write", 0, 20), true);
    expect(set(wish(alice, "read", 10, 20), true)).toHaveLength(1);
  });

  it("are granted when a write lock in the way becomes a read lock", () => {
    const { set, wish } = setUp();
    set(wish(alice, "write", 0, 10));
    set(wish(bob, "read", 0, 10), true);
    expect(set(wish(alice, "read", 0, 10))).toContainEqual({ type: "granted", request: 2 });
  });

  it("are cancelled when their client goes, which frees those behind them", () => {
    const { set, wish, locks, quota } = setUp();
    set(wish(alice, "read", 0, 10));
    set(wish(bob, "write", 0, 10), true);
    set(wish(carol, "read", 0, 10), true);
    expect(locks.dropClient(bob)).toEqual([
      { type: "cancelled", request: 2 },
      { type: "granted", request: 3 },
    ]);
    expect(quota.countOf(bob)).toBe(0);
  });
});

describe("bounds", () => {
  it("refuse one lock more on an inode and leave everything as it was", () => {
    const { set, wish, locks, ranges } = setUp({ locksPerInodeMax: 2, locksPerClientMax: 64 });
    set(wish(alice, "read", 0, 1));
    set(wish(bob, "read", 0, 1));
    const before = ranges();
    expect(() => set(wish(carol, "read", 0, 1))).toThrow("LOCK_LIMIT");
    expect(() => set(wish(carol, "write", 0, 1), true)).toThrow("LOCK_LIMIT");
    expect(ranges()).toEqual(before);
    locks.dropClient(alice);
    expect(set(wish(carol, "read", 0, 1))).toHaveLength(1);
  });

  it("refuse one lock more of a client", () => {
    const { set, wish } = setUp({ locksPerInodeMax: 64, locksPerClientMax: 2 });
    set(wish(alice, "write", 0, 1));
    set(wish(alice, "write", 2, 3));
    expect(() => set(wish(alice, "write", 4, 5))).toThrow("LOCK_LIMIT");
    expect(set(wish(alice, "write", 1, 2))).toHaveLength(1);
  });

  it("refuse an unlock that would split a lock beyond them", () => {
    const { set, wish, ranges } = setUp({ locksPerInodeMax: 1, locksPerClientMax: 64 });
    set(wish(alice, "write", 0, 30));
    expect(() => set(wish(alice, "unlock", 10, 20))).toThrow("LOCK_LIMIT");
    expect(ranges()).toEqual(["alice write 0-30"]);
  });

  it("refuse a waiter whose turn comes when its lock no longer fits", () => {
    const { set, wish, quota } = setUp({ locksPerInodeMax: 4, locksPerClientMax: 64 });
    set(wish(bob, "read", 0, 30));
    set(wish(alice, "read", 0, 30));
    expect(set(wish(bob, "write", 10, 20), true)).toEqual([]);
    // Alice's two parts and the three that bob's lock would fall into are more than four.
    expect(set(wish(alice, "unlock", 10, 20))).toEqual([
      { type: "granted", request: 4 },
      { type: "refused", request: 3 },
    ]);
    expect([quota.countOf(alice), quota.countOf(bob)]).toEqual([2, 1]);
  });
});

it.each([1, 2, 3, 4])("agrees with a lock per byte on random requests, seed %i", (seed) => {
  const random = seededRandom(seed);
  const { set, wish, locks, quota } = setUp({ locksPerInodeMax: 10_000, locksPerClientMax: 10_000 });
  const bytes = 24;
  type Holder = { owner: string; kind: string };
  const model: Holder[][] = Array.from({ length: bytes }, () => []);
  let conflicts = 0;
  for (let turn = 0; turn < 600; turn += 1) {
    const client = random.pick([alice, bob, carol]);
    const kind = random.pick(["read", "write", "unlock", "unlock"] as const);
    const start = random.below(bytes);
    const end = start + 1 + random.below(bytes - start);
    const cells = model.slice(start, end);
    const expected =
      kind === "unlock" ||
      cells.every((cell) =>
        cell.every((held) => held.owner === client || (held.kind === "read" && kind === "read")),
      );
    let granted = true;
    try {
      set(wish(client, kind, start, end));
    } catch {
      granted = false;
      conflicts += 1;
    }
    expect(granted).toBe(expected);
    if (!granted) continue;
    for (const cell of cells) {
      const others = cell.filter((held) => held.owner !== client);
      cell.splice(0, cell.length, ...others, ...(kind === "unlock" ? [] : [{ owner: client, kind }]));
    }
    for (const [at, cell] of model.entries()) {
      const held = locks.held
        .filter((lock) => lock.startBytes <= at && at < lock.endBytes)
        .map((lock) => `${lock.client} ${lock.kind}`)
        .toSorted();
      expect(held).toEqual(cell.map((one) => `${one.owner} ${one.kind}`).toSorted());
    }
    const counted = [alice, bob, carol].reduce((sum, one) => sum + quota.countOf(one), 0);
    expect(counted).toBe(locks.size);
  }
  expect(conflicts).toBeGreaterThan(50);
});
