import {
  type Epoch,
  Errno,
  getRecallDeadlineMs,
  getXdata,
  LeaseType,
  ROOT_GFID,
  textValue,
  xdataOf,
} from "@brickshift/wire";
import { describe, expect, it } from "vitest";
import { heldTypes, leased, newLeaseId, setLease, unlock } from "../lease-client.js";
import { createFile, readFile, settle, startBrick, textOf, writeFile } from "../test-brick.js";

async function setUp(options = {}) {
  const started = await startBrick({ leases: { recallTimeoutMs: 1_000, recallCapMs: 5_000 }, ...options });
  const runner = await started.client();
  const writer = await started.client();
  const { gfid } = await createFile(writer, "f", { content: "0123456789" });
  return { ...started, runner, writer, gfid };
}

/** What became of a promise by now. */
function watch<T>(promise: Promise<T>) {
  const watched: { value: T | undefined } = { value: undefined };
  void promise.then((value) => {
    watched.value = value;
  });
  return watched;
}

describe("a brick without open leases", () => {
  it("answers every LEASE with ENOSYS, as a stock brick without features.leases, but for data leases", async () => {
    const { runner, writer, gfid } = await setUp({ openLeases: false });
    const errnoOf = async (cmd: number) => {
      const lease = { cmd, leaseType: LeaseType.read, leaseId: newLeaseId(), leaseFlags: 0 };
      return (await writer.call("lease", { gfid, lease, xdata: null })).opErrno;
    };
    for (const cmd of [1, 2, 3, 4]) expect([cmd, await errnoOf(cmd)]).toEqual([cmd, Errno.ENOSYS]);
    const open = await setLease(writer, gfid, LeaseType.read, { scope: "open" });
    expect(open.reply.opErrno).toBe(Errno.ENOSYS);
    const { leaseId } = await leased(runner, gfid);
    expect((await unlock(runner, gfid, leaseId)).opRet).toBe(0);
    expect((await unlock(runner, gfid, leaseId)).opErrno).toBe(Errno.ENOSYS);
    const stock = await setUp({ openLeases: false, compat: "gluster-10.3" });
    const data = await setLease(stock.runner, stock.gfid, LeaseType.read);
    expect(data.reply.opErrno).toBe(Errno.ENOSYS);
    // By default there are leases of both kinds.
    const other = await setUp();
    expect((await setLease(other.writer, other.gfid, LeaseType.read, { scope: "open" })).reply.opErrno).toBe(
      Errno.EPERM,
    );
  });
});

