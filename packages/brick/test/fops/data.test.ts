import {
  ANONYMOUS_FD,
  type Dict,
  dictNumber,
  Errno,
  FileType,
  type Gfid,
  ROOT_GFID,
  uintValue,
} from "@brickshift/wire";
import { describe, expect, it } from "vitest";
import { weak } from "../../src/fops/checksum.js";
import { createMemoryStore } from "../../src/store/memory-store.js";
import {
  bytesOf,
  createFile,
  creation,
  newGfid,
  readFile,
  settle,
  startBrick,
  type TestClient,
  textOf,
  writeFile,
} from "../test-brick.js";

async function setUp(content = "0123456789", options = {}) {
  const started = await startBrick(options);
  const one = await started.client();
  const { gfid, fd } = await createFile(one, "f", { content });
  const text = async () => textOf((await readFile(one, gfid)).payload);
  return { ...started, one, gfid, fd, text };
}

describe("READ", () => {
  it("says ENOENT beside the success at the end of the file, and gives fewer bytes there", async () => {
    const { one, gfid } = await setUp();
    expect(await readFile(one, gfid, 0, 9)).toMatchObject({ opRet: 9, opErrno: 0, size: 9 });
    expect(await readFile(one, gfid, 5, 99)).toMatchObject({ opRet: 5, opErrno: Errno.ENOENT });
    expect(await readFile(one, gfid, 50, 99)).toMatchObject({ opRet: 0, opErrno: Errno.ENOENT, size: 0 });
    expect((await readFile(one, gfid, 0, 10)).opErrno).toBe(Errno.ENOENT);
  });

  it("is refused on an fd for writing only, on an unknown fd, and beyond what a record holds", async () => {
    const { one, gfid } = await setUp("", { recordBytesMax: 2 ** 21 });
    const { fd } = await one.call("open", { gfid, flags: 1, xdata: null });
    const read = (number: bigint, size: number) =>
      one.call("read", { gfid, fd: number, offset: 0, size, flag: 0, xdata: null });
    expect((await read(fd, 1)).opErrno).toBe(Errno.EBADF);
    expect((await read(77n, 1)).opErrno).toBe(Errno.EBADF);
    expect((await read(-1n, 1)).opErrno).toBe(Errno.EBADF);
    expect((await read(-2n, 2 ** 21)).opErrno).toBe(Errno.EMSGSIZE);
    expect((await read(-2n, 2 ** 20)).opRet).toBe(0);
  });

  it("of a directory is EISDIR, of nothing through the anonymous fd ENOENT", async () => {
    const { one } = await setUp();
    expect((await readFile(one, ROOT_GFID)).opErrno).toBe(Errno.EISDIR);
    expect((await readFile(one, newGfid())).opErrno).toBe(Errno.ENOENT);
  });

  it("gives its buffer back when the reply is sent", async () => {
    const { one, gfid, brick } = await setUp("x".repeat(10_000));
    await readFile(one, gfid);
    await readFile(one, gfid);
    await settle();
    expect(brick.pool.keptBytes).toBe(65_536);
  });

  it("answers with bytes that a later read does not change", async () => {
    const { one, gfid } = await setUp("a".repeat(8_192));
    const first = await readFile(one, gfid);
    await writeFile(one, gfid, "b".repeat(8_192));
    const [second, third] = await Promise.all([readFile(one, gfid), readFile(one, gfid)]);
    expect(new Set(textOf(first.payload))).toEqual(new Set("a"));
    expect([...new Set(textOf(second.payload) + textOf(third.payload))]).toEqual(["b"]);
  });
});

