import type { FopInput } from "@brickshift/brick-client";
import {
  ANONYMOUS_FD,
  bytesValue,
  FileType,
  gfidValue,
  LeaseCmd,
  ROOT_GFID,
  SetattrValid,
} from "@brickshift/wire";
import { describe, expect, it } from "vitest";
import type { Outcome } from "../src/index.js";
import { Mortality } from "./mortal-port.js";
import {
  makeDirectory,
  makeFile,
  newGfid,
  random,
  readAll,
  rebalance,
  statByName,
  twoBricks,
} from "./two-bricks.js";

describe("a run", () => {
  it("moves attributes, times to the nanosecond, and xattrs, but no brick's own", async () => {
    const { source, destination, close } = await twoBricks();
    const gfid = await makeFile(source, "f", random.bytes(9_000), {
      xattrs: { "user.a": "1", "trusted.b": "2" },
    });
    const { prestat } = await source.fops.lookup({ gfid, pargfid: ROOT_GFID, flags: 0, bname: "f" });
    const times = { atime: 11, atimeNsec: 12, mtime: 13, mtimeNsec: 999_999_999 };
    const stbuf = { ...prestat, ...times, uid: 5, gid: 6, mode: 0o104755 };
    const { mode, uid, gid, atime, mtime } = SetattrValid;
    await source.fops.setattr({ gfid, stbuf, valid: mode | uid | gid | atime | mtime });
    await rebalance().run({ source, destination });
    expect(await statByName(destination, "f")).toMatchObject({
      ...times,
      uid: 5,
      gid: 6,
      mode: 0o104755,
      size: 9_000,
    });
    const { dict } = await destination.fops.getxattr({ gfid, namelen: 0, name: "" });
    expect([...(dict?.keys() ?? [])].toSorted()).toEqual(["trusted.b", "user.a"]);
    await close();
  });

  it("makes directories with gfid, owner, mode, xattrs and times, however deep", async () => {
    const { source, destination, close } = await twoBricks();
    const outer = await makeDirectory(source, "outer");
    const inner = await makeDirectory(source, "inner", outer);
    await source.fops.setxattr({
      gfid: inner,
      flags: 0,
      dict: new Map([["user.x", bytesValue(Uint8Array.of(1))]]),
    });
    await makeFile(source, "f", random.bytes(10), { parent: inner });
    const stbuf = { ...(await statByName(source, "inner", outer)), mtime: 77, mtimeNsec: 88 };
    await source.fops.setattr({ gfid: inner, stbuf, valid: SetattrValid.mtime });
    const report = await rebalance().run({ source, destination, paths: ["/outer/inner/f"] });
    expect(report.counts.moved).toBe(1);
    expect(await statByName(destination, "inner", outer)).toMatchObject({ gfid: inner, mode: 0o040750 });
    await rebalance().run({ source, destination });
    const { dict } = await destination.fops.getxattr({ gfid: inner, namelen: 0, name: "" });
    expect(dict?.has("user.x")).toBe(true);
    await close();
  });

  it("gives a directory that it made the times of the source when all in it has moved", async () => {
    const { source, destination, close } = await twoBricks();
    const gfid = await makeDirectory(source, "d");
    for (const name of ["a", "b"]) await makeFile(source, name, random.bytes(10), { parent: gfid });
    const stbuf = { ...(await statByName(source, "d")), mtime: 77, mtimeNsec: 88 };
    await source.fops.setattr({ gfid, stbuf, valid: SetattrValid.mtime });
    await rebalance().run({ source, destination });
    expect(await statByName(destination, "d")).toMatchObject({ mtime: 77, mtimeNsec: 88 });
    await close();
  });

  it("moves symbolic links, fifos, sockets and devices with all their names", async () => {
    const { source, destination, close } = await twoBricks();
    const make = (bname: string, mode: number, dev = 0n) => {
      const gfid = newGfid();
      const xdata = new Map([["gfid-req", gfidValue(gfid)]]);
      return source.fops.mknod({ pargfid: ROOT_GFID, bname, mode, dev, xdata });
    };
    await make("fifo", FileType.fifo | 0o600);
    await make("socket", FileType.socket | 0o640);
    await make("device", FileType.character | 0o620, 0x0501n);
    const gfid = newGfid();
    const xdata = new Map([["gfid-req", gfidValue(gfid)]]);
    await source.fops.symlink({ pargfid: ROOT_GFID, bname: "link", linkname: "to/\udcff", xdata });
    await source.fops.link({ oldgfid: gfid, newgfid: ROOT_GFID, newbname: "link2" });
    const report = await rebalance().run({ source, destination });
    expect(report).toMatchObject({ counts: { moved: 4, failed: 0 }, failures: [] });
    expect((await destination.fops.readlink({ gfid, size: 100 })).path).toBe("to/\udcff");
    expect(await statByName(destination, "link2")).toMatchObject({ gfid, nlink: 2 });
    expect(await statByName(destination, "device")).toMatchObject({ mode: 0o020620, rdev: 0x5_0000_0001n });
    expect((await statByName(destination, "fifo")).mode).toBe(0o010600);
    await expect(statByName(source, "fifo")).rejects.toThrow("ENOENT");
    await expect(statByName(source, "link2")).rejects.toThrow("ENOENT");
    await close();
  });

  it("keeps holes", async () => {
    const { source, destination, close } = await twoBricks();
    const gfid = await makeFile(source, "sparse", new Uint8Array(0));
    const payload = random.bytes(4_096);
    await source.fops.write({ gfid, fd: ANONYMOUS_FD, offset: 10_000_000, payload });
    await source.fops.truncate({ gfid, offset: 50_000_000 });
    const report = await rebalance().run({ source, destination });
    expect(report.counts).toMatchObject({ moved: 1, movedBytes: 50_000_000 });
    expect(report.counts.writtenBytes).toBeLessThan(20_000);
    const { payload: read } = await destination.fops.read({
      gfid,
      fd: ANONYMOUS_FD,
      offset: 9_999_999,
      size: 4_098,
    });
    expect(Buffer.from(read).subarray(1, 4_097).equals(Buffer.from(payload))).toBe(true);
    const { stat } = await destination.fops.stat({ gfid });
    expect(stat.size).toBe(50_000_000);
    await close();
  });

  it("keeps the holes between scattered data, though what is in flight would make larger chunks", async () => {
    const { source, destination, close } = await twoBricks();
    const gfid = await makeFile(source, "scattered", new Uint8Array(0));
    const [mib, count] = [1_048_576, 96];
    for (let index = 0; index < count; index += 1) {
      await source.fops.write({ gfid, fd: ANONYMOUS_FD, offset: index * mib, payload: random.bytes(4_096) });
    }
    const report = await rebalance({ copy: { windowStart: 64 } }).run({ source, destination });
    expect(report.counts).toMatchObject({ moved: 1, movedBytes: (count - 1) * mib + 4_096 });
    expect(report.counts.writtenBytes).toBeLessThanOrEqual(count * 524_288);
    await close();
  });

  it.each([
    ["nine", 9, 0],
    ["five", 5, 4_096],
  ])("makes %s calls for a small file", async (_text, calls, wholeFileBytesMax) => {
    const { source, destination, close } = await twoBricks();
    for (let index = 0; index < 50; index += 1) await makeFile(source, `f${index}`, random.bytes(4_096));
    const mortality = new Mortality();
    const report = await rebalance({ wholeFileBytesMax }).run({
      source: mortality.port(source),
      destination: mortality.port(destination),
    });
    expect(report.counts.moved).toBe(50);
    const all = mortality.names.filter((name) => !/readdirp|lookup/.test(name)).length;
    // Twice the destination is asked for targets that were left over.
    expect((all - 2) / 50).toBe(calls);
    await close();
  });

  it("goes on with a file that is renamed while it moves, by its gfid", async () => {
    const { source, destination, close } = await twoBricks();
    const gfid = await makeFile(source, "old", random.bytes(30_000));
    const mortality = new Mortality();
    const port = mortality.port(source);
    const rename = { oldgfid: ROOT_GFID, newgfid: ROOT_GFID, oldbname: "old", newbname: "new" };
    let isRenamed = false;
    const fops = new Proxy(port.fops, {
      get: (methods, name: "read") => (input: never, options: never) => {
        const answer = methods[name](input, options);
        if (name !== "read" || isRenamed) return answer;
        isRenamed = true;
        // Blocked until the first lease goes back.
        void source.fops.rename(rename);
        return answer;
      },
    });
    const report = await rebalance().run({
      source: { ...port, capabilities: source.capabilities, fops },
      destination,
    });
    expect(report.failures).toEqual([]);
    expect(await statByName(destination, "new")).toMatchObject({ gfid, size: 30_000 });
    await expect(statByName(destination, "old")).rejects.toThrow("ENOENT");
    await close();
  });
});