describe("a data lease", () => {
  it("recalls its holder when a writer comes, keeps the writer waiting, and lets it go on after the unlock", async () => {
    const { runner, writer, gfid } = await setUp();
    const { leaseId } = await leased(runner, gfid);
    const write = watch(writeFile(writer, gfid, "X"));
    await settle();
    expect(write.value).toBeUndefined();
    expect(runner.recalls()).toHaveLength(1);
    expect(runner.recalls()[0]).toMatchObject({ gfid, leaseType: 0 });
    expect(getRecallDeadlineMs(runner.recalls()[0]?.xdata ?? null)).toBe(1_000);
    expect((await unlock(runner, gfid, leaseId)).opRet).toBe(0);
    await settle();
    expect(write.value).toMatchObject({ opRet: 1 });
  });

  it("lets readers pass and its holder's own reads, under recall too", async () => {
    const { runner, writer, gfid } = await setUp();
    const { leaseId, epoch } = await leased(runner, gfid);
    void writeFile(writer, gfid, "X");
    await settle();
    expect((await readFile(writer, gfid)).opErrno).toBe(Errno.ENOENT);
    const own = await readFile(runner, gfid, 0, 10, xdataOf({ leaseId, leaseEpoch: epoch }));
    expect(textOf(own.payload)).toBe("0123456789");
  });

  it("is revoked at its deadline: the writer goes on, and fops that rest on it are refused with the reason", async () => {
    const { scheduler, runner, writer, gfid, events } = await setUp();
    const { leaseId, epoch } = await leased(runner, gfid);
    const write = watch(writeFile(writer, gfid, "X"));
    await settle();
    scheduler.advance(999);
    await settle();
    expect(write.value).toBeUndefined();
    scheduler.advance(1);
    await settle();
    expect(write.value).toMatchObject({ opRet: 1 });
    expect(events).toContainEqual(
      expect.objectContaining({ type: "revoke", gfid, reason: "recall-timeout" }),
    );
    const read = await readFile(runner, gfid, 0, 10, xdataOf({ leaseId, leaseEpoch: epoch }));
    expect([read.opRet, read.opErrno]).toEqual([-1, Errno.EKEYREVOKED]);
    expect(getXdata(read.xdata, "leaseState")).toBe("recall-timeout");
    expect(read.payload).toHaveLength(0);
    const given = await unlock(runner, gfid, leaseId);
    expect([given.opRet, given.opErrno]).toEqual([-1, Errno.EKEYREVOKED]);
  });

  it("can be ended by the operator, and says so", async () => {
    const { runner, writer, gfid, brick } = await setUp();
    const { leaseId, epoch } = await leased(runner, gfid, "read-write");
    const write = watch(writeFile(writer, gfid, "X"));
    await settle();
    brick.revokeLeases(gfid);
    await settle();
    expect(write.value).toMatchObject({ opRet: 1 });
    const read = await readFile(runner, gfid, 0, 10, xdataOf({ leaseId, leaseEpoch: epoch }));
    expect([read.opErrno, getXdata(read.xdata, "leaseState")]).toEqual([Errno.EKEYREVOKED, "admin"]);
  });

  it("refuses a fop that carries an epoch which was never granted", async () => {
    const { runner, gfid } = await setUp();
    const { leaseId, epoch } = await leased(runner, gfid);
    const other = (epoch + 1n) as Epoch;
    const read = await readFile(runner, gfid, 0, 10, xdataOf({ leaseId, leaseEpoch: other }));
    expect(read.opErrno).toBe(Errno.EKEYREVOKED);
    const none = await readFile(runner, gfid, 0, 10, xdataOf({ leaseId: newLeaseId(), leaseEpoch: epoch }));
    expect(none.opErrno).toBe(Errno.EKEYREVOKED);
    expect(getXdata(none.xdata, "leaseState")).toBe("not-held");
  });

  it("tells what was modified since an epoch, cut at the end of the file", async () => {
    const { runner, writer, gfid } = await setUp();
    const first = await leased(runner, gfid);
    await unlock(runner, gfid, first.leaseId);
    await writeFile(writer, gfid, "AB", 2);
    await writer.call("discard", { gfid, fd: -2n, offset: 5, size: 1, xdata: null });
    await writer.call("truncate", { gfid, offset: 9, xdata: null });
    await writeFile(writer, gfid, "Z", 12);
    const second = await leased(runner, gfid, "read", first.epoch);
    expect(second.epoch).toBeGreaterThan(first.epoch);
    expect(second.dirty).toEqual([
      { offset: 2, length: 2 },
      { offset: 5, length: 1 },
      { offset: 9, length: 4 },
    ]);
    await unlock(runner, gfid, second.leaseId);
    const third = await leased(runner, gfid, "read", second.epoch);
    expect(third.dirty).toEqual([]);
  });

  it("tells that a file grew: from the old end on", async () => {
    const { runner, writer, gfid } = await setUp();
    const first = await leased(runner, gfid);
    await unlock(runner, gfid, first.leaseId);
    await writer.call("truncate", { gfid, offset: 16, xdata: null });
    const second = await leased(runner, gfid, "read", first.epoch);
    expect(second.dirty).toEqual([{ offset: 10, length: 6 }]);
  });

  it("holds up even the writes of Gluster's internal clients, and lets them look", async () => {
    const { runner, writer, gfid } = await setUp();
    const { leaseId } = await leased(runner, gfid, "read-write");
    const internal = { pid: -3 };
    expect((await writer.call("stat", { gfid, xdata: null }, internal)).opRet).toBe(0);
    const cut = watch(writer.call("truncate", { gfid, offset: 1, xdata: null }, internal));
    await settle();
    expect(cut.value).toBeUndefined();
    await unlock(runner, gfid, leaseId);
    await settle();
    expect(cut.value).toMatchObject({ opRet: 0 });
  });

  it("answers unknown about an epoch before tracking began", async () => {
    const { runner, gfid } = await setUp();
    expect((await leased(runner, gfid, "read", 1n as Epoch)).dirty).toBe("unknown");
  });

  it("marks an append from the old end on, wherever the client says it writes", async () => {
    const { runner, writer, gfid } = await setUp();
    const { fd } = await writer.call("open", { gfid, flags: 0o2001, xdata: null });
    const first = await leased(runner, gfid);
    await unlock(runner, gfid, first.leaseId);
    const payload = new Uint8Array(3);
    const request = { gfid, fd, offset: 0, size: 3, flag: 0, xdata: null, payload };
    expect((await writer.call("write", request)).opRet).toBe(3);
    const second = await leased(runner, gfid, "read", first.epoch);
    expect(second.dirty).toEqual([{ offset: 10, length: 3 }]);
  });

  it("waits its turn behind another data lease, which is recalled", async () => {
    const { runner, writer, gfid } = await setUp();
    const { leaseId } = await leased(runner, gfid);
    const second = watch(setLease(writer, gfid, LeaseType.readWrite));
    await settle();
    expect(second.value).toBeUndefined();
    expect(runner.recalls()).toHaveLength(1);
    await unlock(runner, gfid, leaseId);
    await settle();
    expect(second.value?.reply.opRet).toBe(0);
    expect((await heldTypes(runner, gfid)).lease.leaseType).toBe(LeaseType.readWrite);
  });

  it("is granted before it is recalled, also when somebody waits for it already", async () => {
    const { client, runner, writer, gfid } = await setUp();
    const other = await client();
    const { leaseId } = await leased(runner, gfid);
    const granted = setLease(other, gfid, LeaseType.readWrite);
    await settle();
    void writeFile(writer, gfid, "X");
    await settle();
    // How many of its calls were not answered yet when the recall came.
    const unanswered: number[] = [];
    other.onCallback = () => unanswered.push(other.peer.stats().callsOutstanding);
    await unlock(runner, gfid, leaseId);
    expect((await granted).reply.opRet).toBe(0);
    await settle();
    expect([other.recalls().length, unanswered]).toEqual([1, [0]]);
  });

  it("read-write keeps everybody else out, lookups by name too", async () => {
    const { runner, writer, gfid } = await setUp();
    const { leaseId } = await leased(runner, gfid, "read-write");
    const fops = [
      writer.call("lookup", { gfid, pargfid: ROOT_GFID, flags: 0, bname: "f", xdata: null }),
      readFile(writer, gfid),
      writer.call("stat", { gfid, xdata: null }),
      writer.call("unlink", { pargfid: ROOT_GFID, bname: "f", xflags: 0, xdata: null }),
    ].map((fop) => watch<{ readonly opRet: number }>(fop));
    await settle();
    expect(fops.map(({ value }) => value)).toEqual([undefined, undefined, undefined, undefined]);
    await unlock(runner, gfid, leaseId);
    await settle();
    expect(fops.map(({ value }) => value?.opRet)).toEqual([0, 10, 0, 0]);
  });

  it("is gated by every inode that a fop touches: a rename onto the leased file waits", async () => {
    const { runner, writer, gfid } = await setUp();
    await createFile(writer, "g");
    const { leaseId } = await leased(runner, gfid);
    const rename = watch(
      writer.call("rename", {
        oldgfid: ROOT_GFID,
        newgfid: ROOT_GFID,
        oldbname: "g",
        newbname: "f",
        xdata: null,
      }),
    );
    await settle();
    expect(rename.value).toBeUndefined();
    await unlock(runner, gfid, leaseId);
    await settle();
    expect(rename.value).toMatchObject({ opRet: 0 });
  });

  it("is asked for in ascending order of gfid: a fop that waits holds nothing that comes later", async () => {
    const { runner, writer, gfid } = await setUp();
    const later = await createFile(writer, "later");
    expect(later.gfid > gfid).toBe(true);
    const { leaseId } = await leased(runner, gfid, "read-write");
    const copy = { gfid1: gfid, gfid2: later.gfid, fdIn: -2n, fdOut: -2n, offIn: 0, offOut: 0, size: 3 };
    const copied = watch(writer.call("copyFileRange", { ...copy, flag: 0, xdata: null }));
    await settle();
    const second = await leased(runner, later.gfid, "read-write");
    await unlock(runner, gfid, leaseId);
    await settle();
    expect(copied.value).toBeUndefined();
    await unlock(runner, later.gfid, second.leaseId);
    await settle();
    expect(copied.value).toMatchObject({ opRet: 3 });
  });

  it("refuses a blocked fop on an fd opened with O_NONBLOCK with EAGAIN, and recalls all the same", async () => {
    const { runner, writer, gfid } = await setUp();
    const { fd } = await writer.call("open", { gfid, flags: 0o4002, xdata: null });
    await leased(runner, gfid);
    const payload = new Uint8Array(1);
    const write = await writer.call("write", { gfid, fd, offset: 0, size: 1, flag: 0, xdata: null, payload });
    expect([write.opRet, write.opErrno]).toEqual([-1, Errno.EAGAIN]);
    expect(runner.recalls()).toHaveLength(1);
  });

  it("looks its names up anew when a fop was blocked, and waits again for what it finds", async () => {
    const { runner, writer, gfid } = await setUp();
    const other = await createFile(writer, "g", { content: "other" });
    const first = await leased(runner, gfid, "read-write");
    const second = await leased(runner, other.gfid, "read-write");
    const asked = { gfid, pargfid: ROOT_GFID, flags: 0, bname: "f", xdata: null };
    const found = watch(writer.call("lookup", asked));
    await settle();
    const rename = (oldbname: string, newbname: string, { leaseId, epoch }: typeof first) =>
      runner.call("rename", {
        oldgfid: ROOT_GFID,
        newgfid: ROOT_GFID,
        oldbname,
        newbname,
        xdata: xdataOf({ leaseId, leaseEpoch: epoch }),
      });
    expect((await rename("f", "old", first)).opRet).toBe(0);
    expect((await rename("g", "f", second)).opRet).toBe(0);
    await unlock(runner, gfid, first.leaseId);
    await settle();
    expect(found.value).toBeUndefined();
    // It has left the inode it waited for first, or this would wait for it.
    expect((await leased(runner, gfid, "read-write")).reply.opRet).toBe(0);
    await unlock(runner, other.gfid, second.leaseId);
    await settle();
    expect(found.value?.prestat.gfid).toBe(other.gfid);
  });

  it("ends with its holder's connection, and those who waited go on", async () => {
    const { runner, writer, gfid, brick } = await setUp();
    await leased(runner, gfid);
    const write = watch(writeFile(writer, gfid, "X"));
    await settle();
    runner.peer.abort();
    await settle();
    expect(write.value).toMatchObject({ opRet: 1 });
    expect(brick.gate.usage).toMatchObject({ leases: 0, blockedFops: 0, queuedRequests: 0 });
  });
});

