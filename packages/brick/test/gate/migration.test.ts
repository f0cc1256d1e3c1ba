import {
  bytesValue,
  type Dict,
  type Epoch,
  Errno,
  type Gfid,
  getXdata,
  gfidValue,
  intValue,
  LkCmd,
  LockType,
  MIGRATION_LOCK_DOMAIN,
  ROOT_GFID,
  uintValue,
  XDATA,
  xdataOf,
} from "@brickshift/wire";
import { describe, expect, it } from "vitest";
import { createMemoryStore, MemoryMedium } from "../../src/store/memory-store.js";
import { leased, unlock } from "../lease-client.js";
import { pausedStore } from "../paused-store.js";
import {
  createFile,
  newGfid,
  readFile,
  settle,
  startBrick,
  type TestClient,
  textOf,
  writeFile,
} from "../test-brick.js";

const sourceId = "00000000-1111-4222-8333-444444444444" as Gfid;
const otherSource = "99999999-1111-4222-8333-444444444444" as Gfid;

const token = (fence: bigint, source = sourceId): Dict => xdataOf({ fence: fence as Epoch, source });

/** A migration target "t" on a brick, as the runner of fence 5 makes it. */
async function withTarget(store = createMemoryStore()) {
  const leases = { recallTimeoutMs: 1_000, recallCapMs: 1_000 };
  const started = await startBrick({ leases }, [{ name: "b0", store }]);
  const runner = await started.client();
  const stranger = await started.client();
  const gfid = newGfid();
  const made = await makeTarget(runner, gfid, 5n);
  return { ...started, runner, stranger, gfid, made };
}

function makeTarget(client: TestClient, gfid: Gfid, fence: bigint, source = sourceId) {
  const xdata = xdataOf(
    { linkto: "s0", fence: fence as Epoch, source },
    new Map([["gfid-req", gfidValue(gfid)]]),
  );
  return client.call("mknod", { pargfid: ROOT_GFID, dev: 0n, mode: 0o101000, umask: 0, bname: "t", xdata });
}

function step(client: TestClient, gfid: Gfid, dict: Dict, xdata: Dict | null) {
  return client.call("setxattr", { gfid, flags: 0, dict, xdata });
}

const attributes = (size: number) =>
  ({
    mode: 0o100640,
    uid: 7,
    gid: 8,
    size,
    atime: 1,
    mtime: 2,
    ctime: 3,
    atimeNsec: 4,
    mtimeNsec: 5,
    ctimeNsec: 6,
  }) as const;

async function prepare(client: TestClient, gfid: Gfid, size: number, xdata = token(5n)) {
  const look = { gfid, pargfid: ROOT_GFID, flags: 0, bname: "t", xdata };
  const { prestat } = await client.call("lookup", look);
  const dict = xdataOf(
    { migration: "prepare", attributes: { ...prestat, ...attributes(size) } },
    new Map([["user.k", bytesValue(Uint8Array.of(1, 2))]]),
  );
  return step(client, gfid, dict, xdataOf({ madeUnder: 5n as Epoch }, xdata));
}

const rename = (client: TestClient, newbname: string) =>
  client.call("rename", { oldgfid: ROOT_GFID, oldbname: "t", newgfid: ROOT_GFID, newbname, xdata: null });

