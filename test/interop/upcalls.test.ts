import { randomUUID } from "node:crypto";
import { readFileSync, statSync, writeFileSync, chmodSync, unlinkSync, existsSync } from "node:fs";
import { isFopError } from "@brickshift/brick-client";
import {
  bytesValue,
  type CallbackRequest,
  type Gfid,
  gfidValue,
  NO_IATT,
  NULL_GFID,
  OpenFlags,
  ROOT_GFID,
  SetattrValid,
} from "@brickshift/wire";
import { afterEach, beforeEach, expect, it } from "vitest";
import { connectClient, type ListeningClient } from "./support/brick-clients.js";
import { until } from "./support/command.js";
import { startEmulator } from "./support/emulator.js";
import { clientVolfile, type MountedBrick, mountVolfile } from "./support/fuse-mount.js";
import { Scratch } from "./support/scratch.js";
import { startStockBrick } from "./support/stock-brick.js";

let scratch: Scratch;
beforeEach(() => {
  scratch = new Scratch();
});
afterEach(() => scratch.end());

/**
 * Where a stock brick says nothing and ours does: it empties a file at OPEN, and copies into one, without telling, so that
 * its clients keep the old size.
 */
const oursAlone = ["open O_TRUNC", "copyFileRange"];
/**
 * Ours counts as an access what was asked, a stock brick what was answered with success; and changes of xattrs, whose
 * answers carry attributes, a stock brick only when somebody registered them.
 */
const asked = ["getxattr of none", "readlink of a file", "setxattr", "xattrop"];

it("tells other clients of each change as a stock brick does", async () => {
  const stock = await startStockBrick(scratch, { name: "s0", upcall: true });
  const { port } = await startEmulator(scratch, ["e0"], ["--cache-invalidation", "60"]);
  const expected = await everyChange(stock);
  const heard = await everyChange({ name: "e0", port });
  for (const step of [...oursAlone, ...asked.map((what) => `accessed by ${what}`)]) {
    expect([step, expected.get(step)]).toEqual([step, []]);
    expect([step, heard.get(step)?.length]).toEqual([step, 1]);
    expected.delete(step);
    heard.delete(step);
  }
  // A stock brick tells what was added rather than the sum: whoever caches that is wrong from the second time on.
  expect(expected.get("xattrop again")).toEqual(expected.get("xattrop"));
  expect(heard.get("xattrop again")).toEqual(["f 0x400 type 1, 60 s; trusted.m=00000006"]);
  expected.delete("xattrop again");
  heard.delete("xattrop again");
  expect(Object.fromEntries(heard)).toEqual(Object.fromEntries(expected));
  expect(heard.size).toBeGreaterThan(40);
});

