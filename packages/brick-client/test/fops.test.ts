import {
  ANONYMOUS_FD,
  Errno,
  type FopRequest,
  NO_IATT,
  NULL_GFID,
  ROOT_GFID,
  xdataOf,
} from "@brickshift/wire";
import { describe, expect, it } from "vitest";
import { isFopError } from "../src/index.js";
import { file, setup } from "./client-fixture.js";
import { success } from "./fake-brick.js";

describe("fops", () => {
  it("travel with what their caller says, and the rest filled in", async () => {
    const { client, brick } = await setup();
    let seen: FopRequest<"lookup"> | undefined;
    brick.handlers.lookup = (request) => {
      seen = request;
      return success("lookup", { prestat: { ...NO_IATT, gfid: file, size: 5 } });
    };
    await client.connect();
    const reply = await client.fops.lookup({ gfid: NULL_GFID, pargfid: ROOT_GFID, bname: "a" });
    expect(reply.prestat).toMatchObject({ gfid: file, size: 5 });
    expect(seen).toEqual({ gfid: NULL_GFID, pargfid: ROOT_GFID, flags: 0, bname: "a", xdata: null });
    await client.call("lookup", { gfid: file, pargfid: NULL_GFID, flags: 0, bname: "", xdata: new Map() });
    expect(seen).toMatchObject({ gfid: file, xdata: new Map() });
  });

  it("write a payload as it is, its size counted", async () => {
    const { client, brick } = await setup();
    let seen: FopRequest<"write"> | undefined;
    brick.handlers.write = (request) => {
      seen = request;
      return success("write", { opRet: request.payload.length });
    };
    await client.connect();
    const payload = Uint8Array.of(1, 2, 3);
    const reply = await client.fops.write({ gfid: file, fd: ANONYMOUS_FD, offset: 7, payload });
    expect(reply.opRet).toBe(3);
    expect(seen).toMatchObject({ fd: -2n, offset: 7, size: 3, flag: 0 });
    expect([...(seen?.payload ?? [])]).toEqual([1, 2, 3]);
  });

  it("carry the length of a name, or for an entry lock whether there is one", async () => {
    const { client, brick } = await setup();
    const seen: number[] = [];
    brick.handlers.getxattr = ({ namelen }) => {
      seen.push(namelen);
      return success("getxattr");
    };
    brick.handlers.entrylk = ({ namelen }) => {
      seen.push(namelen);
      return success("entrylk");
    };
    await client.connect();
    await client.fops.getxattr({ gfid: file, name: "user.é" });
    await client.fops.getxattr({ gfid: file, name: "user.é", namelen: 3 });
    const lock = { gfid: file, cmd: 0, type: 1, volume: "d" };
    await client.fops.entrylk({ ...lock, name: "entry" });
    await client.fops.entrylk({ ...lock, name: "" });
    expect(seen).toEqual([7, 3, 1, 0]);
  });

  it("read a payload as a view, whose record can be given back", async () => {
    const { client, brick } = await setup();
    brick.handlers.read = () =>
      success("read", { opRet: 4, opErrno: Errno.ENOENT, size: 4, payload: Uint8Array.of(1, 2, 3, 4) });
    await client.connect();
    const reply = await client.fops.read({ gfid: file, fd: ANONYMOUS_FD, offset: 0, size: 100 });
    expect([...reply.payload]).toEqual([1, 2, 3, 4]);
    expect(reply.opErrno).toBe(Errno.ENOENT);
    expect(reply.payload.byteOffset).toBeGreaterThan(0);
    reply.release();
    reply.release();
  });

  it("are made for whom the options say, and one for whom it says itself", async () => {
    const { client, brick } = await setup({ auth: { pid: -3, uid: 1, gid: 2, groups: [4] } });
    const seen: unknown[] = [];
    brick.handlers.statfs = (_, call) => {
      seen.push(call.auth);
      return success("statfs");
    };
    await client.connect();
    await client.fops.statfs({ gfid: ROOT_GFID });
    await client.fops.statfs({ gfid: ROOT_GFID }, { auth: { uid: 9, lkOwner: Uint8Array.of(8) } });
    expect(seen).toMatchObject([
      {
        flavor: "glusterV3",
        pid: -3,
        uid: 1,
        gid: 2,
        groups: [4],
        lkOwner: Uint8Array.of(253, 255, 255, 255),
      },
      { flavor: "glusterV3", pid: -3, uid: 9, gid: 2, groups: [4], lkOwner: Uint8Array.of(8) },
    ]);
  });

  it("fail with what the brick said: fop, errno, inode, and what came with it", async () => {
    const { client, brick } = await setup();
    const answers = [
      { opErrno: Errno.ENOENT, xdata: null },
      { opErrno: Errno.EKEYREVOKED, xdata: xdataOf({ leaseState: "recall-timeout" }) },
      { opErrno: Errno.ESTALE, xdata: xdataOf({ leaseState: "fenced" }) },
      { opErrno: Errno.ESTALE, xdata: xdataOf({ linkto: "vol-client-1" }) },
      { opErrno: Errno.ESTALE, xdata: null },
    ];
    brick.handlers.truncate = () => success("truncate", { opRet: -1, ...answers.shift() });
    await client.connect();
    const errors: unknown[] = [];
    for (let fop = 0; fop < 5; fop += 1) {
      await client.fops.truncate({ gfid: file, offset: 0 }).catch((error: unknown) => errors.push(error));
    }
    expect(errors.every(isFopError)).toBe(true);
    expect(errors).toMatchObject([
      { code: "FOP_FAILED", errno: 2, fop: "truncate", gfid: file, leaseState: undefined },
      { code: "FOP_LEASE_REVOKED", errno: 128, leaseState: "recall-timeout" },
      { code: "FOP_FENCED", errno: 116, leaseState: "fenced" },
      { code: "FOP_MOVED", errno: 116, linkto: "vol-client-1" },
      { code: "FOP_FAILED", errno: 116 },
    ]);
    expect((errors[0] as Error).message).toBe(`FOP_FAILED: TRUNCATE on ${file}: ENOENT`);
  });

  it("that do not encode, or whose answer does not decode, say so", async () => {
    const { client, brick } = await setup();
    brick.handlers.stat = (_, call) => {
      void call.reply([Uint8Array.of(1)]);
      return undefined;
    };
    await client.connect();
    await expect(client.fops.stat({ gfid: file })).rejects.toMatchObject({
      code: "CLIENT_REPLY_INVALID",
      executed: "maybe",
    });
    await expect(
      client.fops.write({ gfid: file, fd: ANONYMOUS_FD, offset: 0, size: 9, payload: Uint8Array.of(1) }),
    ).rejects.toMatchObject({ code: "WIRE_VALUE" });
    await expect(client.fops.readlink({ gfid: file, size: 9 })).rejects.toMatchObject({
      code: "RPC_REJECTED",
      executed: "no",
    });
  });

  it("end at their time or by their signal", async () => {
    const { client, brick, scheduler } = await setup({ callTimeoutMs: 1_000 });
    brick.handlers.stat = () => undefined;
    await client.connect();
    const byTime = client.fops.stat({ gfid: file }, { timeoutMs: 10 });
    const byDefault = client.fops.stat({ gfid: file });
    const controller = new AbortController();
    const bySignal = client.fops.stat({ gfid: file }, { signal: controller.signal });
    controller.abort();
    await expect(bySignal).rejects.toMatchObject({ code: "RPC_ABORTED", executed: "maybe" });
    scheduler.advance(10);
    await expect(byTime).rejects.toMatchObject({ code: "RPC_TIMEOUT", executed: "maybe" });
    scheduler.advance(990);
    await expect(byDefault).rejects.toMatchObject({ code: "RPC_TIMEOUT" });
  });

  it("on locks and leases pass a window full of others", async () => {
    const { client, brick } = await setup({ calls: { inFlightMax: 1 } });
    const heard: string[] = [];
    brick.handlers.stat = () => {
      heard.push("stat");
      return undefined;
    };
    brick.handlers.inodelk = () => {
      heard.push("inodelk");
      return success("inodelk");
    };
    await client.connect();
    const stats = [1, 2].map(() => client.fops.stat({ gfid: file }).catch(() => {}));
    const flock = { type: 2, whence: 0, start: 0n, len: 0n, pid: 0, lkOwner: new Uint8Array(0) };
    await client.fops.inodelk({ gfid: file, cmd: 1, type: 2, flock, volume: "d" });
    expect(heard).toEqual(["stat", "inodelk"]);
    await client.close();
    await Promise.all(stats);
  });
});