describe("a migration target", () => {
  it("shows as a link file and is filled by its runner only", async () => {
    const { runner, stranger, gfid, made } = await withTarget();
    expect(made).toMatchObject({ opRet: 0, stat: { mode: 0o101000, gfid } });
    expect((await writeFile(runner, gfid, "data", 0, token(5n))).opRet).toBe(4);
    const foreign = await writeFile(stranger, gfid, "XXXX");
    expect([foreign.opErrno, getXdata(foreign.xdata, "linkto")]).toEqual([Errno.ESTALE, "s0"]);
    const read = await readFile(stranger, gfid);
    expect([read.opErrno, getXdata(read.xdata, "linkto")]).toEqual([Errno.ESTALE, "s0"]);
    expect(textOf((await readFile(runner, gfid, 0, 9, token(5n))).payload)).toBe("data");
  });

  it("leaves no fd behind when it cannot be emptied by who opens it", async () => {
    const { runner, gfid, brick } = await withTarget();
    await writeFile(runner, gfid, "new", 0, token(6n));
    const open = await runner.call("open", { gfid, flags: 0o1002, xdata: token(5n) });
    expect([open.opErrno, getXdata(open.xdata, "leaseState")]).toEqual([Errno.ESTALE, "fenced"]);
    expect(brick.gate.inodes.size).toBe(0);
    expect((await readFile(runner, gfid, 0, 9, token(6n))).opRet).toBe(3);
  });

  it("keeps no buffer of a read that it refused", async () => {
    const { runner, stranger, gfid, brick } = await withTarget();
    await writeFile(runner, gfid, "x".repeat(10_000), 0, token(5n));
    await settle();
    const before = brick.pool.keptBytes;
    expect((await readFile(stranger, gfid)).opErrno).toBe(Errno.ESTALE);
    await readFile(stranger, gfid);
    expect(brick.pool.keptBytes).toBe(before + 65_536);
  });

  it("fences off a lower token and another source, and says so", async () => {
    const { runner, gfid } = await withTarget();
    expect((await writeFile(runner, gfid, "new", 0, token(6n))).opRet).toBe(3);
    for (const stale of [token(5n), token(7n, otherSource)]) {
      const write = await writeFile(runner, gfid, "old", 0, stale);
      expect([write.opRet, write.opErrno]).toEqual([-1, Errno.ESTALE]);
      expect(getXdata(write.xdata, "leaseState")).toBe("fenced");
    }
    expect(textOf((await readFile(runner, gfid, 0, 9, token(6n))).payload)).toBe("new");
  });

  it("remembers the fence of a write of nothing", async () => {
    const { runner, gfid } = await withTarget();
    expect((await writeFile(runner, gfid, "", 0, token(6n))).opRet).toBe(0);
    const late = await writeFile(runner, gfid, "old", 0, token(5n));
    expect([late.opRet, getXdata(late.xdata, "leaseState")]).toEqual([-1, "fenced"]);
  });

  it("is not kept from its runner by the runner's own lease, with or without its lease-id", async () => {
    const { runner, stranger, gfid } = await withTarget();
    const { leaseId, epoch } = await leased(runner, gfid, "read-write");
    expect((await writeFile(runner, gfid, "one", 0, token(5n))).opRet).toBe(3);
    const xdata = xdataOf({ leaseId, leaseEpoch: epoch }, token(5n));
    expect((await writeFile(runner, gfid, "two", 0, xdata)).opRet).toBe(3);
    let isAnswered = false;
    void stranger.call("stat", { gfid, xdata: null }).then(() => (isAnswered = true));
    await settle();
    expect(isAnswered).toBe(false);
  });

  it("refuses, as lease revoked, what is fenced and names the epoch of a lease that is not held", async () => {
    const { runner, stranger, gfid } = await withTarget();
    const { leaseId, epoch } = await leased(runner, gfid, "read-write");
    const xdata = xdataOf({ leaseId, leaseEpoch: epoch }, token(5n));
    expect((await writeFile(runner, gfid, "one", 0, xdata)).opRet).toBe(3);
    await unlock(runner, gfid, leaseId);
    const write = await writeFile(runner, gfid, "two", 0, xdata);
    expect([write.opRet, write.opErrno]).toEqual([-1, Errno.EKEYREVOKED]);
    expect(getXdata(write.xdata, "leaseState")).toBe("not-held");
    expect(textOf((await readFile(runner, gfid, 0, 9, token(5n))).payload)).toBe("one");
    expect((await step(runner, gfid, xdataOf({ migration: "prepare" }), xdata)).opErrno).toBe(
      Errno.EKEYREVOKED,
    );
    expect((await rename(stranger, "u")).opRet).toBe(0);
  });

  it("is prepared under an exclusive lease only, when one is named", async () => {
    const { runner, gfid } = await withTarget();
    const { leaseId, epoch } = await leased(runner, gfid, "read");
    const weak = await prepare(runner, gfid, 0, xdataOf({ leaseId, leaseEpoch: epoch }, token(5n)));
    expect(weak.opErrno).toBe(Errno.EKEYREVOKED);
    await unlock(runner, gfid, leaseId);
    const strong = await leased(runner, gfid, "read-write");
    const xdata = xdataOf({ leaseId: strong.leaseId, leaseEpoch: strong.epoch }, token(5n));
    expect((await prepare(runner, gfid, 0, xdata)).opRet).toBe(0);
  });

  it("loses no name to a revoke while it is being prepared under its lease", async () => {
    const paused = pausedStore(createMemoryStore());
    const { scheduler, events, runner, stranger, gfid } = await withTarget(paused.store);
    const { leaseId, epoch } = await leased(runner, gfid, "read-write");
    paused.hold();
    const prepared = prepare(runner, gfid, 0, xdataOf({ leaseId, leaseEpoch: epoch }, token(5n)));
    await settle();
    const renamed = rename(stranger, "u");
    await settle();
    scheduler.advance(1_000);
    await settle();
    expect(events.some(({ type }) => type === "revoke")).toBe(true);
    paused.letGo();
    expect((await prepared).opRet).toBe(0);
    expect((await renamed).opErrno).toBe(Errno.EBUSY);
  });

  it("is not removed as a link file when it is published in that moment", async () => {
    const { runner, stranger, gfid } = await withTarget();
    expect((await prepare(runner, gfid, 0)).opRet).toBe(0);
    const onlyLinkFile = new Map([["unlink-only-if-dht-linkto-file", intValue(1)]]);
    const [published, unlinked] = await Promise.all([
      step(runner, gfid, xdataOf({ migration: "publish" }), token(5n)),
      stranger.call("unlink", { pargfid: ROOT_GFID, bname: "t", xflags: 0, xdata: onlyLinkFile }),
    ]);
    expect([published.opRet, unlinked.opErrno]).toEqual([0, Errno.EBUSY]);
    expect((await stranger.call("stat", { gfid, xdata: null })).opRet).toBe(0);
  });

  it("refuses a fence without its source", async () => {
    const { runner, gfid } = await withTarget();
    const write = await writeFile(runner, gfid, "x", 0, new Map([[XDATA.fence, uintValue(9)]]));
    expect(write.opErrno).toBe(Errno.EINVAL);
  });

  it("becomes the data file with the prepared attributes when it is published, once prepared", async () => {
    const { runner, stranger, gfid } = await withTarget();
    await writeFile(runner, gfid, "longer than it stays", 0, token(5n));
    const early = await step(runner, gfid, xdataOf({ migration: "publish" }), token(5n));
    expect(early.opErrno).toBe(Errno.EINVAL);
    expect((await prepare(runner, gfid, 6)).opRet).toBe(0);
    const unlinked = await stranger.call("unlink", {
      pargfid: ROOT_GFID,
      bname: "t",
      xflags: 0,
      xdata: null,
    });
    expect(unlinked.opErrno).toBe(Errno.EBUSY);
    expect((await step(runner, gfid, xdataOf({ migration: "publish" }), token(5n))).opRet).toBe(0);
    const { stat } = await stranger.call("stat", { gfid, xdata: null });
    expect(stat).toMatchObject({ mode: 0o100640, uid: 7, gid: 8, size: 6, mtime: 2, mtimeNsec: 5 });
    expect(textOf((await readFile(stranger, gfid)).payload)).toBe("longer");
    const xattr = await stranger.call("getxattr", { gfid, namelen: 6, name: "user.k", xdata: null });
    expect(xattr.dict?.get("user.k")).toEqual(bytesValue(Uint8Array.of(1, 2)));
  });

  it("goes with an abort, names and leases too", async () => {
    const { runner, gfid, brick } = await withTarget();
    await leased(runner, gfid, "read-write");
    expect((await step(runner, gfid, xdataOf({ migration: "abort" }), token(5n))).opErrno).toBe(0);
    const found = await runner.call("lookup", {
      gfid,
      pargfid: ROOT_GFID,
      flags: 0,
      bname: "t",
      xdata: null,
    });
    expect(found.opErrno).toBe(Errno.ENOENT);
    expect(brick.gate.usage.leases).toBe(0);
  });

  it("adopts a link file that is there, but no data file", async () => {
    const { runner, gfid } = await withTarget();
    const data = await createFile(runner, "data");
    const adopt = xdataOf({ migration: "target", linkto: "s0" });
    expect((await step(runner, data.gfid, adopt, token(5n))).opErrno).toBe(Errno.EINVAL);
    await writeFile(runner, gfid, "stale", 0, token(5n));
    expect((await step(runner, gfid, adopt, token(6n))).opRet).toBe(0);
    expect((await readFile(runner, gfid, 0, 9, token(6n))).opRet).toBe(0);
    expect((await step(runner, gfid, adopt, token(9n, otherSource))).opErrno).toBe(Errno.EBUSY);
  });

  it("needs a token for every step", async () => {
    const { runner, gfid } = await withTarget();
    for (const migration of ["prepare", "publish", "abort", "target"] as const) {
      const dict = xdataOf({ migration, linkto: "s0" });
      expect((await step(runner, gfid, dict, null)).opErrno).toBe(Errno.EINVAL);
    }
  });
});