/** Makes every kind of change by one client, and tells what another one heard after each. */
async function everyChange(brick: MountedBrick): Promise<Map<string, string[]>> {
  const { fops: writer } = await connectClient(scratch, brick);
  const reader = await connectClient(scratch, brick);
  const names = new Map<Gfid, string>([[ROOT_GFID, "root"]]);
  const gfidOf = (name: string) => {
    const gfid = randomUUID() as Gfid;
    names.set(gfid, name);
    return gfid;
  };
  const heard = new Map<string, string[]>();
  const step = async (what: string, change: () => Promise<unknown>) => {
    await refusedOrDone(change);
    // Callbacks go out before the answer, on the connection on which this answer comes.
    await reader.fops.statfs({ gfid: ROOT_GFID });
    heard.set(
      what,
      take(reader).map((call) => told(call, names)),
    );
  };
  const [f, d, d2, s, n] = [gfidOf("f"), gfidOf("d"), gfidOf("d2"), gfidOf("s"), gfidOf("n")];
  const made = (gfid: Gfid) => new Map([["gfid-req", gfidValue(gfid)]]);
  const file = { flags: OpenFlags.rdwr, mode: 0o100644 };
  const look = (pargfid: Gfid, bname: string) => reader.fops.lookup({ gfid: NULL_GFID, pargfid, bname });
  const xattr = (name: string, value: string) => new Map([[name, bytesValue(Buffer.from(value))]]);
  const root = { pargfid: ROOT_GFID };

  await reader.fops.lookup({ gfid: ROOT_GFID, pargfid: NULL_GFID, bname: "" });
  await step("mkdir", () => writer.mkdir({ ...root, mode: 0o755, bname: "d", xdata: made(d) }));
  await step("mkdir again", () => writer.mkdir({ ...root, mode: 0o755, bname: "d2", xdata: made(d2) }));
  const { fd } = await writer.create({ ...root, ...file, bname: "f", xdata: made(f) });
  take(reader);
  await step("symlink", () => writer.symlink({ ...root, linkname: "x", bname: "s", xdata: made(s) }));
  await step("mknod", () => writer.mknod({ ...root, dev: 0n, mode: 0o100644, bname: "n", xdata: made(n) }));
  const payload = Buffer.from("x");
  await step("write of a file that nobody saw", () => writer.write({ gfid: f, fd, offset: 0, payload }));
  for (const name of ["d", "d2", "f", "s", "n"]) await look(ROOT_GFID, name);
  await step("write", () => writer.write({ gfid: f, fd, offset: 0, payload }));
  await step("truncate", () => writer.truncate({ gfid: f, offset: 3 }));
  await step("ftruncate", () => writer.ftruncate({ gfid: f, fd, offset: 4 }));
  await step("fallocate", () => writer.fallocate({ gfid: f, fd, flags: 0, offset: 0, size: 4_096 }));
  await step("discard", () => writer.discard({ gfid: f, fd, offset: 0, size: 10 }));
  await step("zerofill", () => writer.zerofill({ gfid: f, fd, offset: 0, size: 10 }));
  const mode = (bits: number) => ({ stbuf: { ...NO_IATT, mode: bits }, valid: SetattrValid.mode });
  await step("setattr of the mode", () => writer.setattr({ gfid: f, ...mode(0o100600) }));
  await step("setattr of the same mode", () => writer.setattr({ gfid: f, ...mode(0o100600) }));
  await step("setattr of the owner", () =>
    writer.setattr({ gfid: f, stbuf: { ...NO_IATT, uid: 7 }, valid: SetattrValid.uid }),
  );
  await step("setattr of a time", () =>
    writer.setattr({ gfid: f, stbuf: { ...NO_IATT, mtime: 7 }, valid: SetattrValid.mtime }),
  );
  await step("fsetattr of the mode", () => writer.fsetattr({ gfid: f, fd, ...mode(0o100644) }));
  const k = { flags: 0, dict: xattr("user.k", "v") };
  await step("setxattr before anybody asks for it", () => writer.setxattr({ gfid: f, ...k }));
  await reader.fops.ipc({ op: 2, xdata: new Map([...xattr("user.k", ""), ...xattr("trusted.m", "")]) });
  const both = { flags: 0, dict: new Map([...xattr("user.k", "w"), ...xattr("user.z", "w")]) };
  await step("setxattr", () => writer.setxattr({ gfid: f, ...both }));
  await step("setxattr of the same", () => writer.setxattr({ gfid: f, ...both }));
  await step("fsetxattr", () => writer.fsetxattr({ gfid: f, fd, ...k }));
  await step("setxattr of another", () => writer.setxattr({ gfid: f, flags: 0, dict: xattr("user.z", "v") }));
  await step("removexattr", () => writer.removexattr({ gfid: f, name: "user.k" }));
  await step("setxattr once more", () => writer.setxattr({ gfid: f, ...k }));
  await step("fremovexattr", () => writer.fremovexattr({ gfid: f, fd, name: "user.k" }));
  await step("removexattr of another", () => writer.removexattr({ gfid: f, name: "user.z" }));
  const add = (name: string) => ({ gfid: f, flags: 0, dict: xattr(name, "\0\0\0\x03") });
  await step("xattrop", () => writer.xattrop(add("trusted.m")));
  await step("xattrop again", () => writer.xattrop(add("trusted.m")));
  await step("fxattrop of another", () => writer.fxattrop({ ...add("trusted.u"), fd }));
  await step("link", () => writer.link({ oldgfid: f, newgfid: d, newbname: "l" }));
  await step("rename", () => writer.rename({ oldgfid: d, newgfid: d2, oldbname: "l", newbname: "m" }));
  await step("rename in place", () =>
    writer.rename({ oldgfid: d2, newgfid: d2, oldbname: "m", newbname: "m2" }),
  );
  await step("rename over another", () =>
    writer.rename({ oldgfid: ROOT_GFID, newgfid: ROOT_GFID, oldbname: "f", newbname: "n" }),
  );
  await step("fsync", () => writer.fsync({ gfid: f, fd, data: 0 }));
  await step("read", () => writer.read({ gfid: f, fd, offset: 0, size: 10 }));
  await step("flush", () => writer.flush({ gfid: f, fd }));
  await step("unlink of one name", () => writer.unlink({ pargfid: d2, bname: "m2" }));
  await step("unlink while open", () => writer.unlink({ ...root, bname: "n" }));
  await step("write after unlink", () => writer.write({ gfid: f, fd, offset: 0, payload }));
  await step("release", () => writer.release({ gfid: f, fd }));
  await step("unlink", () => writer.unlink({ ...root, bname: "s" }));
  await step("rename of a directory", () =>
    writer.rename({ oldgfid: ROOT_GFID, newgfid: d2, oldbname: "d", newbname: "dd" }),
  );
  await step("rmdir", () => writer.rmdir({ pargfid: d2, bname: "dd", xflags: 0 }));
  await step("unlink of nothing", () => writer.unlink({ ...root, bname: "nonesuch" }));

  let files = 0;
  /** A new file, which `see` of the reader looks at or not, then a change. */
  const fresh = async (
    what: string,
    see: (gfid: Gfid, name: string) => Promise<unknown>,
    change: (gfid: Gfid) => Promise<unknown> = (gfid) => writer.truncate({ gfid, offset: 5 }),
  ) => {
    const [gfid, name] = [gfidOf(what), `f${(files += 1)}`];
    const created = await writer.create({ pargfid: d2, ...file, bname: name, xdata: made(gfid) });
    await refusedOrDone(() => see(gfid, name));
    // What was told of the creation has come by the time of this answer.
    await reader.fops.statfs({ gfid: ROOT_GFID });
    take(reader);
    await step(what, () => change(gfid));
    await writer.release({ gfid, fd: created.fd });
    take(reader);
  };
  const anonymous = -2n;
  const lookIn = (_: Gfid, name: string) => look(d2, name);
  await fresh("open O_TRUNC", lookIn, (gfid) =>
    writer.open({ gfid, flags: OpenFlags.rdwr | OpenFlags.trunc }),
  );
  await fresh("copyFileRange", lookIn, async (gfid) => {
    const open = await writer.open({ gfid, flags: OpenFlags.rdwr });
    await writer.write({ gfid, fd: open.fd, offset: 0, payload: Buffer.from("abc") });
    await reader.fops.statfs({ gfid: ROOT_GFID });
    take(reader);
    const ends = { gfid1: gfid, gfid2: gfid, fdIn: open.fd, fdOut: open.fd };
    return writer.copyFileRange({ ...ends, offIn: 0, offOut: 10, size: 3, flag: 0 });
  });
  const { fops } = reader;
  const range = { type: 1, whence: 0, start: 0n, len: 0n, pid: 1, lkOwner: new Uint8Array([1]) };
  const directory = async () => (await fops.opendir({ gfid: d2 })).fd;
  const all = { offset: 0n, size: 65_536 };
  const accesses: Record<string, (gfid: Gfid, name: string) => Promise<unknown>> = {
    nothing: async () => {},
    lookup: lookIn,
    stat: (gfid) => fops.stat({ gfid }),
    fstat: (gfid) => fops.fstat({ gfid, fd: anonymous }),
    access: (gfid) => fops.access({ gfid, mask: 4 }),
    open: (gfid) => fops.open({ gfid, flags: OpenFlags.rdonly }),
    read: (gfid) => fops.read({ gfid, fd: anonymous, offset: 0, size: 10 }),
    write: (gfid) => fops.write({ gfid, fd: anonymous, offset: 0, payload }),
    flush: (gfid) => fops.flush({ gfid, fd: anonymous }),
    fsync: (gfid) => fops.fsync({ gfid, fd: anonymous, data: 0 }),
    "getxattr of all": (gfid) => fops.getxattr({ gfid, name: "" }),
    "getxattr of none": (gfid) => fops.getxattr({ gfid, name: "user.none" }),
    "readlink of a file": (gfid) => fops.readlink({ gfid, size: 10 }),
    setattr: (gfid) => fops.setattr({ gfid, ...mode(0o600) }),
    setxattr: (gfid) => fops.setxattr({ gfid, flags: 0, dict: xattr("user.a", "b") }),
    xattrop: (gfid) => fops.xattrop({ ...add("trusted.x"), gfid }),
    inodelk: (gfid) => fops.inodelk({ gfid, cmd: 6, type: 1, flock: range, volume: "d" }),
    lk: (gfid) => fops.lk({ gfid, fd: anonymous, cmd: 6, type: 1, flock: range }),
    link: (gfid) => fops.link({ oldgfid: gfid, newgfid: d2, newbname: `link-${gfid}` }),
    readdir: async () => fops.readdir({ gfid: d2, fd: await directory(), ...all }),
    readdirp: async () => fops.readdirp({ gfid: d2, fd: await directory(), ...all }),
    "lease get": (gfid) =>
      fops.lease({ gfid, lease: { cmd: 1, leaseType: 0, leaseId: "01".repeat(16) as never, leaseFlags: 0 } }),
  };
  for (const [what, see] of Object.entries(accesses)) await fresh(`accessed by ${what}`, see);
  return heard;
}

