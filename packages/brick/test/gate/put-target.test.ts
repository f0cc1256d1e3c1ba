import {
  bytesValue,
  type Dict,
  type Epoch,
  Errno,
  type Gfid,
  getXdata,
  gfidValue,
  NO_IATT,
  OpenFlags,
  ROOT_GFID,
  SetattrValid,
  xdataOf,
} from "@brickshift/wire";
import { describe, expect, it } from "vitest";
import { createMemoryStore, MemoryMedium } from "../../src/store/memory-store.js";
import { heldTypes, newLeaseId, unlock } from "../lease-client.js";
import { pausedStore } from "../paused-store.js";
import {
  bytesOf,
  newGfid,
  readFile,
  settle,
  startBrick,
  type TestAuth,
  type TestClient,
  textOf,
} from "../test-brick.js";

const sourceId = "00000000-1111-4222-8333-444444444444" as Gfid;
const CONTENT = "all of it";
const token = (fence = 5n) => ({ fence: fence as Epoch, source: sourceId });

async function setUp(store = createMemoryStore(), keptBytesMax = 1_000) {
  const leases = { recallTimeoutMs: 1_000, recallCapMs: 1_000 };
  const tree = { options: { keptBytesMax } };
  const started = await startBrick({ leases }, [{ name: "b0", store, tree }]);
  const [runner, stranger] = [await started.client(), await started.client()];
  return { ...started, store, runner, stranger, gfid: newGfid(), leaseId: newLeaseId() };
}

interface Put {
  readonly gfid: Gfid;
  readonly bname?: string;
  readonly fence?: bigint;
  readonly flag?: number;
  readonly offset?: number;
  /** What the attributes say. */
  readonly size?: number;
  readonly more?: Dict | null;
}

/** A PUT of a migration target by the runner of fence 5. */
function putTarget(client: TestClient, put: Put, auth: Partial<TestAuth> = {}) {
  const { gfid, bname = "t", fence, flag = OpenFlags.excl, offset = 0, more = null } = put;
  const payload = bytesOf(CONTENT);
  const { size = payload.length } = put;
  const stat = { ...NO_IATT, mode: 0o100640, uid: 7, gid: 8, size, mtime: 2, mtimeNsec: 5 };
  const xattr = xdataOf({ attributes: stat }, new Map([["user.k", bytesValue(Uint8Array.of(1, 2))]]));
  const made = new Map([["gfid-req", gfidValue(gfid)], ...(more ?? [])]);
  const xdata = xdataOf({ linkto: "s0", ...token(fence) }, made);
  const what = { pargfid: ROOT_GFID, bname, mode: 0o101000, umask: 0, flag, offset, size: payload.length };
  return client.call("put", { ...what, xattr, xdata, payload }, auth);
}

/** A MKNOD of one that is empty. */
function makeTarget(client: TestClient, { gfid, bname = "t", fence }: Put) {
  const xdata = xdataOf({ linkto: "s0", ...token(fence) }, new Map([["gfid-req", gfidValue(gfid)]]));
  return client.call("mknod", { pargfid: ROOT_GFID, dev: 0n, mode: 0o101000, umask: 0, bname, xdata });
}

/** What asks for the exclusive lease along with the target. */
const lease = (leaseId = newLeaseId()) => xdataOf({ leaseId, leaseScope: "data", links: [] });

function publish(client: TestClient, gfid: Gfid, more: Parameters<typeof xdataOf>[0] = {}) {
  const xdata = xdataOf({ ...token(), ...more });
  return client.call("setxattr", { gfid, flags: 0, dict: xdataOf({ migration: "publish" }), xdata });
}

const lookup = (client: TestClient, bname: string) =>
  client.call("lookup", { gfid: ROOT_GFID, pargfid: ROOT_GFID, flags: 0, bname, xdata: null });

