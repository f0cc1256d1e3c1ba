import { Errno, type Flock, type Gfid, gfidValue, LkCmd, LockType, ROOT_GFID } from "@brickshift/wire";
import { describe, expect, it } from "vitest";
import { leased } from "../lease-client.js";
import { createFile, newGfid, settle, startBrick, type TestClient } from "../test-brick.js";

const owner = (byte: number) => ({ lkOwner: Uint8Array.of(byte, 0, 0, 0, 0, 0, 0, 1) });
const flock = (type: number, start = 0n, len = 0n): Flock => ({
  type,
  whence: 0,
  start,
  len,
  pid: 42,
  lkOwner: new Uint8Array(0),
});

async function setUp(options = {}) {
  const started = await startBrick(options);
  const [one, two] = [await started.client(), await started.client()];
  const { gfid } = await createFile(one, "f", { content: "0123456789" });
  const { fd } = await two.call("open", { gfid, flags: 2, xdata: null });
  const lk = (client: TestClient, cmd: number, lock: Flock, byte = 1) =>
    client.call(
      "lk",
      { gfid, fd: client === one ? 0n : fd, cmd, type: lock.type, flock: lock, xdata: null },
      owner(byte),
    );
  const inodelk = (client: TestClient, cmd: number, type: number, volume = "dom", byte = 1) =>
    client.call("inodelk", { gfid, cmd, type, flock: flock(type), volume, xdata: null }, owner(byte));
  const entrylk = (client: TestClient, cmd: number, name: string, namelen = 1, on: Gfid = ROOT_GFID) =>
    client.call("entrylk", { gfid: on, cmd, type: 1, namelen, name, volume: "dom", xdata: null }, owner(1));
  return { ...started, one, two, gfid, fd, lk, inodelk, entrylk };
}

function watch<T>(promise: Promise<T>) {
  const watched: { value: T | undefined } = { value: undefined };
  void promise.then((value) => {
    watched.value = value;
  });
  return watched;
}