it("uncovers no old bytes of a file that shrank and grew again between two leases", async () => {
  const { source, destination, close } = await twoBricks();
  const gfid = await makeFile(source, "f", random.bytes(20_000));
  let unlocks = 0;
  const fops = new Proxy(source.fops, {
    get: (methods, name: "lease") => async (input: FopInput<"lease">, options: never) => {
      const answer = await methods[name](input, options);
      if (name !== "lease" || input.lease.cmd !== LeaseCmd.unlock) return answer;
      unlocks += 1;
      if (unlocks === 1) await source.fops.truncate({ gfid, offset: 100 });
      const payload = Buffer.from("new end");
      if (unlocks === 2) await source.fops.write({ gfid, fd: ANONYMOUS_FD, offset: 15_000, payload });
      return answer;
    },
  });
  const { brick, session, capabilities } = source;
  const onRecall = (listener: Parameters<typeof source.onRecall>[0]) => source.onRecall(listener);
  const report = await rebalance().run({
    source: { brick, session, capabilities, fops, onRecall },
    destination,
  });
  expect(report.counts).toMatchObject({ moved: 1, movedBytes: 15_007 });
  expect(unlocks).toBeGreaterThan(2);
  const bytes = await readAll(destination, gfid);
  expect(bytes.subarray(100, 15_000).equals(Buffer.alloc(14_900))).toBe(true);
  await close();
});