describe("a migration target that is put", () => {
  it("is prepared, and nothing but the publication is left to be done", async () => {
    const { runner, stranger, gfid, brick } = await setUp();
    expect(await putTarget(runner, { gfid })).toMatchObject({
      opRet: 0,
      stat: { mode: 0o101000, gfid, size: 9 },
    });
    expect(brick.tree.target(gfid)).toEqual({ ...token(), madeUnder: 5n, phase: "prepared" });
    const early = await readFile(stranger, gfid);
    expect([early.opErrno, getXdata(early.xdata, "linkto")]).toEqual([Errno.ESTALE, "s0"]);
    expect((await publish(runner, gfid)).opRet).toBe(0);
    expect(textOf((await readFile(stranger, gfid)).payload)).toBe(CONTENT);
    const { prestat } = await lookup(stranger, "t");
    expect(prestat).toMatchObject({ mode: 0o100640, uid: 7, gid: 8, mtime: 2, mtimeNsec: 5, size: 9 });
    expect(brick.tree.listXattrs(gfid)).toEqual(new Map([["user.k", Uint8Array.of(1, 2)]]));
  });

  it("takes no write, and is dropped by its fence", async () => {
    const { runner, gfid, brick } = await setUp();
    await putTarget(runner, { gfid });
    const write = {
      gfid,
      fd: -2n,
      offset: 0,
      size: 1,
      flag: 0,
      payload: bytesOf("x"),
      xdata: xdataOf(token()),
    };
    expect((await runner.call("write", write)).opErrno).toBe(Errno.EBUSY);
    const dict = xdataOf({ migration: "abort" });
    await runner.call("setxattr", { gfid, flags: 0, dict, xdata: xdataOf(token()) });
    expect(brick.tree.isLinked(gfid)).toBe(false);
  });

  it.each([
    ["may replace what has the name", { flag: 0 }, Errno.EINVAL],
    ["begins behind a hole", { offset: 1 }, Errno.EINVAL],
    ["is shorter than its attributes say", { size: 10 }, Errno.EINVAL],
    ["is longer than they say", { size: 8 }, Errno.EINVAL],
  ])("is refused when it %s, and leaves nothing", async (_what, put, errno) => {
    const { runner, gfid, brick, store } = await setUp();
    expect((await putTarget(runner, { gfid, ...put, more: lease() })).opErrno).toBe(errno);
    expect([brick.tree.isLinked(gfid), store.data.stat(gfid)]).toEqual([false, undefined]);
    expect(brick.gate.usage.leases).toBe(0);
  });

  it("is refused where the name or the gfid is taken, which stay as they are", async () => {
    const { runner, gfid, brick } = await setUp();
    await putTarget(runner, { gfid });
    const other = newGfid();
    expect((await putTarget(runner, { gfid: other, fence: 6n })).opErrno).toBe(Errno.EEXIST);
    expect((await putTarget(runner, { gfid, bname: "u", fence: 6n })).opErrno).toBe(Errno.EEXIST);
    expect(brick.tree.target(gfid)).toMatchObject({ fence: 5n });
    expect((await lookup(runner, "u")).opErrno).toBe(Errno.ENOENT);
  });

  it("is refused to anybody but the superuser, as its attributes may be any", async () => {
    const { runner, gfid, brick } = await setUp();
    const stbuf = { ...NO_IATT, mode: 0o777 };
    await runner.call("setattr", { gfid: ROOT_GFID, stbuf, valid: SetattrValid.mode, xdata: null });
    expect((await putTarget(runner, { gfid }, { uid: 1_000, gid: 1_000 })).opErrno).toBe(Errno.EACCES);
    expect(brick.tree.isLinked(gfid)).toBe(false);
  });

  it("leaves nothing where there is no room for it", async () => {
    const store = createMemoryStore(new MemoryMedium(), { roomBytesMax: 4 });
    const { runner, gfid, brick } = await setUp(store, 0);
    expect((await putTarget(runner, { gfid, more: lease() })).opErrno).toBe(Errno.ENOSPC);
    expect([brick.tree.isLinked(gfid), store.data.stat(gfid)]).toEqual([false, undefined]);
    expect(brick.gate.usage.leases).toBe(0);
  });

  it.each(["PUT", "MKNOD"])("that is being made is there when a %s of its gfid hears of it", async (fop) => {
    const store = createMemoryStore();
    const paused = pausedStore(store);
    const { runner, stranger, gfid, brick } = await setUp(paused.store);
    paused.hold();
    const first = putTarget(runner, { gfid });
    const another = { gfid, bname: "u", fence: 6n };
    const asked = fop === "PUT" ? putTarget(stranger, another) : makeTarget(stranger, another);
    const second = asked.then(({ opErrno }) => [opErrno, brick.tree.target(gfid)?.phase]);
    await settle();
    paused.letGo();
    expect([(await first).opErrno, await second]).toEqual([0, [Errno.EEXIST, "prepared"]]);
  });
});