describe("a stock lease", () => {
  it("is refused with EPERM while another has the file open under a lease-id, and echoed", async () => {
    const { runner, writer, gfid } = await setUp();
    await writer.call("open", { gfid, flags: 2, xdata: xdataOf({ leaseId: newLeaseId() }) });
    const { reply, leaseId } = await setLease(runner, gfid, LeaseType.read, { scope: "open" });
    expect([reply.opRet, reply.opErrno]).toEqual([-1, Errno.EPERM]);
    expect(reply.lease.leaseId).toBe(leaseId);
  });

  it("delays the open of another until it is given back", async () => {
    const { runner, writer, gfid } = await setUp();
    const { reply, leaseId } = await setLease(runner, gfid, LeaseType.readWrite, { scope: "open" });
    // The file's creator has it open, without lease-id: as on a stock brick that is in the way.
    expect(reply.opErrno).toBe(Errno.EPERM);
    await writer.call("release", { gfid, fd: 0n, xdata: null });
    expect((await setLease(runner, gfid, LeaseType.readWrite, { scope: "open", leaseId })).reply.opRet).toBe(
      0,
    );
    const open = watch(writer.call("open", { gfid, flags: 0, xdata: null }));
    await settle();
    expect(open.value).toBeUndefined();
    expect(runner.recalls()).toHaveLength(1);
    await unlock(runner, gfid, leaseId, LeaseType.readWrite);
    await settle();
    expect(open.value).toMatchObject({ opRet: 0, fd: 0n });
  });

  it("holds up no internal fop: neither by a negative pid nor by the key that says so", async () => {
    const { runner, writer, gfid } = await setUp();
    await writer.call("release", { gfid, fd: 0n, xdata: null });
    expect((await setLease(runner, gfid, LeaseType.readWrite, { scope: "open" })).reply.opRet).toBe(0);
    const cut = { gfid, offset: 3, xdata: null };
    expect((await writer.call("truncate", cut, { pid: -6 })).opRet).toBe(0);
    const xdata = new Map([["glusterfs-internal-fop", textValue("yes")]]);
    expect((await writer.call("truncate", { ...cut, xdata })).opRet).toBe(0);
    expect(runner.recalls()).toHaveLength(0);
  });

  it("refuses an all-zero lease-id with EINVAL, and answers an unlock of nothing with success", async () => {
    const { runner, gfid } = await setUp();
    const zero = "0".repeat(32) as ReturnType<typeof newLeaseId>;
    expect((await setLease(runner, gfid, LeaseType.read, { leaseId: zero })).reply.opErrno).toBe(
      Errno.EINVAL,
    );
    expect((await unlock(runner, gfid, newLeaseId(), LeaseType.read)).opRet).toBe(0);
  });
});

