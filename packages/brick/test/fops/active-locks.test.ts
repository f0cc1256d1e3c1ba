import {
  type ActiveLock,
  bytesValue,
  Errno,
  FileType,
  type Gfid,
  LkCmd,
  LockType,
  ROOT_GFID,
} from "@brickshift/wire";
import { describe, expect, it } from "vitest";
import { leased, unlock } from "../lease-client.js";
import {
  bytesOf,
  createFile,
  creation,
  newGfid,
  settle,
  startBrick,
  type TestClient,
} from "../test-brick.js";

const internal = { pid: -3 };
const owner = (byte: number) => Uint8Array.of(byte, 0, 0, 1);
const process = (n: number, brick: string) =>
  `CTX_ID:${n}-GRAPH_ID:0-PID:1-HOST:h-PC_NAME:v-client-${brick}-RECON_NO:-0`;

const lock = (
  clientUid: string,
  byte: number,
  start = 0n,
  len = 0n,
  type: number = LockType.write,
): ActiveLock => ({
  flock: { type, whence: 0, start, len, pid: 42, lkOwner: owner(byte) },
  clientUid,
  lkFlags: 0,
});

async function setUp(options = {}) {
  const started = await startBrick(options);
  const one = await started.client({ "process-uuid": process(1, "1") });
  const two = await started.client({ "process-uuid": process(2, "1") });
  const runner = await started.client();
  const { gfid } = await createFile(one, "f", { content: "0123456789" });
  const set = (locks: readonly ActiveLock[], on: Gfid = gfid, auth = internal) =>
    runner.call("setactivelk", { gfid: on, locks, xdata: null }, auth);
  const held = async () => (await runner.call("getactivelk", { gfid, xdata: null })).locks;
  const lk = (
    client: TestClient,
    byte: number,
    type: number,
    start = 0n,
    len = 0n,
    cmd: number = LkCmd.setlk,
  ) =>
    client.call(
      "lk",
      { gfid, fd: -2n, cmd, type, flock: { ...lock("", byte, start, len, type).flock }, xdata: null },
      { lkOwner: owner(byte) },
    );
  return { ...started, one, two, runner, gfid, set, held, lk };
}

describe("SETACTIVELK", () => {
  it("gives locks that GETACTIVELK told to the client of the same process on this brick", async () => {
    const { one, two, set, held, lk } = await setUp();
    const there = [lock(process(1, "0"), 7, 0n, 4n), lock(process(2, "0"), 7, 6n, 0n, LockType.read)];
    expect((await set(there)).opErrno).toBe(0);
    expect(await held()).toEqual([
      { ...there[0], clientUid: process(1, "1") },
      { ...there[1], clientUid: process(2, "1") },
    ]);
    expect((await lk(two, 7, LockType.write, 3n, 1n)).opErrno).toBe(Errno.EAGAIN);
    expect((await lk(one, 7, LockType.write, 3n, 1n)).opRet).toBe(0);
    expect((await lk(one, 7, LockType.unlock)).opRet).toBe(0);
    expect((await lk(two, 9, LockType.write, 0n, 6n)).opRet).toBe(0);
  });

  it("sets locks that end with a FLUSH of their owner, and with their client", async () => {
    const { one, two, gfid, set, held } = await setUp();
    await set([lock(process(1, "0"), 7, 0n, 1n), lock(process(2, "0"), 8, 1n, 1n)]);
    await one.call("flush", { gfid, fd: -2n, xdata: null }, { lkOwner: owner(7) });
    expect(await held()).toHaveLength(1);
    await two.peer.close();
    await settle();
    expect(await held()).toEqual([]);
  });

  it("sets all or none", async () => {
    const { brick, one, set, held, lk } = await setUp({ locksPerInodeMax: 3 });
    const [mine, yours] = [lock(process(1, "1"), 7, 0n, 4n), lock(process(2, "1"), 7, 2n, 4n)];
    expect((await set([mine, yours])).opErrno).toBe(Errno.EAGAIN);
    expect((await set([mine, lock(process(3, "1"), 7, 8n, 1n)])).opErrno).toBe(Errno.ESRCH);
    expect((await set([mine, lock(process(2, "1"), 7, 8n, 1n, LockType.unlock)])).opErrno).toBe(Errno.EINVAL);
    await lk(one, 1, LockType.write, 100n, 1n);
    const apart = [0n, 10n, 20n].map((start) => lock(process(2, "1"), 7, start, 1n));
    expect((await set(apart)).opErrno).toBe(Errno.ENOLCK);
    expect((await set([...apart, ...apart])).opErrno).toBe(Errno.ENOLCK);
    expect(await held()).toHaveLength(1);
    expect((await set(apart.slice(1))).opRet).toBe(0);
    await lk(one, 1, LockType.unlock);
    const [, two] = [...brick.clients.keys()];
    expect(two === undefined ? 0 : brick.locks.countOf(two)).toBe(2);
  });

  it("is for internal callers, and for a file that is here", async () => {
    const { one, set } = await setUp();
    expect((await set([], undefined, { pid: 1 })).opErrno).toBe(Errno.EPERM);
    expect((await set([], newGfid())).opErrno).toBe(Errno.ESTALE);
    expect((await set([], await makeLinkFile(one), internal)).opRet).toBe(0);
  });

  it("passes an exclusive lease, under which a rebalance sends it", async () => {
    const { runner, gfid, set, held } = await setUp();
    const { leaseId } = await leased(runner, gfid, "read-write");
    expect((await set([lock(process(1, "1"), 7)])).opRet).toBe(0);
    await unlock(runner, gfid, leaseId);
    expect(await held()).toHaveLength(1);
  });

  it("tells apart neither what it cannot nor what it need not", async () => {
    const { client, set, held } = await setUp();
    await client({ "process-uuid": process(5, "1") });
    await client({ "process-uuid": process(5, "1-again") });
    expect((await set([lock(process(5, "0"), 7)])).opErrno).toBe(Errno.ESRCH);
    expect((await set([lock(process(5, "1-again"), 7)])).opRet).toBe(0);
    expect((await held())[0]?.clientUid).toBe(process(5, "1-again"));
  });
});

async function makeLinkFile(client: TestClient): Promise<Gfid> {
  const gfid = newGfid();
  const linkto = bytesValue(bytesOf("other\0"));
  const xdata = creation(gfid, new Map([["trusted.glusterfs.dht.linkto", linkto]]));
  const mode = FileType.regular | 0o1000;
  await client.call("mknod", { pargfid: ROOT_GFID, dev: 0n, mode, umask: 0, bname: gfid, xdata });
  return gfid;
}

describe("LK on a file that has moved", () => {
  it.each([LkCmd.setlk, LkCmd.setlkw, LkCmd.getlk])("is sent after it, command %i", async (cmd) => {
    const { client } = await startBrick();
    const one = await client();
    const gfid = await makeLinkFile(one);
    for (const type of [LockType.read, LockType.write, LockType.unlock]) {
      const { flock } = lock("", 1, 0n, 0n, type);
      const answer = await one.call("lk", { gfid, fd: -2n, cmd, type, flock, xdata: null });
      expect(answer).toMatchObject({ opRet: -1, opErrno: Errno.EREMOTE });
      expect(answer.xdata?.has("trusted.glusterfs.dht.linkto")).toBe(true);
    }
  });
});