describe("WRITE", () => {
  it("gives the attributes before and after", async () => {
    const { one, gfid, text } = await setUp();
    const reply = await writeFile(one, gfid, "abc", 9);
    expect(reply).toMatchObject({ opRet: 3, prestat: { size: 10 }, poststat: { size: 12 } });
    expect(await text()).toBe("012345678abc");
  });

  it("appends on an fd opened with O_APPEND, whatever the offset, and says so when asked", async () => {
    const { one, gfid, text } = await setUp();
    const { fd } = await one.call("open", { gfid, flags: 0o2001, xdata: null });
    const xdata: Dict = new Map([
      ["glusterfs.write-is-append", uintValue(0)],
      ["glusterfs.open-active-fd-count", uintValue(0)],
    ]);
    const write = { gfid, fd, offset: 2, size: 3, flag: 0, xdata, payload: bytesOf("END") };
    const reply = await one.call("write", write);
    expect(await text()).toBe("0123456789END");
    expect(dictNumber(reply.xdata, "glusterfs.write-is-append")).toBe(1);
    expect(dictNumber(reply.xdata, "glusterfs.open-active-fd-count")).toBe(2);
  });

  it("is refused on an fd for reading only", async () => {
    const { one, gfid } = await setUp();
    const { fd } = await one.call("open", { gfid, flags: 0, xdata: null });
    const request = { gfid, fd, offset: 0, size: 1, flag: 0, xdata: null, payload: bytesOf("x") };
    expect((await one.call("write", request)).opErrno).toBe(Errno.EBADF);
    expect((await one.call("ftruncate", { gfid, fd, offset: 0, xdata: null })).opErrno).toBe(Errno.EINVAL);
    const range = { gfid, fd, offset: 0, size: 1, xdata: null };
    expect((await one.call("discard", range)).opErrno).toBe(Errno.EBADF);
    expect((await one.call("zerofill", range)).opErrno).toBe(Errno.EBADF);
    expect((await one.call("fallocate", { ...range, flags: 0 })).opErrno).toBe(Errno.EBADF);
  });

  it("syncs when the fd or the anonymous write asks for it", async () => {
    const { one, gfid, text } = await setUp();
    const { fd } = await one.call("open", { gfid, flags: 0o10001, xdata: null });
    const request = { gfid, fd, offset: 0, size: 1, flag: 0, xdata: null, payload: bytesOf("S") };
    expect((await one.call("write", request)).opRet).toBe(1);
    expect((await one.call("write", { ...request, fd: -2n, flag: 0o10001, offset: 1 })).opRet).toBe(1);
    expect(await text()).toBe("SS23456789");
  });
});

describe("changes of size and holes", () => {
  it("TRUNCATE and FTRUNCATE cut and grow", async () => {
    const { one, gfid, fd, text } = await setUp();
    const cut = await one.call("truncate", { gfid, offset: 4, xdata: null });
    expect(cut).toMatchObject({ prestat: { size: 10 }, poststat: { size: 4 } });
    await one.call("ftruncate", { gfid, fd, offset: 6, xdata: null });
    expect(await text()).toBe("0123\0\0");
  });

  it("FALLOCATE grows unless told to keep the size; DISCARD and ZEROFILL make zeros", async () => {
    const { one, gfid, fd, text } = await setUp();
    const range = { gfid, fd, offset: 8, size: 4, xdata: null };
    expect((await one.call("fallocate", { ...range, flags: 1 })).poststat.size).toBe(10);
    expect((await one.call("fallocate", { ...range, flags: 0 })).poststat.size).toBe(12);
    expect((await one.call("discard", { ...range, offset: 1, size: 2 })).poststat.size).toBe(12);
    expect((await one.call("zerofill", { ...range, offset: 11, size: 3 })).poststat.size).toBe(14);
    expect(await text()).toBe("0\0\u00003456789\0\0\0\0");
  });

  it("SEEK finds data and holes, and ENXIO behind the last", async () => {
    const { one, gfid, fd } = await setUp();
    const seek = (offset: number, what: number) => one.call("seek", { gfid, fd, offset, what, xdata: null });
    expect((await seek(0, 0)).offset).toBe(0);
    expect((await seek(0, 1)).offset).toBe(10);
    expect(await seek(10, 0)).toMatchObject({ opRet: -1, opErrno: Errno.ENXIO, offset: 0 });
    expect((await seek(0, 2)).opErrno).toBe(Errno.EOPNOTSUPP);
  });
});

describe("FLUSH, FSYNC and RELEASE", () => {
  it.each(["fsync", "fsyncdir"] as const)("%s is answered when all records are on the disk", async (fop) => {
    const store = createMemoryStore();
    let syncs = 0;
    const sync = async () => {
      await store.meta.sync();
      await new Promise((resolve) => setImmediate(resolve));
      syncs += 1;
    };
    const { client } = await startBrick({}, [
      { name: "b0", store: { ...store, meta: { ...store.meta, sync } } },
    ]);
    const one = await client();
    const { gfid, fd } = await createFile(one, "f");
    const dir = (await one.call("opendir", { gfid: ROOT_GFID, xdata: null })).fd;
    expect(syncs).toBe(0);
    const about = fop === "fsync" ? { gfid, fd } : { gfid: ROOT_GFID, fd: dir };
    expect((await one.call(fop, { ...about, data: 1, xdata: null })).opRet).toBe(0);
    expect(syncs).toBe(1);
  });

  it("succeed on an open fd and are EBADF on another", async () => {
    const { one, gfid, fd } = await setUp();
    expect((await one.call("flush", { gfid, fd, xdata: null })).opRet).toBe(0);
    expect((await one.call("fsync", { gfid, fd, data: 0, xdata: null })).poststat.size).toBe(10);
    expect((await one.call("fsync", { gfid, fd, data: 1, xdata: null })).opRet).toBe(0);
    const dir = (await one.call("opendir", { gfid: ROOT_GFID, xdata: null })).fd;
    expect((await one.call("fsyncdir", { gfid: ROOT_GFID, fd: dir, data: 0, xdata: null })).opRet).toBe(0);
    expect((await one.call("releasedir", { gfid: ROOT_GFID, fd: dir, xdata: null })).opRet).toBe(0);
    for (const fop of ["flush", "release", "releasedir"] as const) {
      expect((await one.call(fop, { gfid, fd: 50n, xdata: null })).opErrno).toBe(Errno.EBADF);
    }
    expect((await one.call("fsync", { gfid, fd: 50n, data: 0, xdata: null })).opErrno).toBe(Errno.EBADF);
  });
});