describe("what cannot be moved", () => {
  async function moveAgainst(prepare: (bricks: Awaited<ReturnType<typeof twoBricks>>) => Promise<void>) {
    const bricks = await twoBricks();
    await prepare(bricks);
    const outcomes = new Map<string, Outcome>();
    const report = await rebalance({ attemptsMax: 1 }).run({
      source: bricks.source,
      destination: bricks.destination,
      onEvent: (event) => {
        if (event.type === "file") outcomes.set(event.path, event.outcome);
      },
    });
    await bricks.close();
    return { report, outcomes };
  }

  it("a name that another file has: refused, and said which", async () => {
    const { outcomes } = await moveAgainst(async ({ source, destination }) => {
      await makeFile(source, "f", random.bytes(10));
      await makeFile(source, "g", random.bytes(10));
      await makeFile(destination, "f", random.bytes(10));
    });
    expect(outcomes.get("/f")).toMatchObject({ type: "failed", code: "REBALANCE_NAME_TAKEN" });
    expect(outcomes.get("/g")).toMatchObject({ type: "moved" });
  });

  it("a file with data on both bricks: neither is touched", async () => {
    const { outcomes } = await moveAgainst(async ({ source, destination }) => {
      const gfid = await makeFile(source, "f", random.bytes(10));
      const xdata = new Map([["gfid-req", gfidValue(gfid)]]);
      await destination.fops.mknod({ pargfid: ROOT_GFID, bname: "f", mode: 0o100644, dev: 0n, xdata });
    });
    expect(outcomes.get("/f")).toMatchObject({ type: "failed", code: "REBALANCE_TWO_DATA_FILES" });
  });

  it("a directory whose name is a file there: everything below is named by it", async () => {
    const { outcomes, report } = await moveAgainst(async ({ source, destination }) => {
      const parent = await makeDirectory(source, "d");
      await makeFile(source, "f", random.bytes(10), { parent });
      await makeFile(destination, "d", random.bytes(10));
    });
    expect(outcomes.get("/d")).toMatchObject({ type: "failed", code: "REBALANCE_NAME_TAKEN" });
    expect(report.counts).toMatchObject({ moved: 0, failed: 1, reasons: { REBALANCE_NAME_TAKEN: 1 } });
  });
});

it("leaves a file where it is when the destination is full, cleans up, and goes on", async () => {
  const bricks = await twoBricks({}, { roomBytesMax: 30_000 });
  const { source, destination, servers, close } = bricks;
  const small = [
    await makeFile(source, "a", random.bytes(3_000)),
    await makeFile(source, "z", random.bytes(3_000)),
  ];
  const content = Buffer.from(random.bytes(60_000));
  const large = await makeFile(source, "large", content);
  const report = await rebalance({ concurrency: 1 }).run({ source, destination });
  expect(report.counts).toMatchObject({ moved: 2, failed: 1, reasons: { REBALANCE_DESTINATION_FULL: 1 } });
  expect(report.failures).toMatchObject([{ path: "/large" }]);
  expect((await readAll(source, large)).equals(content)).toBe(true);
  expect((await readAll(destination, small[1] ?? large)).length).toBe(3_000);
  expect(servers.b1.server.bricks.get("b1")?.tree.targets()).toEqual([]);
  await close();
});