async function refusedOrDone(call: () => Promise<unknown>): Promise<void> {
  try {
    await call();
  } catch (error) {
    if (!isFopError(error)) throw error;
  }
}

function take({ heard }: ListeningClient): CallbackRequest<"cacheInvalidation">[] {
  return heard.splice(0).map((event) => {
    expect(event.name).toBe("cacheInvalidation");
    return event.request as CallbackRequest<"cacheInvalidation">;
  });
}

/** What a callback says, for comparison. */
function told(call: CallbackRequest<"cacheInvalidation">, names: ReadonlyMap<Gfid, string>): string {
  const stats = (["stat", "parentStat", "oldparentStat"] as const).flatMap((key) => {
    const { gfid, size, mode, nlink } = call[key];
    if (gfid === NULL_GFID) return [];
    // What a directory's size and link count are is the file system's affair.
    const numbers = (mode & 0o170000) === 0o040000 ? "" : ` ${size} bytes, ${nlink} links`;
    return [`${key} of ${names.get(gfid)} ${mode.toString(8)}${numbers}`];
  });
  const xattrs = [...(call.xdata ?? [])].map(
    ([name, value]) => `${name}=${Buffer.from(value).toString("hex")}`,
  );
  const head = `${names.get(call.gfid)} 0x${call.flags.toString(16)} type ${call.eventType}, ${call.expireTimeAttr} s`;
  return [head, ...stats, ...xattrs].join("; ");
}