describe("bounds", () => {
  it("refuse one blocked fop more with EAGAIN", async () => {
    const { runner, writer, gfid } = await setUp({ leases: { blockedFopsMax: 2 } });
    await leased(runner, gfid);
    void writeFile(writer, gfid, "a");
    void writeFile(writer, gfid, "b");
    await settle();
    expect((await writeFile(writer, gfid, "c")).opErrno).toBe(Errno.EAGAIN);
  });

  it("refuse one waiting call more of a connection, and take nothing from those who wait", async () => {
    const { runner, writer, gfid } = await setUp({ rpc: { blockingCallsMax: 1, pingTimeoutMs: 0 } });
    const { leaseId } = await leased(runner, gfid);
    const first = watch(writeFile(writer, gfid, "a"));
    await settle();
    expect((await writeFile(writer, gfid, "b")).opErrno).toBe(Errno.EAGAIN);
    await unlock(runner, gfid, leaseId);
    await settle();
    expect(first.value).toMatchObject({ opRet: 1 });
    expect(textOf((await readFile(writer, gfid, 0, 1)).payload)).toBe("a");
  });
});

describe("a brick that imitates a stock one", () => {
  it("knows neither scope data nor epochs", async () => {
    const { runner, writer, gfid } = await setUp({ compat: "gluster-10.3" });
    const { reply, leaseId, dirty } = await setLease(runner, gfid, LeaseType.read, { scope: "data" });
    expect([reply.opRet, reply.opErrno]).toEqual([-1, Errno.EPERM]);
    await writer.call("release", { gfid, fd: 0n, xdata: null });
    const granted = await setLease(runner, gfid, LeaseType.read, { dirtySince: 1n as Epoch });
    expect([granted.reply.opRet, granted.reply.xdata, dirty]).toEqual([0, null, undefined]);
    const read = await readFile(runner, gfid, 0, 10, xdataOf({ leaseId, leaseEpoch: 77n as Epoch }));
    expect(textOf(read.payload)).toBe("0123456789");
  });

  it("lets fops under a revoked lease-id run, and answers its unlock with success", async () => {
    const { scheduler, runner, writer, gfid } = await setUp({ compat: "gluster-10.3" });
    await writer.call("release", { gfid, fd: 0n, xdata: null });
    const { leaseId } = await leased(runner, gfid, "read-write");
    const write = watch(writeFile(writer, gfid, "X"));
    await settle();
    scheduler.advance(1_000);
    await settle();
    expect(write.value).toMatchObject({ opRet: 1 });
    expect((await writeFile(runner, gfid, "Y", 1, xdataOf({ leaseId }))).opRet).toBe(1);
    expect((await unlock(runner, gfid, leaseId)).opRet).toBe(0);
  });
});