describe("LK", () => {
  it("echoes a lock that is granted, refuses one in conflict with EAGAIN and zeros", async () => {
    const { one, two, lk } = await setUp();
    const lock = flock(LockType.write, 2n, 3n);
    expect(await lk(one, LkCmd.setlk, lock)).toMatchObject({ opRet: 0, flock: lock });
    const refused = await lk(two, LkCmd.setlk, flock(LockType.read, 4n, 1n));
    expect(refused).toMatchObject({ opRet: -1, opErrno: Errno.EAGAIN, flock: { start: 0n, len: 0n } });
    expect((await lk(two, LkCmd.setlk, flock(LockType.read, 5n, 1n))).opRet).toBe(0);
  });

  it("reports what is in the way to GETLK, by the owner of the caller's header; or none", async () => {
    const { one, two, lk } = await setUp();
    await lk(one, LkCmd.setlk, flock(LockType.write, 2n, 3n), 9);
    const found = await lk(two, LkCmd.getlk, flock(LockType.read));
    expect(found.flock).toEqual({ ...flock(LockType.write, 2n, 3n), ...owner(9) });
    const free = await lk(two, LkCmd.getlk, flock(LockType.read, 5n, 1n));
    expect(free.flock).toEqual({ ...flock(LockType.unlock, 5n, 1n), ...owner(1) });
    const any = await lk(two, LkCmd.getlk, flock(LockType.unlock));
    expect(any.flock).toEqual(found.flock);
    // An unlock asks for what a reader would wait for: it finds no other reader.
    await lk(one, LkCmd.setlk, flock(LockType.read, 20n, 1n), 9);
    const read = await lk(two, LkCmd.getlk, flock(LockType.unlock, 20n, 1n));
    expect(read.flock).toEqual({ ...flock(LockType.unlock, 20n, 1n), ...owner(1) });
  });

  it("keeps a SETLKW waiting until the lock is free, then tells its real owner", async () => {
    const { one, two, lk } = await setUp();
    await lk(one, LkCmd.setlk, flock(LockType.write));
    const waiting = watch(lk(two, LkCmd.setlkw, flock(LockType.write), 5));
    await settle();
    expect(waiting.value).toBeUndefined();
    await lk(one, LkCmd.setlk, flock(LockType.unlock));
    await settle();
    expect(waiting.value).toMatchObject({ opRet: 0, flock: owner(5) });
  });

  it("lets a FLUSH with an owner end that owner's locks, and one without those of the fd", async () => {
    const { one, two, gfid, lk } = await setUp();
    await lk(one, LkCmd.setlk, flock(LockType.read), 1);
    await lk(one, LkCmd.setlk, flock(LockType.read), 2);
    await one.call("flush", { gfid, fd: 0n, xdata: null }, owner(1));
    expect((await two.call("getactivelk", { gfid, xdata: null })).opRet).toBe(1);
    await one.call("flush", { gfid, fd: 0n, xdata: null }, { lkOwner: new Uint8Array(0) });
    expect((await two.call("getactivelk", { gfid, xdata: null })).opRet).toBe(0);
  });

  it("ends the locks of an fd with its RELEASE", async () => {
    const { one, two, gfid, lk } = await setUp();
    await lk(one, LkCmd.setlk, flock(LockType.write));
    await one.call("release", { gfid, fd: 0n, xdata: null });
    expect((await lk(two, LkCmd.setlk, flock(LockType.write))).opRet).toBe(0);
  });

  it("takes a range relative to the end of the file, and refuses a whence or command there is not", async () => {
    const { one, two, gfid, lk } = await setUp();
    await lk(one, LkCmd.setlk, { ...flock(LockType.write, 0n, 5n), whence: 2 });
    const { locks } = await two.call("getactivelk", { gfid, xdata: null });
    expect(locks[0]?.flock).toMatchObject({ start: 10n, len: 5n, pid: 42 });
    expect((await lk(one, LkCmd.setlk, { ...flock(LockType.write), whence: 7 })).opErrno).toBe(Errno.EINVAL);
    expect((await lk(one, LkCmd.reslkLock, flock(LockType.write))).opErrno).toBe(Errno.EOPNOTSUPP);
    expect((await lk(one, LkCmd.setlk, flock(9))).opErrno).toBe(Errno.EINVAL);
  });

  it("that waits is nothing a lease has to wait for", async () => {
    const { one, two, gfid, lk } = await setUp();
    await lk(one, LkCmd.setlk, flock(LockType.write));
    void lk(two, LkCmd.setlkw, flock(LockType.write)).catch(() => {});
    await settle();
    expect((await leased(one, gfid, "read-write")).reply.opRet).toBe(0);
  });
});

