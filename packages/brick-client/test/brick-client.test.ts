import { nodeScheduler, withDump } from "@brickshift/rpc";
import {
  ANONYMOUS_FD,
  Errno,
  type FopRequest,
  type Gfid,
  type LeaseId,
  LeaseCmd,
  LeaseType,
  NO_IATT,
  NULL_GFID,
  oldDictOf,
  oldDictText,
  parseGfid,
  parseLeaseId,
  programs,
  recallXdata,
  ROOT_GFID,
  xdataOf,
} from "@brickshift/wire";
import { describe, expect, it } from "vitest";
import { type ClientEvent, createBrickClient, isClientError, isFopError } from "../src/index.js";
import { settle, setup, success } from "./fake-brick.js";

const file = parseGfid("12345678-1234-4234-8234-123456789abc");
const leaseId = parseLeaseId("0102030405060708090a0b0c0d0e0f00");
const lease = (cmd: number, leaseType: number = LeaseType.read) => ({
  cmd,
  leaseType,
  leaseId,
  leaseFlags: 0,
});
const clientError = (code: string) => expect.objectContaining({ tag: "ClientError", code }) as unknown;

describe("the handshake", () => {
  it("tells the brick who comes, learns what it is, and then takes fops", async () => {
    const { client, brick } = await setup({
      username: "u",
      password: "p",
      processName: "runner",
      processId: 77,
      hostName: "h",
    });
    const seen: Record<string, string | undefined> = {};
    const setvolume = brick.setvolume;
    brick.setvolume = (dict) => {
      for (const key of ["remote-subvolume", "username", "password", "fops-version", "process-name"]) {
        seen[key] = oldDictText(dict, key);
      }
      return setvolume(dict);
    };
    expect([client.session, client.isUp, client.capabilities]).toEqual([0, false, undefined]);
    await client.connect();
    expect(seen).toEqual({
      "remote-subvolume": "/bricks/b0",
      username: "u",
      password: "p",
      "fops-version": "1298437",
      "process-name": "runner",
    });
    expect(brick.clients[0]).toMatch(
      /^CTX_ID:[0-9a-f-]{36}-GRAPH_ID:0-PID:77-HOST:h-PC_NAME:runner-RECON_NO:-0$/,
    );
    expect([client.session, client.isUp]).toEqual([1, true]);
    expect(client.capabilities).toEqual({
      brickshift: "1",
      brickId: "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee",
      volumeId: "11111111-2222-3333-4444-555555555555",
      processUuid: "brick-process",
    });
  });

  it("finds nothing of Brickshift in a stock brick", async () => {
    const { client, brick } = await setup();
    brick.setvolume = () => ({ opRet: 0, opErrno: 0, dict: null });
    await client.connect();
    expect(client.capabilities).toMatchObject({ brickshift: undefined, brickId: undefined });
  });

  it("is a new client for the brick with every connection, of the same context, and keeps the volume's id", async () => {
    const { client, brick, scheduler } = await setup();
    await client.connect();
    let volumeId: string | undefined;
    const setvolume = brick.setvolume;
    brick.setvolume = (dict) => {
      volumeId = oldDictText(dict, "volume-id");
      return setvolume(dict);
    };
    brick.peers[0]?.abort();
    await settle();
    scheduler.advance(100);
    await settle();
    const [first = "", second = ""] = brick.clients;
    expect(second).toBe(first.replace("RECON_NO:-0", "RECON_NO:-1"));
    expect(volumeId).toBe("11111111-2222-3333-4444-555555555555");
  });

  it.each([
    [Errno.EACCES, "CLIENT_AUTH_REFUSED"],
    [Errno.ENOENT, "CLIENT_BRICK_UNKNOWN"],
    [Errno.EAGAIN, "CLIENT_BRICK_NOT_READY"],
    [Errno.ESTALE, "CLIENT_VOLUME_CHANGED"],
    [Errno.EINVAL, "CLIENT_HANDSHAKE_REFUSED"],
  ])("fails for errno %i with %s, and the reason that the brick gave", async (opErrno, code) => {
    const { client, brick } = await setup();
    brick.setvolume = () => ({ opRet: -1, opErrno, dict: oldDictOf({ ERROR: "because" }) });
    await expect(client.connect()).rejects.toEqual(clientError(code));
    await expect(client.connect()).rejects.toThrow("because");
    expect(client.isUp).toBe(false);
  });

  it("does not take a brick without storage for ready, nor a brick id that is none", async () => {
    const { client, brick } = await setup();
    brick.setvolume = () => ({ opRet: 0, opErrno: 0, dict: oldDictOf({ child_up: "0" }) });
    await expect(client.connect()).rejects.toEqual(clientError("CLIENT_BRICK_NOT_READY"));
    brick.setvolume = () => ({ opRet: 0, opErrno: 0, dict: oldDictOf({ "brickshift.brick-id": "x" }) });
    await expect(client.connect()).rejects.toEqual(clientError("CLIENT_HANDSHAKE_REFUSED"));
  });

  it("tells a peer that is no brick by what it lists, and a port mapper by name", async () => {
    const { client, brick } = await setup();
    brick.programs = (_, shake) => withDump([shake]);
    await expect(client.connect()).rejects.toThrow("memory://brick is not a GlusterFS brick");
    brick.programs = (_, shake) => withDump([shake, { ...shake, ...programs.portmap }]);
    await expect(client.connect()).rejects.toThrow("port mapper");
    brick.programs = (fop, shake) => withDump([{ ...fop, version: 330 }, shake]);
    await expect(client.connect()).rejects.toEqual(clientError("CLIENT_NOT_A_BRICK"));
    brick.programs = () => [];
    await expect(client.connect()).rejects.toEqual(clientError("CLIENT_NOT_A_BRICK"));
    brick.programs = () => [
      { ...programs.dump, procedures: new Set([1, 2]), handle: (call) => void call.reply([]) },
    ];
    await expect(client.connect()).rejects.toEqual(clientError("CLIENT_NOT_A_BRICK"));
  });

  it("gives up coming back to a brick that refuses it, and says so", async () => {
    const { client, brick, scheduler } = await setup();
    await client.connect();
    const events = client.events();
    brick.setvolume = () => ({ opRet: -1, opErrno: Errno.EACCES, dict: null });
    brick.peers[0]?.abort();
    await settle();
    scheduler.advance(100);
    await settle();
    expect((await events.next()).value).toMatchObject({ type: "lost" });
    expect((await events.next()).value).toMatchObject({
      type: "give-up",
      error: { code: "CLIENT_AUTH_REFUSED" },
    });
    expect(scheduler.armed).toBe(0);
  });

  it("comes back to a brick that is unknown for a while", async () => {
    const { client, brick, scheduler } = await setup();
    await client.connect();
    const setvolume = brick.setvolume;
    brick.setvolume = () => ({ opRet: -1, opErrno: Errno.ENOENT, dict: null });
    brick.peers[0]?.abort();
    await settle();
    scheduler.advance(100);
    await settle();
    brick.setvolume = setvolume;
    scheduler.advance(1_000);
    await settle();
    expect(client.session).toBe(2);
  });
});

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