it("says of a file that was removed while it moved that it vanished, and leaves no target", async () => {
  const { source, destination, servers, close } = await twoBricks();
  const gfid = await makeFile(source, "f", random.bytes(30_000));
  const { brick, session, capabilities } = source;
  let isRemoved = false;
  const fops = new Proxy(source.fops, {
    get: (methods, name: "lease") => async (input: FopInput<"lease">, options: never) => {
      const answer = await methods[name](input, options);
      if (name !== "lease" || input.lease.cmd !== LeaseCmd.unlock || isRemoved) return answer;
      isRemoved = true;
      await source.fops.unlink({ pargfid: ROOT_GFID, bname: "f" });
      return answer;
    },
  });
  const onRecall = (listener: Parameters<typeof source.onRecall>[0]) => source.onRecall(listener);
  const report = await rebalance().run({
    source: { brick, session, capabilities, fops, onRecall },
    destination,
  });
  expect(report.counts).toMatchObject({ vanished: 1, moved: 0, failed: 0 });
  expect(servers.b1.server.bricks.get("b1")?.tree.targets()).toEqual([]);
  expect(servers.b1.server.bricks.get("b1")?.tree.isLinked(gfid)).toBe(false);
  await close();
});

it("leaves a file alone that another runner moves, and says so", async () => {
  const { source, connect, destination, close } = await twoBricks();
  const gfid = await makeFile(source, "f", random.bytes(30_000));
  const other = await connect("b0");
  const flock = { type: 1, whence: 0, start: 0n, len: 0n, pid: 0, lkOwner: new Uint8Array(0) };
  await other.fops.inodelk({ gfid, cmd: 1, type: 1, flock, volume: "dht.file.migrate" });
  const report = await rebalance().run({ source, destination });
  expect(report.failures).toMatchObject([{ outcome: { code: "REBALANCE_OTHER_RUNNER" } }]);
  await other.close();
  await close();
});

it("lets two runs work on one tree at once", async () => {
  const { source, destination, connect, close } = await twoBricks();
  const contents = new Map();
  for (let index = 0; index < 30; index += 1) {
    const content = Buffer.from(random.bytes(index % 3 === 0 ? 20_000 : 2_000));
    contents.set(await makeFile(source, `f${index}`, content), content);
  }
  const [from, to] = [await connect("b0"), await connect("b1")];
  await Promise.all([
    rebalance({ concurrency: 4 }).run({ source, destination }),
    rebalance({ concurrency: 4 }).run({ source: from, destination: to }),
  ]);
  const report = await rebalance().run({ source, destination });
  expect(report.counts.alreadyMoved + report.counts.moved).toBe(30);
  for (const [gfid, content] of contents)
    expect((await readAll(destination, gfid)).equals(content)).toBe(true);
  expect(await rebalance().verify({ source, destination })).toMatchObject({ ok: true, onDestination: 30 });
  await close();
});

it("ends in good order when cancelled: no lease is held, no target is left, nothing is half moved", async () => {
  const { source, destination, servers, close } = await twoBricks();
  for (let index = 0; index < 40; index += 1) await makeFile(source, `f${index}`, random.bytes(20_000));
  const cancel = new AbortController();
  let seen = 0;
  const report = await rebalance({ concurrency: 8 }).run({
    source,
    destination,
    signal: cancel.signal,
    onEvent: (event) => {
      seen += event.type === "file" ? 1 : 0;
      if (seen === 5) cancel.abort();
    },
  });
  expect(report.state).toBe("cancelled");
  expect(report.counts.moved).toBeGreaterThan(4);
  expect(report.counts.moved).toBeLessThan(40);
  expect(report.counts.failed).toBe(0);
  expect(servers.b0.server.bricks.get("b0")?.gate.usage.leases).toBe(0);
  expect(servers.b1.server.bricks.get("b1")?.tree.targets()).toEqual([]);
  expect(await rebalance().verify({ source, destination })).toMatchObject({
    ok: true,
    onDestination: report.counts.moved,
  });
  await close();
});

