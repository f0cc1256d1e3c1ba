import {
  type Dict,
  type Epoch,
  Errno,
  type Gfid,
  getXdata,
  gfidValue,
  LeaseCmd,
  type LeaseId,
  LeaseType,
  ROOT_GFID,
  XDATA,
  xdataOf,
} from "@brickshift/wire";
import { describe, expect, it } from "vitest";
import { leased } from "../lease-client.js";
import { createFile, newGfid, settle, startBrick, type TestClient } from "../test-brick.js";

const source = "00000000-1111-4222-8333-444444444444" as Gfid;

const ask = (client: TestClient, gfid: Gfid, name: string, xdata: Dict | null = null) =>
  client.call("getxattr", { gfid, namelen: name.length, name, xdata });

async function makeTarget(client: TestClient, bname: string): Promise<Gfid> {
  const gfid = newGfid();
  const asked = new Map([["gfid-req", gfidValue(gfid)]]);
  const xdata = xdataOf({ linkto: "s0", fence: 5n as Epoch, source }, asked);
  await client.call("mknod", { pargfid: ROOT_GFID, dev: 0n, mode: 0o101000, umask: 0, bname, xdata });
  return gfid;
}

describe("a brick that is asked for its targets", () => {
  const told = async (client: TestClient, gfid: Gfid, after?: Gfid) => {
    const xdata = after === undefined ? null : xdataOf({ targetsAfter: after });
    return getXdata((await ask(client, gfid, XDATA.targets, xdata)).dict, "targets");
  };

  it("tells of all on its root, of those after a gfid, and of one", async () => {
    const { client } = await startBrick();
    const runner = await client();
    const [first, last] = [await makeTarget(runner, "a"), await makeTarget(runner, "b")].toSorted() as [
      Gfid,
      Gfid,
    ];
    const all = await told(runner, ROOT_GFID);
    expect(all).toMatchObject([{ gfid: first }, { gfid: last }]);
    expect(all?.[0]).toEqual({ gfid: first, source, fence: 5n, madeUnder: 5n, phase: "filling" });
    expect(await told(runner, ROOT_GFID, first)).toMatchObject([{ gfid: last }]);
    expect(await told(runner, ROOT_GFID, last)).toEqual([]);
    expect(await told(runner, last)).toMatchObject([{ gfid: last }]);
    expect(await told(runner, (await createFile(runner, "f", {})).gfid)).toEqual([]);
  });

  it("knows of no such thing when it answers as a stock brick", async () => {
    const { client } = await startBrick({ compat: "gluster-10.3" });
    const stranger = await client();
    for (const name of [XDATA.targets, XDATA.commit]) {
      const { opRet, opErrno } = await ask(stranger, ROOT_GFID, name);
      expect([opRet, opErrno]).toEqual([-1, Errno.EOPNOTSUPP]);
    }
  });
});

describe("a brick that is asked about a commit", () => {
  async function committed() {
    const { client } = await startBrick();
    const [runner, other] = [await client(), await client()];
    const { gfid } = await createFile(other, "f", { content: "payload" });
    const { leaseId, epoch } = await leased(runner, gfid, "read-write");
    const dict = xdataOf({ migration: "commit", linkto: "d0" });
    const xdata = xdataOf({ leaseId, leaseEpoch: epoch });
    expect((await runner.call("setxattr", { gfid, flags: 0, dict, xdata })).opRet).toBe(0);
    const known = async () => {
      const { dict: said } = await ask(other, ROOT_GFID, XDATA.commit, xdataOf({ commitOf: gfid }));
      return [getXdata(said, "commit"), getXdata(said, "linkto"), getXdata(said, "commitsSince")];
    };
    const unlock = (by: TestClient, id: LeaseId, published: Epoch, leaseEpoch: Epoch) => {
      const lease = { cmd: LeaseCmd.unlock, leaseType: LeaseType.none, leaseId: id, leaseFlags: 0 };
      return by.call("lease", { gfid, lease, xdata: xdataOf({ leaseEpoch, published }) });
    };
    return { runner, other, gfid, leaseId, epoch, known, unlock };
  }

  it("tells of it until its runner says, with the lease, that the file is published", async () => {
    const { runner, other, leaseId, epoch, known, unlock } = await committed();
    expect(await known()).toEqual([epoch, "d0", undefined]);
    // Not somebody else who has come to know the id of the lease.
    await unlock(other, leaseId, epoch, epoch);
    expect(await known()).toEqual([epoch, "d0", undefined]);
    await unlock(runner, leaseId, epoch, epoch);
    await settle();
    expect(await known()).toEqual([undefined, undefined, 0n]);
  });

  it("keeps it when the lease that is given back was a shared one", async () => {
    const { runner, other, gfid, leaseId, epoch, known, unlock } = await committed();
    await runner.call("lease", {
      gfid,
      lease: { cmd: LeaseCmd.unlock, leaseType: LeaseType.none, leaseId, leaseFlags: 0 },
      xdata: null,
    });
    const shared = await leased(other, gfid, "read");
    await unlock(other, shared.leaseId, shared.epoch, shared.epoch);
    await settle();
    expect(await known()).toEqual([epoch, "d0", undefined]);
  });

  it("wants to know of which inode", async () => {
    const { other } = await committed();
    const { gfid } = await createFile(other, "g", {});
    expect((await ask(other, ROOT_GFID, XDATA.commit)).opErrno).toBe(Errno.EINVAL);
    expect((await ask(other, gfid, XDATA.commit, xdataOf({ commitOf: gfid }))).opErrno).toBe(Errno.EINVAL);
  });
});