describe("fds", () => {
  async function withFd(options = {}) {
    const context = await setup(options);
    const { brick, client } = context;
    const remote: bigint[] = [];
    brick.handlers.open = () => success("open", { fd: 40n });
    brick.handlers.fstat = ({ fd }) => {
      remote.push(fd);
      return success("fstat");
    };
    brick.handlers.release = ({ fd }) => {
      remote.push(fd);
      return success("release");
    };
    await client.connect();
    const { fd } = await client.fops.open({ gfid: file, flags: 0 });
    return { ...context, remote, fd };
  }

  it("have numbers of the client, which stand for those of the brick until they are released", async () => {
    const { client, remote, fd } = await withFd();
    expect(client.openFds()).toBe(1);
    await client.fops.fstat({ gfid: file, fd });
    await client.fops.fstat({ gfid: file, fd: ANONYMOUS_FD });
    await client.fops.release({ gfid: file, fd });
    expect(remote).toEqual([40n, -2n, 40n]);
    expect(client.openFds()).toBe(0);
    await expect(client.fops.fstat({ gfid: file, fd })).rejects.toMatchObject({
      code: "CLIENT_STALE_FD",
      executed: "no",
    });
  });

  it("that are being released are refused, and are open again when the release was not sent", async () => {
    const { client, brick, fd, scheduler } = await withFd({ calls: { callsMax: 1, inFlightMax: 1 } });
    brick.handlers.stat = () => undefined;
    const filling = client.fops.stat({ gfid: file }, { timeoutMs: 10 }).catch(() => {});
    await expect(client.fops.release({ gfid: file, fd })).rejects.toMatchObject({ code: "RPC_QUEUE_FULL" });
    scheduler.advance(10);
    await filling;
    await client.fops.fstat({ gfid: file, fd });
    brick.handlers.release = () => undefined;
    const releasing = client.fops.release({ gfid: file, fd }, { timeoutMs: 10 });
    await expect(client.fops.fstat({ gfid: file, fd })).rejects.toEqual(clientError("CLIENT_STALE_FD"));
    scheduler.advance(10);
    await expect(releasing).rejects.toMatchObject({ code: "RPC_TIMEOUT", executed: "maybe" });
    await expect(client.fops.fstat({ gfid: file, fd })).rejects.toEqual(clientError("CLIENT_STALE_FD"));
    expect(client.openFds()).toBe(1);
    const events = client.events();
    client.drop();
    expect((await events.next()).value).toMatchObject({ type: "lost", fds: [{ fd }] });
  });

  it("of a lost connection are told, and refused from then on, even if the brick gives the number again", async () => {
    const { client, brick, remote, fd, scheduler } = await withFd();
    const events = client.events();
    brick.peers[0]?.abort();
    await settle();
    const lost = (await events.next()).value;
    expect(lost).toMatchObject({
      type: "lost",
      session: 1,
      fds: [{ fd, remoteFd: 40n, gfid: file, isDirectory: false }],
      error: { code: "RPC_DISCONNECTED" },
    });
    await expect(client.fops.fstat({ gfid: file, fd })).rejects.toEqual(clientError("CLIENT_STALE_FD"));
    scheduler.advance(100);
    await settle();
    expect((await events.next()).value).toMatchObject({ type: "up", session: 2 });
    const again = await client.fops.open({ gfid: file, flags: 0 });
    expect(again.fd).not.toBe(fd);
    await expect(client.fops.fstat({ gfid: file, fd })).rejects.toEqual(clientError("CLIENT_STALE_FD"));
    await client.fops.fstat({ gfid: file, fd: again.fd });
    expect(remote).toEqual([40n]);
  });

  it("of both files are translated for a copy, and CREATE and OPENDIR open ones as well", async () => {
    const { client, brick, fd } = await withFd();
    let seen: FopRequest<"copyFileRange"> | undefined;
    brick.handlers.copyFileRange = (request) => {
      seen = request;
      return success("copyFileRange");
    };
    brick.handlers.create = () => success("create", { fd: 41n, stat: { ...NO_IATT, gfid: file } });
    brick.handlers.opendir = () => success("opendir", { fd: 42n });
    const created = await client.fops.create({ pargfid: ROOT_GFID, flags: 2, mode: 0o644, bname: "n" });
    await client.fops.opendir({ gfid: ROOT_GFID });
    const range = { gfid1: file, gfid2: file, offIn: 0, offOut: 0, size: 1 };
    await client.fops.copyFileRange({ ...range, fdIn: fd, fdOut: created.fd });
    expect([seen?.fdIn, seen?.fdOut]).toEqual([40n, 41n]);
    const events = client.events();
    await client.close();
    expect((await events.next()).value).toMatchObject({
      type: "lost",
      fds: [{ gfid: file }, { gfid: file, remoteFd: 41n }, { gfid: ROOT_GFID, isDirectory: true }],
    });
    expect((await events.next()).done).toBe(true);
  });

  it("are bounded, opens on their way included; one that fails takes no place", async () => {
    const { client, brick, fd } = await withFd({ fdsMax: 2 });
    const opens = [1, 2].map(() => client.fops.open({ gfid: file, flags: 0 }));
    await expect(opens[1]).rejects.toMatchObject({ code: "CLIENT_FD_LIMIT", executed: "no", errno: 24 });
    await opens[0];
    await client.fops.release({ gfid: file, fd });
    brick.handlers.open = () => success("open", { opRet: -1, opErrno: Errno.EACCES });
    for (let failed = 0; failed < 3; failed += 1) {
      await expect(client.fops.open({ gfid: file, flags: 0 })).rejects.toMatchObject({ code: "FOP_FAILED" });
    }
    expect(client.openFds()).toBe(1);
  });
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

describe("events", () => {
  it("carry the brick's other calls as they are, and leave out what is unknown or broken", async () => {
    const { client, brick } = await setup();
    await client.connect();
    const events = client.events();
    const { number: program, version } = programs.callback;
    await brick.peers[0]?.notify({ program, version, procedure: 99, body: [] });
    await brick.peers[0]?.notify({ program, version, procedure: 8, body: [Uint8Array.of(1)] });
    await brick.callBack("statedump", { pid: 5 });
    expect((await events.next()).value).toEqual({
      type: "callback",
      name: "statedump",
      session: 1,
      request: { pid: 5 },
    });
    expect(client.isUp).toBe(true);
  });

  it("end for a reader that falls too far behind, after those that were kept, with an error", async () => {
    const { client, brick } = await setup({ eventsMax: 2 });
    await client.connect();
    const [slow, other] = [client.events(), client.events()];
    for (const pid of [1, 2]) await brick.callBack("statedump", { pid });
    await settle();
    await other.next();
    await brick.callBack("statedump", { pid: 3 });
    await settle();
    const pids = async (events: AsyncIterableIterator<ClientEvent, undefined>, count: number) => {
      const seen: unknown[] = [];
      for (let event = 0; event < count; event += 1) seen.push((await events.next()).value);
      return seen.map((event) => (event as { request: { pid: number } }).request.pid);
    };
    expect(await pids(slow, 2)).toEqual([1, 2]);
    await expect(slow.next()).rejects.toEqual(clientError("CLIENT_EVENTS_LOST"));
    expect(await slow.next()).toEqual({ done: true, value: undefined });
    expect(await pids(other, 2)).toEqual([2, 3]);
  });

  it("stop for a reader that leaves its loop, and end with the client", async () => {
    const { client, brick } = await setup();
    await client.connect();
    const seen: string[] = [];
    const reading = (async () => {
      for await (const event of client.events()) {
        seen.push(event.type);
        if (event.type === "callback") break;
      }
    })();
    await brick.callBack("statedump", { pid: 1 });
    await reading;
    await brick.callBack("statedump", { pid: 2 });
    const rest = client.recalls();
    const waiting = rest.next();
    await client.close();
    expect(await waiting).toEqual({ done: true, value: undefined });
    expect(await client.events().next()).toEqual({ done: true, value: undefined });
    expect(seen).toEqual(["callback"]);
  });
});

describe("a brick that is away", () => {
  it("lets fops by gfid wait for it, and never repeats one that was sent", async () => {
    const { client, brick, scheduler } = await setup();
    let stats = 0;
    brick.handlers.stat = () => {
      stats += 1;
      return stats === 1 ? undefined : success("stat");
    };
    await client.connect();
    const sent = client.fops.stat({ gfid: file });
    await settle();
    brick.peers[0]?.abort();
    await expect(sent).rejects.toMatchObject({ code: "RPC_DISCONNECTED", executed: "maybe" });
    const waiting = client.fops.stat({ gfid: file });
    scheduler.advance(100);
    await waiting;
    expect(stats).toBe(2);
  });

  it("fails fops at once when told to, and all of them once closed", async () => {
    const { client, brick } = await setup({ whileDown: "fail" });
    await client.connect();
    brick.peers[0]?.abort();
    await settle();
    await expect(client.fops.stat({ gfid: file })).rejects.toMatchObject({
      code: "RPC_DISCONNECTED",
      executed: "no",
    });
    await client.close();
    await expect(client.fops.stat({ gfid: file })).rejects.toMatchObject({
      code: "RPC_CLOSED",
      executed: "no",
    });
    await expect(client.connect()).rejects.toMatchObject({ code: "RPC_CLOSED" });
  });
});

it("refuses options that make no sense, before anything happens", async () => {
  const { transport } = await setup();
  const make = (options: object) => () =>
    createBrickClient({
      transport,
      address: "memory://brick",
      brick: "b",
      scheduler: nodeScheduler,
      random: { next: () => 0 },
      options,
    });
  expect(make({ callTimeout: 5 })).toThrow("callTimeout");
  expect(make({ auth: { groups: Array.from({ length: 90 }, () => 1) } })).toThrow("more than 91");
  expect(make({ fdsMax: 0 })).toThrow("fdsMax");
  expect(isClientError(new Error("no"))).toBe(false);
});
