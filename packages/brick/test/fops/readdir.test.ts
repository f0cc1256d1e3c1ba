import {
  bytesValue,
  type Dict,
  dictBytes,
  Errno,
  intValue,
  NO_IATT,
  NULL_GFID,
  ROOT_GFID,
  uintValue,
} from "@brickshift/wire";
import { describe, expect, it } from "vitest";
import { bytesOf, createFile, creation, newGfid, startBrick } from "../test-brick.js";

async function setUp(files: number, options = {}, content = "content") {
  const started = await startBrick(options);
  const one = await started.client();
  const gfid = newGfid();
  await one.call("mkdir", { pargfid: ROOT_GFID, mode: 0o755, umask: 0, bname: "d", xdata: creation(gfid) });
  for (let index = 0; index < files; index += 1) {
    const made = await createFile(one, `file-${index}`, { pargfid: gfid, content });
    await one.call("release", { gfid: made.gfid, fd: made.fd, xdata: null });
  }
  const { fd } = await one.call("opendir", { gfid, xdata: null });
  const page = (offset: bigint, size: number, xdata: Dict | null = null) =>
    one.call("readdirp", { gfid, fd, offset, size, xdata });
  return { ...started, one, gfid, fd, page };
}

describe("READDIR", () => {
  it("gives every name once, dot and dot-dot too, over as many calls as the client's buffer asks for", async () => {
    const { one, gfid, fd } = await setUp(40);
    const names: string[] = [];
    let offset = 0n;
    let calls = 0;
    for (let atEnd = false; !atEnd; calls += 1) {
      const reply = await one.call("readdir", { gfid, fd, offset, size: 4_096, xdata: null });
      expect(reply.opRet).toBe(reply.entries.length);
      for (const entry of reply.entries) names.push(entry.name);
      offset = reply.entries.at(-1)?.offset ?? offset;
      atEnd = reply.opErrno === Errno.ENOENT;
    }
    expect(names.toSorted()).toEqual(
      [".", "..", ...Array.from({ length: 40 }, (_, index) => `file-${index}`)].toSorted(),
    );
    expect(calls).toBe(4);
    const end = await one.call("readdir", { gfid, fd, offset, size: 4_096, xdata: null });
    expect(end).toMatchObject({ opRet: 0, opErrno: Errno.ENOENT, entries: [] });
  });

  it("gives at least one entry, however small the buffer", async () => {
    const { one, gfid, fd } = await setUp(1);
    const reply = await one.call("readdir", { gfid, fd, offset: 0n, size: 1, xdata: null });
    expect(reply.entries).toHaveLength(1);
    expect(reply.opErrno).toBe(0);
  });
});

describe("READDIRP", () => {
  it("gives attributes that agree with the entry, and the parent of dot-dot", async () => {
    const { page } = await setUp(1);
    const { entries, opErrno } = await page(0n, 65_536);
    expect(opErrno).toBe(Errno.ENOENT);
    const file = entries.find(({ name }) => name === "file-0");
    expect(file).toMatchObject({ type: 8, stat: { size: 7, ino: file?.ino } });
    expect(entries.find(({ name }) => name === "..")?.stat.gfid).toBe(ROOT_GFID);
    expect(entries.map(({ dict }) => dict?.size)).toEqual([0, 0, 0]);
  });

  it("gives dot-dot of the root without attributes", async () => {
    const { one } = await setUp(0);
    const { fd } = await one.call("opendir", { gfid: ROOT_GFID, xdata: null });
    const { entries } = await one.call("readdirp", {
      gfid: ROOT_GFID,
      fd,
      offset: 0n,
      size: 9_999,
      xdata: null,
    });
    const up = entries.find(({ name }) => name === "..");
    expect(up).toMatchObject({ ino: 2n ** 64n - 1n, stat: NO_IATT });
    expect(up?.stat.gfid).toBe(NULL_GFID);
  });

  it("answers for each entry what xdata asks for, and leaves out directories when told to", async () => {
    const { one, gfid, page } = await setUp(1);
    await one.call("setxattr", {
      gfid,
      flags: 0,
      dict: new Map([["user.a", bytesValue(bytesOf("dir"))]]),
      xdata: null,
    });
    const asked: Dict = new Map([
      ["glusterfs.content", uintValue(100)],
      ["user.a", uintValue(0)],
      ["trusted.gfid", uintValue(0)],
    ]);
    const { entries } = await page(0n, 65_536, asked);
    const own = entries.find(({ name }) => name === ".")?.dict ?? null;
    expect([...(own?.keys() ?? [])]).toEqual(["trusted.gfid"]);
    const file = entries.find(({ name }) => name === "file-0")?.dict ?? null;
    expect(dictBytes(file, "glusterfs.content")).toEqual(bytesOf("content"));
    const filtered = await page(0n, 65_536, new Map([["readdir-filter-directories", intValue(1)]]));
    expect(filtered.entries.map(({ name }) => name)).toEqual(["file-0"]);
  });

  it("never answers more than its bound, whatever the client asks for", async () => {
    const { page } = await setUp(40, { readdirBytesMax: 8_192, contentBytesMax: 1_024 }, "x".repeat(1_000));
    const asked: Dict = new Map([["glusterfs.content", uintValue(1_024)]]);
    const { entries, opErrno } = await page(0n, 0xffff_ffff, asked);
    expect(opErrno).toBe(0);
    expect(entries.length).toBeGreaterThan(1);
    expect(entries.length).toBeLessThan(9);
    const rest = await page(entries.at(-1)?.offset ?? 0n, 0xffff_ffff, asked);
    expect(rest.entries[0]?.name).not.toBe(entries.at(-1)?.name);
  });

  it("refuses an fd of a file", async () => {
    const { one, gfid } = await setUp(1);
    const file = await createFile(one, "x");
    const reply = await one.call("readdirp", { gfid, fd: file.fd, offset: 0n, size: 99, xdata: null });
    expect(reply.opErrno).toBe(Errno.EINVAL);
  });

  it("finds nothing, not even dot, in an open directory that was removed", async () => {
    const { one, page } = await setUp(0);
    expect((await page(0n, 9_999)).entries).toHaveLength(2);
    await one.call("rmdir", { pargfid: ROOT_GFID, bname: "d", xflags: 0, xdata: null });
    expect(await page(0n, 9_999)).toMatchObject({ opRet: 0, opErrno: Errno.ENOENT, entries: [] });
  });
});