describe("COPY_FILE_RANGE", () => {
  it("copies up to the end of the source", async () => {
    const { one, gfid } = await setUp();
    const to = await createFile(one, "to", { content: "abc" });
    const request = {
      gfid1: gfid,
      gfid2: to.gfid,
      fdIn: -2n,
      fdOut: -2n,
      offIn: 7,
      offOut: 2,
      size: 100,
      flag: 0,
      xdata: null,
    };
    const reply = await one.call("copyFileRange", request);
    expect(reply).toMatchObject({
      opRet: 3,
      stat: { gfid },
      preparent: { size: 3 },
      postparent: { size: 5 },
    });
    expect(textOf((await readFile(one, to.gfid)).payload)).toBe("ab789");
    const itself = await one.call("copyFileRange", { ...request, gfid2: gfid, offOut: 8, offIn: 0, size: 9 });
    expect(itself.opErrno).toBe(Errno.EINVAL);
  });
});

describe("RCHECKSUM", () => {
  it("gives an Adler sum and an MD5 behind which zeros follow", async () => {
    const { one, gfid, fd } = await setUp("hello");
    const reply = await one.call("rchecksum", { gfid, fd, offset: 0, len: 5, flags: 0, xdata: null });
    expect(reply.weakChecksum).toBe(weak(bytesOf("hello")));
    expect(Buffer.from(reply.strongChecksum).toString("hex")).toBe(
      `5d41402abc4b2a76b9719d911017c592${"0".repeat(32)}`,
    );
  });
});

it("STATFS gives the room of the brick", async () => {
  const { one, gfid } = await setUp();
  const { statfs } = await one.call("statfs", { gfid: ROOT_GFID, xdata: null });
  expect(statfs.blocks).toBeGreaterThan(statfs.bfree);
  expect(statfs.namemax).toBe(255n);
  const unknown: Gfid = gfid;
  expect((await one.call("statfs", { gfid: unknown, xdata: null })).opRet).toBe(0);
});

describe("the anonymous fd", () => {
  const mknod = async (one: TestClient, bname: string, mode: number) => {
    const gfid = newGfid();
    const request = { pargfid: ROOT_GFID, mode, umask: 0, bname, dev: 0n, xdata: creation(gfid) };
    await one.call("mknod", request);
    return gfid;
  };

  it("of a directory is for reading only", async () => {
    const { one } = await setUp();
    const range = { gfid: ROOT_GFID, fd: ANONYMOUS_FD, offset: 0, size: 1, xdata: null };
    const write = { ...range, flag: 0, payload: bytesOf("x") };
    expect((await one.call("write", write)).opErrno).toBe(Errno.EBADF);
    expect((await one.call("discard", range)).opErrno).toBe(Errno.EBADF);
    expect((await one.call("ftruncate", range)).opErrno).toBe(Errno.EINVAL);
    expect((await one.call("fstat", range)).opRet).toBe(0);
  });

  it("is none of a socket, except for what needs nothing open", async () => {
    const { one } = await setUp();
    const gfid = await mknod(one, "socket", FileType.socket | 0o644);
    const request = { gfid, fd: ANONYMOUS_FD, xdata: null };
    expect((await one.call("fstat", request)).opErrno).toBe(Errno.EBADF);
    expect((await one.call("fsync", { ...request, data: 0 })).opErrno).toBe(Errno.EBADF);
    const named = { ...request, namelen: 9, name: "trusted.a" };
    expect((await one.call("fgetxattr", named)).opErrno).toBe(Errno.EBADF);
    expect((await one.call("flush", request)).opRet).toBe(0);
    expect((await one.call("fsyncdir", { ...request, data: 0 })).opRet).toBe(0);
    const odd = { ...request, offset: 0, what: 9 };
    expect((await one.call("seek", odd)).opErrno).toBe(Errno.EOPNOTSUPP);
    const listed = { ...request, offset: 0n, size: 99 };
    expect((await one.call("readdir", listed)).opErrno).toBe(Errno.EINVAL);
  });

  it("stands for no device or socket that OPEN would give an fd for either", async () => {
    const { one } = await setUp();
    const open = async (gfid: Gfid) => (await one.call("open", { gfid, flags: 0, xdata: null })).opErrno;
    expect(await open(await mknod(one, "socket", FileType.socket | 0o644))).toBe(Errno.ENXIO);
    expect(await open(await mknod(one, "character", FileType.character | 0o644))).toBe(Errno.EINVAL);
    expect(await open(await mknod(one, "block", FileType.block | 0o644))).toBe(Errno.EINVAL);
    expect(await open(await mknod(one, "fifo", FileType.fifo | 0o644))).toBe(0);
  });
});

