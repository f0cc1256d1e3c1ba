import {
  Errno,
  type Gfid,
  type LeaseId,
  LeaseCmd,
  LeaseType,
  NULL_GFID,
  oldDictOf,
  parseLeaseId,
  recallXdata,
  ROOT_GFID,
  xdataOf,
} from "@brickshift/wire";
import { describe, expect, it } from "vitest";
import { file, settle, setup } from "./client-fixture.js";
import { success } from "./fake-brick.js";

const leaseId = parseLeaseId("0102030405060708090a0b0c0d0e0f00");
const lease = (cmd: number, leaseType: number = LeaseType.read) => ({
  cmd,
  leaseType,
  leaseId,
  leaseFlags: 0,
});

describe("leases", () => {
  async function withLease(options = {}) {
    const context = await setup(options);
    const { brick, client } = context;
    brick.handlers.lease = (request) =>
      success("lease", { lease: request.lease, xdata: xdataOf({ leaseEpoch: 9n as never }) });
    await client.connect();
    await client.fops.lease({ gfid: file, lease: lease(LeaseCmd.set) });
    return context;
  }
  const recall = (gfid: Gfid = file) => ({ gfid, leaseType: 0, tid: NULL_GFID, xdata: null });

  it("are noted with their epoch until they are given back", async () => {
    const { client } = await withLease();
    expect(client.leases()).toEqual([{ gfid: file, leaseId, leaseType: LeaseType.read, epoch: 9n }]);
    await client.fops.lease({ gfid: file, lease: lease(LeaseCmd.get) });
    expect(client.leases().length).toBe(1);
    await client.fops.lease({ gfid: file, lease: lease(LeaseCmd.unlock) });
    expect(client.leases()).toEqual([]);
  });

  it("are forgotten when the brick says that they are revoked, on whatever fop", async () => {
    const { client, brick } = await withLease();
    brick.handlers.stat = () => success("stat", { opRet: -1, opErrno: Errno.EKEYREVOKED });
    const revoked = { code: "FOP_LEASE_REVOKED" };
    await expect(client.fops.stat({ gfid: file })).rejects.toMatchObject(revoked);
    expect(client.leases().length).toBe(1);
    await expect(client.fops.stat({ gfid: file, xdata: xdataOf({ leaseId }) })).rejects.toMatchObject(
      revoked,
    );
    expect(client.leases()).toEqual([]);
  });

  it("are recalled: listeners and iterables hear which, and until when", async () => {
    const { client, brick, scheduler } = await withLease();
    scheduler.advance(500);
    const heard: unknown[] = [];
    const stop = client.onRecall((event) => heard.push(event));
    const [recalls, events] = [client.recalls(), client.events()];
    await brick.callBack("recallLease", { ...recall(), xdata: recallXdata(250) });
    await brick.callBack("recallLease", recall(ROOT_GFID));
    await settle();
    const expected = [
      { type: "recall", session: 1, gfid: file, leaseType: 0, deadlineMs: 750, leases: [{ leaseId }] },
      { type: "recall", session: 1, gfid: ROOT_GFID, deadlineMs: undefined, leases: [] },
    ];
    expect(heard).toMatchObject(expected);
    for (const iterable of [recalls, events]) {
      expect([(await iterable.next()).value, (await iterable.next()).value]).toMatchObject(expected);
    }
    stop();
    await brick.callBack("recallLease", recall());
    await settle();
    expect(heard.length).toBe(2);
  });

  it("are recalled after their grant has reached its caller, though the records came at once", async () => {
    const { client, brick } = await setup();
    brick.handlers.lease = (request) => {
      const reply = success("lease", { lease: request.lease });
      queueMicrotask(() => void brick.callBack("recallLease", recall()));
      return reply;
    };
    await client.connect();
    const order: string[] = [];
    client.onRecall((event) => order.push(`recall of ${event.leases.length}`));
    await client.fops.lease({ gfid: file, lease: lease(LeaseCmd.set) });
    order.push("granted");
    await settle();
    expect(order).toEqual(["granted", "recall of 1"]);
  });

  it("recalled with a deadline that is no number are recalled without one", async () => {
    const { client, brick } = await withLease();
    const recalls = client.recalls();
    await brick.callBack("recallLease", {
      ...recall(),
      xdata: oldDictOf({ "brickshift.recall-deadline-ms": "x" }),
    });
    expect((await recalls.next()).value).toMatchObject({ gfid: file, deadlineMs: undefined });
  });

  it("are not recalled any more once they have been told lost", async () => {
    const { client, brick } = await withLease();
    const events = client.events();
    void brick.callBack("recallLease", recall());
    void brick.callBack("statedump", { pid: 1 });
    await events.next();
    client.drop();
    await settle();
    expect((await events.next()).value).toMatchObject({ type: "lost", leases: [{ leaseId }] });
    const rest = events.next();
    await client.close();
    expect(await rest).toEqual({ done: true, value: undefined });
  });

  it("are lost with their connection", async () => {
    const { client, brick } = await withLease();
    const events = client.events();
    brick.peers[0]?.abort();
    expect((await events.next()).value).toMatchObject({
      type: "lost",
      leases: [{ gfid: file, leaseId, epoch: 9n }],
    });
    expect(client.leases()).toEqual([]);
  });

  it("are bounded", async () => {
    const { client } = await withLease({ leasesMax: 1 });
    const other = { ...lease(LeaseCmd.set), leaseId: `${"0f".repeat(15)}00` as LeaseId };
    await expect(client.fops.lease({ gfid: file, lease: other })).rejects.toMatchObject({
      code: "CLIENT_LEASE_LIMIT",
      executed: "no",
    });
    await client.fops.lease({ gfid: file, lease: lease(LeaseCmd.unlock) });
    await client.fops.lease({ gfid: file, lease: other });
  });
});