it("shows one FUSE mount with md-cache what another one changed, long before its cache would expire", async () => {
  const { port } = await startEmulator(scratch, ["b0"], ["--cache-invalidation", "600"]);
  const brick = { name: "b0", port };
  const one = await mountVolfile(scratch, cached(brick), "one");
  const other = await mountVolfile(scratch, cached(brick), "other");
  writeFileSync(`${one.path}/f`, "0123456789");
  expect(statSync(`${other.path}/f`).size).toBe(10);
  writeFileSync(`${one.path}/f`, "longer than before");
  await until("the new size", () => statSync(`${other.path}/f`).size === 18, 10_000);
  expect(readFileSync(`${other.path}/f`, "utf8")).toBe("longer than before");
  chmodSync(`${other.path}/f`, 0o600);
  await until("the new mode", () => (statSync(`${one.path}/f`).mode & 0o777) === 0o600, 10_000);
  unlinkSync(`${one.path}/f`);
  await until("the end of the file", () => !existsSync(`${other.path}/f`), 10_000);
});

it("would show it nothing without the callbacks: the caches of the mounts are real", async () => {
  const { port } = await startEmulator(scratch, ["b0"]);
  const brick = { name: "b0", port };
  const one = await mountVolfile(scratch, cached(brick), "one");
  const other = await mountVolfile(scratch, cached(brick), "other");
  writeFileSync(`${one.path}/f`, "0123456789");
  expect(statSync(`${other.path}/f`).size).toBe(10);
  writeFileSync(`${one.path}/f`, "longer than before");
  expect(statSync(`${one.path}/f`).size).toBe(18);
  expect(statSync(`${other.path}/f`).size).toBe(10);
});

/** A mount that caches attributes for ten minutes, in md-cache and, as it may then, in the kernel not at all. */
function cached(brick: MountedBrick): string {
  return `${clientVolfile([brick])}
volume cache
    type performance/md-cache
    option cache-invalidation true
    option md-cache-timeout 600
    subvolumes ${brick.name}
end-volume
`;
}