describe("what copy_file_range(2), fallocate(2) and open(2) make of odd arguments", () => {
  it("refuses ranges of no bytes", async () => {
    const { one, gfid, fd, text } = await setUp();
    const range = { gfid, fd, offset: 3, size: 0, xdata: null };
    expect((await one.call("fallocate", { ...range, flags: 0 })).opErrno).toBe(Errno.EINVAL);
    expect((await one.call("discard", range)).opErrno).toBe(Errno.EINVAL);
    expect((await one.call("zerofill", range)).opErrno).toBe(Errno.EINVAL);
    expect((await one.call("read", { ...range, flag: 0 })).opErrno).toBe(Errno.EINVAL);
    const writing = await one.call("open", { gfid, flags: 1, xdata: null });
    expect((await one.call("read", { ...range, fd: writing.fd, flag: 0 })).opErrno).toBe(Errno.EINVAL);
    expect(await text()).toBe("0123456789");
  });

  it("takes any flag of FALLOCATE for keeping the size", async () => {
    const { one, gfid, fd } = await setUp();
    const { poststat } = await one.call("fallocate", {
      gfid,
      fd,
      flags: 2,
      offset: 0,
      size: 99,
      xdata: null,
    });
    expect(poststat.size).toBe(10);
  });

  it("lets COPY_FILE_RANGE overlap where there is nothing to copy, and takes no flags", async () => {
    const { one, gfid, fd } = await setUp();
    const range = { gfid1: gfid, gfid2: gfid, fdIn: fd, fdOut: fd, xdata: null };
    const copy = (offIn: number, size: number, flag = 0) =>
      one.call("copyFileRange", { ...range, offIn, offOut: 12, size, flag });
    expect((await copy(10, 100)).opRet).toBe(0);
    expect((await copy(9, 100)).opRet).toBe(1);
    expect((await copy(0, 1, 1)).opErrno).toBe(Errno.EINVAL);
  });

  it("copies no range of a directory, whatever its fd is for", async () => {
    const { one, gfid, fd } = await setUp();
    const directory = (await one.call("opendir", { gfid: ROOT_GFID, xdata: null })).fd;
    const range = { gfid1: gfid, gfid2: ROOT_GFID, offIn: 0, offOut: 0, size: 1, xdata: null };
    const copy = (fdIn: bigint, fdOut: bigint, flag = 0) =>
      one.call("copyFileRange", { ...range, fdIn, fdOut, flag });
    expect((await copy(fd, directory)).opErrno).toBe(Errno.EISDIR);
    expect((await copy(directory, fd)).opErrno).toBe(Errno.EISDIR);
    expect((await copy(fd, directory, 1)).opErrno).toBe(Errno.EINVAL);
  });

  it("copies no range to an fd for appending", async () => {
    const { one, gfid, fd } = await setUp();
    const to = await one.call("open", { gfid, flags: 0o2002, xdata: null });
    const range = { gfid1: gfid, gfid2: gfid, offIn: 0, offOut: 10, size: 1, flag: 0, xdata: null };
    const copy = (fdOut: bigint) => one.call("copyFileRange", { ...range, fdIn: fd, fdOut });
    expect((await copy(to.fd)).opErrno).toBe(Errno.EBADF);
    expect((await copy(fd)).opRet).toBe(1);
  });

  it("opens for both who creates without flags, and for neither with both bits of the access mode", async () => {
    const { one } = await setUp();
    const { gfid, fd } = await createFile(one, "plain", { content: "ab", flags: 0 });
    const read = { gfid, offset: 0, size: 5, flag: 0, xdata: null };
    expect((await one.call("read", { ...read, fd })).opRet).toBe(2);
    const neither = await one.call("open", { gfid, flags: 3, xdata: null });
    expect((await one.call("read", { ...read, fd: neither.fd })).opErrno).toBe(Errno.EBADF);
    const write = { ...read, fd: neither.fd, size: 1, payload: bytesOf("x") };
    expect((await one.call("write", write)).opErrno).toBe(Errno.EBADF);
  });

  it("refuses to sum up blocks through an fd that is for writing only", async () => {
    const { one, gfid } = await setUp();
    const { fd } = await one.call("open", { gfid, flags: 1, xdata: null });
    const sum = await one.call("rchecksum", { gfid, fd, offset: 0, len: 10, flags: 0, xdata: null });
    expect(sum.opErrno).toBe(Errno.EBADF);
  });
});
