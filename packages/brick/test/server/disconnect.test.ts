import { Errno, LeaseType, LkCmd, LockType, ROOT_GFID } from "@brickshift/wire";
import { expect, it } from "vitest";
import { leased, setLease } from "../lease-client.js";
import { createFile, settle, startBrick, writeFile } from "../test-brick.js";

const flock = { type: LockType.write, whence: 0, start: 0n, len: 0n, pid: 1, lkOwner: new Uint8Array(0) };

it("releases fds, locks, leases and blocked calls at once, and answers those who waited for them", async () => {
  const { client, brick, events } = await startBrick();
  const [one, two] = [await client(), await client()];
  const { gfid, fd } = await createFile(one, "f");
  const other = await createFile(two, "g");
  const lk = { gfid, cmd: LkCmd.setlk, type: LockType.write, flock, xdata: null };
  await one.call("lk", { ...lk, fd });
  await one.call("inodelk", { gfid, cmd: 1, type: 1, flock, volume: "d", xdata: null });
  await one.call("entrylk", {
    gfid: ROOT_GFID,
    cmd: 0,
    type: 1,
    namelen: 1,
    name: "n",
    volume: "d",
    xdata: null,
  });
  await leased(one, gfid);
  await leased(two, other.gfid);
  // What the first client waits for.
  for (const waiting of [
    writeFile(one, other.gfid, "x"),
    one.call("lk", { ...lk, fd, cmd: LkCmd.setlkw }, { lkOwner: Uint8Array.of(9) }),
    setLease(one, other.gfid, LeaseType.readWrite),
  ]) {
    waiting.catch(() => {});
  }
  // What waits for the first client.
  const { fd: otherFd } = await two.call("open", { gfid, flags: 2, xdata: null });
  const answers = [
    two.call("lk", { ...lk, fd: otherFd, cmd: LkCmd.setlkw }),
    two.call("inodelk", { gfid, cmd: 2, type: 1, flock, volume: "d", xdata: null }),
    two.call("entrylk", {
      gfid: ROOT_GFID,
      cmd: 0,
      type: 1,
      namelen: 1,
      name: "n",
      volume: "d",
      xdata: null,
    }),
    writeFile(two, gfid, "y"),
  ];
  await settle();
  one.peer.abort();
  expect((await Promise.all(answers)).map(({ opRet }) => opRet)).toEqual([0, 0, 0, 1]);
  await settle();
  expect(brick.clients.size).toBe(1);
  expect(brick.running).toBe(0);
  expect(brick.lockWaiters.size).toBe(0);
  expect(brick.gate.usage).toMatchObject({ leases: 1, blockedFops: 0, queuedRequests: 0 });
  expect(brick.gate.inodes.openCount(gfid)).toBe(1);
  expect(events).toContainEqual(expect.objectContaining({ type: "session-closed", fds: 1, locks: 4 }));
});

it("keeps what a client holds as long as one of its connections is there", async () => {
  const { client, brick } = await startBrick();
  const uuid = { "process-uuid": "CTX_ID:twice" };
  const [one, two] = [await client(uuid), await client(uuid)];
  const { gfid, fd } = await createFile(one, "f");
  one.peer.abort();
  await settle();
  expect((await two.call("fstat", { gfid, fd, xdata: null })).opRet).toBe(0);
  await two.peer.close();
  await settle();
  expect(brick.gate.inodes.size).toBe(0);
});

it("lets an unlinked file go with its last fd", async () => {
  const { client, brick } = await startBrick();
  const one = await client();
  const { gfid } = await createFile(one, "f", { content: "data" });
  await one.call("unlink", { pargfid: ROOT_GFID, bname: "f", xflags: 0, xdata: null });
  expect(brick.tree.stat(gfid).nlink).toBe(0);
  one.peer.abort();
  await settle();
  expect(() => brick.tree.stat(gfid)).toThrow("TREE_STALE");
});

it("ends the leases of a file that is gone for good", async () => {
  const { client, brick } = await startBrick();
  const one = await client();
  const { gfid, fd } = await createFile(one, "f");
  const { leaseId, epoch } = await leased(one, gfid, "read-write");
  expect(epoch).toBeGreaterThan(0n);
  const xdata = new Map([["lease-id", { type: "ptr", value: Buffer.from(leaseId, "hex") }]] as const);
  const gone = await one.call("unlink", { pargfid: ROOT_GFID, bname: "f", xflags: 0, xdata });
  expect(gone.opRet).toBe(0);
  expect(brick.gate.usage.leases).toBe(1);
  await one.call("release", { gfid, fd, xdata: null });
  expect(brick.gate.usage).toMatchObject({ leases: 0, inodes: 0 });
});

it("refuses one fd more than a client may have with EMFILE, and gives the number of a released one again", async () => {
  const { client, brick } = await startBrick({ fdsPerClientMax: 2 });
  const one = await client();
  const { gfid } = await createFile(one, "f");
  const open = () => one.call("open", { gfid, flags: 0, xdata: null });
  expect((await open()).fd).toBe(1n);
  expect((await open()).opErrno).toBe(Errno.EMFILE);
  expect((await one.call("opendir", { gfid: ROOT_GFID, xdata: null })).opErrno).toBe(Errno.EMFILE);
  await expect(createFile(one, "g")).rejects.toThrow(`${Errno.EMFILE}`);
  expect(() => brick.tree.lookup(ROOT_GFID, "g")).toThrow("TREE_NO_ENTRY");
  await one.call("release", { gfid, fd: 0n, xdata: null });
  expect((await open()).fd).toBe(0n);
});