describe("the lease that is asked for with a target", () => {
  it("is granted from the start, with the one name that there is", async () => {
    const { runner, stranger, gfid, leaseId, brick } = await setUp();
    const { xdata } = await putTarget(runner, { gfid, more: lease(leaseId) });
    expect(getXdata(xdata, "links")).toEqual([{ pargfid: ROOT_GFID, bname: "t" }]);
    expect(getXdata(xdata, "leaseEpoch")).toBeGreaterThan(0n);
    expect((await heldTypes(runner, gfid)).lease.leaseType).toBe(2);
    let isRead = false;
    const read = readFile(stranger, gfid).finally(() => (isRead = true));
    await settle();
    expect([isRead, brick.gate.inodes.size]).toEqual([false, 1]);
    expect((await unlock(runner, gfid, leaseId)).opRet).toBe(0);
    expect((await read).opErrno).toBe(Errno.ESTALE);
    expect(brick.gate.inodes.size).toBe(0);
  });

  it("is given back by a publication that names its epoch, and who waited finds the file", async () => {
    const { runner, stranger, gfid, leaseId, brick } = await setUp();
    const { xdata } = await putTarget(runner, { gfid, more: lease(leaseId) });
    const leaseEpoch = getXdata(xdata, "leaseEpoch");
    const read = readFile(stranger, gfid);
    await settle();
    expect(
      (await publish(runner, gfid, { leaseId, ...(leaseEpoch !== undefined && { leaseEpoch }) })).opRet,
    ).toBe(0);
    expect(textOf((await read).payload)).toBe(CONTENT);
    expect([brick.gate.usage.leases, brick.gate.inodes.size]).toEqual([0, 0]);
  });

  it("outlives a publication that names no epoch", async () => {
    const { runner, gfid, leaseId, brick } = await setUp();
    await putTarget(runner, { gfid, more: lease(leaseId) });
    expect((await publish(runner, gfid, { leaseId })).opRet).toBe(0);
    expect(brick.gate.usage.leases).toBe(1);
  });

  it("is a condition of a publication that names its epoch", async () => {
    const { runner, gfid, leaseId, brick } = await setUp();
    const { xdata } = await putTarget(runner, { gfid, more: lease(leaseId) });
    const leaseEpoch = getXdata(xdata, "leaseEpoch") as Epoch;
    await unlock(runner, gfid, leaseId);
    expect((await publish(runner, gfid, { leaseId, leaseEpoch })).opErrno).toBe(Errno.EKEYREVOKED);
    expect(brick.tree.target(gfid)?.phase).toBe("prepared");
    expect((await publish(runner, gfid)).opRet).toBe(0);
  });

  it("is not granted to a client that is gone by then", async () => {
    const store = createMemoryStore();
    const paused = pausedStore(store);
    const { runner, stranger, gfid, brick } = await setUp(paused.store);
    paused.hold();
    const answer = putTarget(runner, { gfid, more: lease() }).catch(() => {});
    await settle();
    runner.peer.abort();
    await answer;
    paused.letGo();
    await settle();
    expect(brick.tree.target(gfid)?.phase).toBe("prepared");
    expect(brick.gate.usage.leases).toBe(0);
    expect((await readFile(stranger, gfid)).opErrno).toBe(Errno.ESTALE);
  });

  it("is not granted by a brick that imitates a stock one", async () => {
    const { client, brick } = await startBrick({ compat: "gluster-10.3" });
    const reply = await putTarget(await client(), { gfid: newGfid(), more: lease() });
    expect([reply.opRet, reply.xdata, brick.gate.usage.leases]).toEqual([0, null, 0]);
  });

  it("is left to a LEASE where it cannot be granted at once", async () => {
    const { runner, gfid, leaseId, brick } = await setUp();
    const before = await putTarget(runner, { gfid: newGfid(), bname: "other", more: lease(leaseId) });
    expect(getXdata(before.xdata, "leaseEpoch")).toBeDefined();
    // The id stands for another lease.
    const reply = await putTarget(runner, { gfid, more: lease(leaseId) });
    expect([reply.opRet, reply.xdata]).toEqual([0, null]);
    expect(brick.gate.usage.leases).toBe(1);
  });
});