describe("the commit on the source", () => {
  async function exclusive() {
    const medium = new MemoryMedium();
    const started = await startBrick({ leases: { recallTimeoutMs: 1_000, recallCapMs: 1_000 } }, [
      { name: "b0", store: createMemoryStore(medium) },
    ]);
    const runner = await started.client();
    const writer = await started.client();
    const { gfid } = await createFile(writer, "f", { content: "payload" });
    const { leaseId, epoch } = await leased(runner, gfid, "read-write");
    const commit = (xdata: Dict | null = xdataOf({ leaseId, leaseEpoch: epoch })) =>
      step(runner, gfid, xdataOf({ migration: "commit", linkto: "d0" }), xdata);
    return { ...started, medium, runner, writer, gfid, leaseId, epoch, commit };
  }

  it("leaves a link file that sends data fops to the other brick, open fds too", async () => {
    const { runner, writer, gfid, leaseId, commit } = await exclusive();
    const open = writer.call("open", { gfid, flags: 2, xdata: null });
    expect((await commit()).opRet).toBe(0);
    await unlock(runner, gfid, leaseId);
    const moved = await open;
    expect([moved.opErrno, getXdata(moved.xdata, "linkto")]).toEqual([Errno.ESTALE, "d0"]);
    const onFd = await writer.call("read", { gfid, fd: 0n, offset: 0, size: 9, flag: 0, xdata: null });
    expect([onFd.opErrno, getXdata(onFd.xdata, "linkto")]).toEqual([Errno.ESTALE, "d0"]);
    const asked: Dict = new Map([[XDATA.linkto, uintValue(256)]]);
    const found = await writer.call("lookup", {
      gfid,
      pargfid: ROOT_GFID,
      flags: 0,
      bname: "f",
      xdata: asked,
    });
    expect(found.prestat).toMatchObject({ mode: 0o101000, size: 0 });
    expect(getXdata(found.xdata, "linkto")).toBe("d0");
  });

  it("needs its exclusive lease: not without, not with a read lease, not with one that was revoked", async () => {
    const { scheduler, runner, writer, gfid, leaseId, commit } = await exclusive();
    const write = writeFile(writer, gfid, "X");
    await settle();
    scheduler.advance(1_000);
    expect((await write).opRet).toBe(1);
    const late = await commit();
    expect([late.opRet, late.opErrno]).toEqual([-1, Errno.EKEYREVOKED]);
    expect(textOf((await readFile(writer, gfid)).payload)).toBe("Xayload");
    const read = await leased(runner, gfid, "read");
    expect(read.leaseId).not.toBe(leaseId);
    const weak = await commit(xdataOf({ leaseId: read.leaseId, leaseEpoch: read.epoch }));
    expect(weak.opErrno).toBe(Errno.EKEYREVOKED);
    await unlock(runner, gfid, read.leaseId);
    expect((await commit(null)).opErrno).toBe(Errno.EINVAL);
  });

  it("is met by nobody half done: a write let in by a revoke meanwhile finds the moved file", async () => {
    const { scheduler, writer, gfid, commit } = await exclusive();
    const write = writeFile(writer, gfid, "X");
    await settle();
    const committed = commit();
    // The record of the commit is on its way when the lease's time is over.
    await Promise.resolve();
    scheduler.advance(1_000);
    const [decided, written] = await Promise.all([committed, write]);
    expect(decided.opRet).toBe(0);
    // Let in before the decision was durable, the write would have been acknowledged and lost.
    expect([written.opRet, written.opErrno]).toEqual([-1, Errno.ESTALE]);
    expect(getXdata(written.xdata, "linkto")).toBe("d0");
  });

  it.each(["unlink", "rename", "link"] as const)(
    "tells a %s that waited for it where the file is, and leaves the link file alone",
    async (fop) => {
      const { runner, writer, gfid, leaseId, commit } = await exclusive();
      const name = { pargfid: ROOT_GFID, bname: "f", xflags: 0, xdata: null };
      const made = { oldgfid: ROOT_GFID, oldbname: "f", newgfid: ROOT_GFID, newbname: "g", xdata: null };
      const waiting =
        fop === "unlink"
          ? writer.call(fop, name)
          : writer.call(fop, { ...made, ...(fop === "link" && { oldgfid: gfid }) });
      await settle();
      expect((await commit()).opRet).toBe(0);
      await unlock(runner, gfid, leaseId);
      const told = await waiting;
      expect([told.opErrno, getXdata(told.xdata, "linkto")]).toEqual([Errno.ESTALE, "d0"]);
      // Who comes now can see that it is a link file, and may do with it what link files are for.
      expect((await writer.call("unlink", name)).opRet).toBe(0);
    },
  );

  it("lets a client wait and change a name that is that of a link file from the start", async () => {
    const { runner, writer, gfid, leaseId, commit } = await exclusive();
    expect((await commit()).opRet).toBe(0);
    const unlinked = writer.call("unlink", { pargfid: ROOT_GFID, bname: "f", xflags: 0, xdata: null });
    await settle();
    await unlock(runner, gfid, leaseId);
    expect((await unlinked).opRet).toBe(0);
  });

  it("is refused while a client holds the lock under which names are changed, and not for the runner's own", async () => {
    const { runner, writer, gfid, commit } = await exclusive();
    const lock = (client: TestClient, type: number) => {
      const flock = { type, whence: 0, start: 0n, len: 0n, pid: 0, lkOwner: new Uint8Array(0) };
      const request = { gfid, cmd: LkCmd.setlk, type, flock, volume: MIGRATION_LOCK_DOMAIN, xdata: null };
      return client.call("inodelk", request, { lkOwner: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8) });
    };
    expect((await lock(writer, LockType.write)).opRet).toBe(0);
    expect((await commit()).opErrno).toBe(Errno.EAGAIN);
    expect((await lock(writer, LockType.unlock)).opRet).toBe(0);
    expect((await lock(runner, LockType.write)).opRet).toBe(0);
    expect((await commit()).opRet).toBe(0);
  });

  it("survives a kill right after its answer", async () => {
    const { medium, commit, gfid } = await exclusive();
    expect((await commit()).opRet).toBe(0);
    medium.crash();
    const again = await startBrick({}, [{ name: "b0", store: createMemoryStore(medium) }]);
    const client = await again.client();
    const read = await readFile(client, gfid);
    expect(getXdata(read.xdata, "linkto")).toBe("d0");
  });

  it("grants higher epochs after a restart", async () => {
    const { medium, runner, gfid, leaseId } = await exclusive();
    await unlock(runner, gfid, leaseId);
    let last = 0n;
    for (let grant = 0; grant < 5; grant += 1) {
      const lease = await leased(runner, gfid);
      last = lease.epoch;
      await unlock(runner, gfid, lease.leaseId);
    }
    medium.crash();
    const again = await startBrick({}, [{ name: "b0", store: createMemoryStore(medium) }]);
    expect((await leased(await again.client(), gfid)).epoch).toBeGreaterThan(last);
  });

  it("gives the links of a file for the other brick's names", async () => {
    const { runner, gfid, leaseId, epoch } = await exclusive();
    const name = XDATA.links;
    const xdata = xdataOf({ leaseId, leaseEpoch: epoch });
    const reply = await runner.call("getxattr", { gfid, namelen: name.length, name, xdata });
    expect(getXdata(reply.dict, "links")).toEqual([{ pargfid: ROOT_GFID, bname: "f" }]);
  });
});