describe("INODELK and ENTRYLK", () => {
  it("exclude writers within a domain, in order, and know nothing of other domains", async () => {
    const { one, two, inodelk } = await setUp();
    expect((await inodelk(one, LkCmd.setlkw, LockType.write)).opRet).toBe(0);
    expect((await inodelk(two, LkCmd.setlk, LockType.read)).opErrno).toBe(Errno.EAGAIN);
    expect((await inodelk(two, LkCmd.setlk, LockType.write, "other")).opRet).toBe(0);
    const waiting = watch(inodelk(two, LkCmd.setlkw, LockType.write));
    await settle();
    expect(waiting.value).toBeUndefined();
    expect((await inodelk(one, LkCmd.setlk, LockType.unlock)).opRet).toBe(0);
    await settle();
    expect(waiting.value).toMatchObject({ opRet: 0 });
    expect((await inodelk(one, LkCmd.setlk, LockType.unlock)).opErrno).toBe(Errno.EINVAL);
  });

  it("end on what has lost its last name meanwhile, and do not count any more", async () => {
    const { one, two, inodelk, entrylk } = await setUp({ locksPerClientMax: 2 });
    const directory = newGfid();
    const xdata = new Map([["gfid-req", gfidValue(directory)]]);
    await one.call("mkdir", { pargfid: ROOT_GFID, mode: 0o755, umask: 0, bname: "d", xdata });
    await inodelk(one, LkCmd.setlk, LockType.write);
    await entrylk(one, 0, "a", 1, directory);
    await one.call("unlink", { pargfid: ROOT_GFID, bname: "f", xflags: 0, xdata: null });
    await one.call("rmdir", { pargfid: ROOT_GFID, bname: "d", xflags: 0, xdata: null });
    // Nobody else has a lock there to end, and there is no directory any more.
    expect((await inodelk(two, LkCmd.setlk, LockType.unlock)).opErrno).toBe(Errno.EINVAL);
    expect((await entrylk(two, 0, "b", 1, directory)).opErrno).toBe(Errno.ESTALE);

    expect((await inodelk(one, LkCmd.setlk, LockType.unlock)).opRet).toBe(0);
    expect((await entrylk(one, 1, "a", 1, directory)).opRet).toBe(0);
    expect((await inodelk(one, LkCmd.setlk, LockType.unlock)).opErrno).toBe(Errno.ESTALE);
    for (const name of ["a", "b"]) expect((await entrylk(one, 0, name)).opRet).toBe(0);
  });

  it("lock names of a directory, or all of it when namelen is 0", async () => {
    const { one, two, entrylk } = await setUp();
    expect((await entrylk(one, 0, "a")).opRet).toBe(0);
    expect((await entrylk(two, 2, "a")).opErrno).toBe(Errno.EAGAIN);
    expect((await entrylk(two, 2, "", 0)).opErrno).toBe(Errno.EAGAIN);
    expect((await entrylk(two, 2, "b")).opRet).toBe(0);
    const read = { gfid: ROOT_GFID, cmd: 1, type: 0, namelen: 1, name: "a", volume: "dom", xdata: null };
    expect((await one.call("entrylk", read, owner(1))).opErrno).toBe(Errno.EINVAL);
    expect((await entrylk(one, 1, "a")).opRet).toBe(0);
    expect((await entrylk(one, 1, "a")).opErrno).toBe(Errno.EINVAL);
    expect((await entrylk(one, 7, "a")).opErrno).toBe(Errno.EINVAL);
  });

  it("work on fds, and refuse an unknown fd or inode, and names that are too long", async () => {
    const { one, two, gfid, fd } = await setUp();
    const base = { gfid, cmd: LkCmd.setlk, type: LockType.write, flock: flock(LockType.write), xdata: null };
    const finodelk = (number: bigint, volume = "d") => two.call("finodelk", { ...base, fd: number, volume });
    expect((await finodelk(fd)).opRet).toBe(0);
    expect((await finodelk(50n)).opErrno).toBe(Errno.EBADF);
    expect((await finodelk(fd, "d".repeat(256))).opErrno).toBe(Errno.ENAMETOOLONG);
    expect((await one.call("inodelk", { ...base, gfid: newGfid(), volume: "d" })).opErrno).toBe(Errno.ESTALE);
    const dir = (await one.call("opendir", { gfid: ROOT_GFID, xdata: null })).fd;
    const entry = { gfid: ROOT_GFID, cmd: 0, type: 0, namelen: 1, name: "x", volume: "d", xdata: null };
    expect((await one.call("fentrylk", { ...entry, fd: dir })).opRet).toBe(0);
    expect((await one.call("fentrylk", { ...entry, fd: 50n })).opErrno).toBe(Errno.EBADF);
  });
});

describe("bounds", () => {
  it("refuse one lock more of a client, and one more on an inode, with ENOLCK", async () => {
    const { one, two, lk } = await setUp({ locksPerClientMax: 2, locksPerInodeMax: 3 });
    for (const start of [0n, 2n]) await lk(one, LkCmd.setlk, flock(LockType.write, start, 1n));
    expect((await lk(one, LkCmd.setlk, flock(LockType.write, 4n, 1n))).opErrno).toBe(Errno.ENOLCK);
    expect((await lk(two, LkCmd.setlk, flock(LockType.write, 6n, 1n))).opRet).toBe(0);
    expect((await lk(two, LkCmd.setlk, flock(LockType.write, 8n, 1n))).opErrno).toBe(Errno.ENOLCK);
  });

  it("refuse a lock that would wait when too many calls of the connection do", async () => {
    const { one, two, lk } = await setUp({ rpc: { blockingCallsMax: 1, pingTimeoutMs: 0 } });
    await lk(one, LkCmd.setlk, flock(LockType.write));
    void lk(two, LkCmd.setlkw, flock(LockType.write)).catch(() => {});
    await settle();
    expect((await lk(two, LkCmd.setlkw, flock(LockType.write), 3)).opErrno).toBe(Errno.ENOLCK);
  });
});