it("verifies a path that is on one of the two bricks only, and refuses one that is on neither", async () => {
  const { source, destination, close } = await twoBricks();
  await makeFile(source, "f", random.bytes(10));
  const xdata = new Map([["gfid-req", gfidValue(newGfid())]]);
  await source.fops.symlink({ pargfid: ROOT_GFID, bname: "l", linkname: "f", xdata });
  const { counts } = await rebalance().run({ source, destination, paths: ["/l"] });
  expect(counts).toMatchObject({ moved: 1, failed: 0 });
  const found = await rebalance().verify({ source, destination, paths: ["/l", "/f"] });
  expect(found).toMatchObject({ ok: true, onSource: 1, onDestination: 0 });
  const gone = rebalance().verify({ source, destination, paths: ["/l", "/m"] });
  await expect(gone).rejects.toMatchObject({ code: "REBALANCE_PATH_NOT_FOUND" });
  await close();
});

it("refuses a path that is not there, and a brick that is the source itself", async () => {
  const { source, destination, close } = await twoBricks();
  const gone = rebalance().run({ source, destination, paths: ["/no/such"] });
  await expect(gone).rejects.toMatchObject({ code: "REBALANCE_PATH_NOT_FOUND" });
  const same = rebalance().run({ source, destination: source });
  await expect(same).rejects.toMatchObject({ code: "REBALANCE_SAME_BRICK" });
  const { brick, session, fops } = source;
  const stock = { brick, session, fops, onRecall: () => () => {}, capabilities: undefined };
  const unknown = rebalance().run({ source: stock, destination });
  await expect(unknown).rejects.toMatchObject({ code: "REBALANCE_NOT_BRICKSHIFT" });
  const plain = rebalance({ protection: "none" }).run({ source, destination: stock });
  await expect(plain).rejects.toMatchObject({ code: "REBALANCE_NOT_BRICKSHIFT" });
  await close();
});

it("keeps all names of a file without protection, too", async () => {
  const { source, destination, close } = await twoBricks();
  const directory = await makeDirectory(source, "d");
  const gfid = await makeFile(source, "one", random.bytes(10));
  await source.fops.link({ oldgfid: gfid, newgfid: directory, newbname: "other" });
  const { counts } = await rebalance({ protection: "none" }).run({ source, destination });
  expect(counts).toMatchObject({ moved: 1, failed: 0 });
  for (const stat of [
    await statByName(destination, "one"),
    await statByName(destination, "other", directory),
  ]) {
    expect(stat).toMatchObject({ gfid, nlink: 2, size: 10 });
  }
  await close();
});

it("moves nothing when one of several paths is not there", async () => {
  const { source, destination, close } = await twoBricks();
  const gfid = await makeFile(source, "f", random.bytes(10));
  const begun: string[] = [];
  const gone = rebalance().run({
    source,
    destination,
    paths: ["/f", "/no/such"],
    onEvent: (event) => {
      if (event.type === "begins") begun.push(event.path);
    },
  });
  await expect(gone).rejects.toMatchObject({ code: "REBALANCE_PATH_NOT_FOUND" });
  expect(begun).toEqual([]);
  expect((await readAll(source, gfid)).length).toBe(10);
  await close();
});

it("takes a path below another one that was moved before, also of what leaves no link file", async () => {
  const { source, destination, close } = await twoBricks();
  const parent = await makeDirectory(source, "d");
  await makeFile(source, "f", random.bytes(10), { parent });
  const xdata = new Map([["gfid-req", gfidValue(newGfid())]]);
  await source.fops.symlink({ pargfid: parent, bname: "l", linkname: "f", xdata });
  const paths = ["/d", "/d/l", "/d/f"];
  const report = await rebalance({ concurrency: 1 }).run({ source, destination, paths });
  expect(report).toMatchObject({ failures: [], counts: { moved: 2 } });
  await close();
});

it("finds by verification what is wrong", async () => {
  const { source, destination, close } = await twoBricks();
  const twice = await makeFile(source, "twice", random.bytes(10));
  const xdata = new Map([["gfid-req", gfidValue(twice)]]);
  await destination.fops.mknod({ pargfid: ROOT_GFID, bname: "twice", mode: 0o100644, dev: 0n, xdata });
  const moved = await makeFile(source, "moved", random.bytes(10));
  await rebalance().run({ source, destination, paths: ["/moved"] });
  await destination.fops.unlink({ pargfid: ROOT_GFID, bname: "moved" });
  const { firstFindings, ok } = await rebalance().verify({ source, destination });
  expect(ok).toBe(false);
  expect(firstFindings.map(({ type, gfid }) => [type, gfid])).toEqual([
    ["two-data-files", twice],
    ["dangling", moved],
  ]);
  await close();
});
