import type { BrickClient } from "@brickshift/brick-client";
import {
  ANONYMOUS_FD,
  bytesValue,
  dictBytes,
  type DictValue,
  getXdata,
  type Gfid,
  LeaseCmd,
  ROOT_GFID,
  WireError,
  xdataOf,
} from "@brickshift/wire";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type BrickPort, MemoryJournal } from "../src/index.js";
import { TargetLost } from "../src/target-lost.js";
import { fileEnds } from "./file-ends.js";
import { interceptedPort } from "./intercepted-port.js";
import { noAnswer } from "./mortal-port.js";
import { makeFile, random, readAll, rebalance, statByName, twoBricks } from "./two-bricks.js";

let bricks: Awaited<ReturnType<typeof twoBricks>>;
beforeEach(async () => {
  bricks = await twoBricks({ leases: { recallTimeoutMs: 20 } });
});
afterEach(() => bricks.close());

const content = Buffer.from(random.bytes(1_000));
const treeOf = (name: "b0" | "b1") => {
  const brick = bricks.servers[name].server.bricks.get(name);
  if (brick === undefined) throw new Error(`there is no ${name}`);
  return brick.tree;
};
const leasesOn = (name: "b0" | "b1") => bricks.servers[name].server.bricks.get(name)?.gate.usage.leases;

/** A client whose calls are noted. */
function heard(
  client: BrickClient,
  calls: string[],
  changePut: (xdata: Map<string, DictValue>) => void = () => {},
): BrickPort {
  const note = async <T>(name: string, send: () => Promise<T>): Promise<T> => {
    calls.push(`${client.brick} ${name}`);
    return send();
  };
  return interceptedPort(client, {
    mknod: (_, send) => note("mknod", send),
    put: (input) => {
      const xdata = new Map(input.xdata);
      changePut(xdata);
      return note("put", () => client.fops.put({ ...input, xdata }));
    },
    read: (_, send) => note("read", send),
    write: (_, send) => note("write", send),
    lease: (_, send) => note("lease", send),
    setxattr: ({ dict }, send) => note(getXdata(dict ?? null, "migration") ?? "setxattr", send),
  });
}

const WHOLE = { wholeFileBytesMax: 1_000 };
const PUT = ["b0 lease", "b1 put", "b0 commit", "b1 publish", "b0 lease"];

async function run(options: Parameters<typeof rebalance>[0] = {}) {
  const calls: string[] = [];
  const ports = { source: heard(bricks.source, calls), destination: heard(bricks.destination, calls) };
  const report = await rebalance({ ...WHOLE, ...options }).run(ports);
  return { report, calls };
}

async function expectMoved(gfid: Gfid, bytes: Uint8Array = content): Promise<void> {
  expect((await readAll(bricks.destination, gfid)).equals(bytes)).toBe(true);
  expect(treeOf("b0").linkto(gfid)).toBe("b1");
  expect([leasesOn("b0"), leasesOn("b1")]).toEqual([0, 0]);
}

describe("a small file", () => {
  it("is told with its lease and put as a whole, with all that it is to have", async () => {
    const gfid = await makeFile(bricks.source, "f", content, { mode: 0o604, xattrs: { "user.k": "v" } });
    const before = await statByName(bricks.source, "f");
    const { report, calls } = await run();
    expect([report.counts.moved, report.counts.movedBytes, report.counts.writtenBytes]).toEqual([
      1, 1_000, 1_000,
    ]);
    expect(calls).toEqual(PUT);
    await expectMoved(gfid);
    const { mode, uid, gid, mtime, mtimeNsec, ctime, nlink } = before;
    const after = await statByName(bricks.destination, "f");
    expect(after).toMatchObject({ mode, uid, gid, mtime, mtimeNsec, ctime, nlink });
    const { dict } = await bricks.destination.fops.getxattr({ gfid, namelen: 0, name: "" });
    expect(dictBytes(dict, "user.k")).toEqual(Uint8Array.from(Buffer.from("v")));
  });

  it("is put as a whole when it is empty", async () => {
    const gfid = await makeFile(bricks.source, "f", new Uint8Array());
    expect((await run()).calls).toEqual(PUT);
    await expectMoved(gfid, new Uint8Array());
  });

  it("is put as a whole though its chunks are smaller", async () => {
    const gfid = await makeFile(bricks.source, "f", content);
    const { calls } = await run({
      copy: { chunkBytes: 100, chunkBytesMax: 100, windowStart: 1, windowMax: 2 },
    });
    expect(calls).toEqual(PUT);
    await expectMoved(gfid);
  });

  it.each([
    ["is larger than that", Buffer.from(random.bytes(1_001)), WHOLE],
    ["is all zeros, which are a hole there", Buffer.alloc(1_000), WHOLE],
    ["is not to be", content, { wholeFileBytesMax: 0 }],
  ])("is made step by step when it %s", async (_what, bytes, options) => {
    const gfid = await makeFile(bricks.source, "f", bytes);
    const { calls } = await run(options);
    expect(calls).toContain("b1 mknod");
    expect(calls).not.toContain("b1 put");
    await expectMoved(gfid, bytes);
    const { blocks } = await statByName(bricks.destination, "f");
    expect(blocks === 0).toBe(bytes.every((byte) => byte === 0));
  });

  it("is made step by step when it has another name", async () => {
    const gfid = await makeFile(bricks.source, "f", content);
    await bricks.source.fops.link({ oldgfid: gfid, newgfid: ROOT_GFID, newbname: "g" });
    expect((await run()).calls).not.toContain("b1 put");
    await expectMoved(gfid);
    expect(await statByName(bricks.destination, "g")).toMatchObject({ gfid, nlink: 2 });
  });

  it("is made step by step on a destination that is too old to put it", async () => {
    const gfid = await makeFile(bricks.source, "f", content);
    const calls: string[] = [];
    const port = heard(bricks.destination, calls);
    const { capabilities } = bricks.destination;
    if (capabilities === undefined) throw new Error("it is connected");
    const destination = { ...port, capabilities: { ...capabilities, brickshift: "1" } };
    await rebalance(WHOLE).run({ source: bricks.source, destination });
    expect(calls).toContain("b1 mknod");
    // Its publication takes no lease back.
    expect(calls.slice(-2)).toEqual(["b1 publish", "b1 lease"]);
    await expectMoved(gfid);
  });
});

describe("a target that is put", () => {
  it("whose lease could not be granted with it is prepared once more under one that can", async () => {
    const gfid = await makeFile(bricks.source, "f", content);
    const calls: string[] = [];
    const destination = heard(bricks.destination, calls, (xdata) => {
      xdata.delete("lease-id");
    });
    const report = await rebalance(WHOLE).run({ source: bricks.source, destination });
    expect(report.counts.moved).toBe(1);
    expect(calls).toEqual(["b1 put", "b1 lease", "b1 prepare", "b1 publish"]);
    await expectMoved(gfid);
  });

  it("is taken over, emptied and filled when it is there already", async () => {
    const gfid = await makeFile(bricks.source, "f", content);
    const dying = interceptedPort(bricks.source, {
      setxattr: async () => {
        throw noAnswer("setxattr");
      },
      lease: async ({ lease }, send) => {
        if (lease.leaseType !== 0) return send();
        throw noAnswer("lease");
      },
    });
    const options = { ...WHOLE, stepTriesMax: 1, attemptsMax: 1, copy: { replaysMax: 0 } };
    const destination = interceptedPort(bricks.destination, {
      setxattr: async () => {
        throw noAnswer("setxattr");
      },
    });
    await rebalance(options).run({ source: dying, destination });
    expect(treeOf("b1").target(gfid)?.phase).toBe("prepared");
    const other = Buffer.from("other content");
    const writer = await bricks.connect("b0");
    await writer.fops.write({ gfid, fd: ANONYMOUS_FD, offset: 0, payload: other });
    const { report } = await run();
    expect(report.failures).toEqual([]);
    await expectMoved(gfid, Buffer.concat([other, content.subarray(other.length)]));
  });

  it.each(["before", "after"])("without an answer costs nothing: lost %s it was made", async (when) => {
    const gfid = await makeFile(bricks.source, "f", content);
    let isLost = false;
    const destination = interceptedPort(bricks.destination, {
      put: async (_, send) => {
        if (isLost) return send();
        isLost = true;
        if (when === "after") await send();
        throw noAnswer("put");
      },
    });
    const report = await rebalance(WHOLE).run({ source: bricks.source, destination });
    expect([isLost, report.counts.moved]).toEqual([true, 1]);
    await expectMoved(gfid);
  });

  it("that nobody tells of is dropped with its lease, when the source still has the data", async () => {
    const gfid = await makeFile(bricks.source, "f", content);
    let phase: string | undefined;
    const [asked, unlocked] = [new Set<unknown>(), new Set<unknown>()];
    const destination = interceptedPort(bricks.destination, {
      put: async ({ xdata }, send) => {
        asked.add(getXdata(xdata ?? null, "leaseId"));
        await send();
        phase = treeOf("b1").target(gfid)?.phase;
        throw noAnswer("put");
      },
      lease: ({ lease }, send) => {
        if (lease.cmd === LeaseCmd.unlock) unlocked.add(lease.leaseId);
        return send();
      },
    });
    const options = { ...WHOLE, attemptsMax: 1, copy: { replaysMax: 0 } };
    const report = await rebalance(options).run({ source: bricks.source, destination });
    expect([phase, report.counts.failed]).toEqual(["prepared", 1]);
    expect([asked.size, unlocked]).toEqual([1, asked]);
    expect([treeOf("b1").isLinked(gfid), leasesOn("b1")]).toEqual([false, 0]);
    expect((await readAll(bricks.source, gfid)).equals(content)).toBe(true);
  });

  it("late, when the file has moved and is gone, does not come back", async () => {
    const gfid = await makeFile(bricks.source, "f", content);
    let late: (() => Promise<unknown>) | undefined;
    const destination = interceptedPort(bricks.destination, {
      put: (input, send) => {
        if (late !== undefined) return send();
        late = () => bricks.destination.fops.put(input);
        throw noAnswer("put");
      },
    });
    const first = await rebalance(WHOLE).run({ source: bricks.source, destination });
    expect(first.counts.moved).toBe(1);
    await bricks.destination.fops.unlink({ pargfid: ROOT_GFID, bname: "f" });
    await late?.();
    expect(treeOf("b1").target(gfid)?.phase).toBe("prepared");
    const { report } = await run();
    expect(report.counts).toMatchObject({ moved: 0, recovered: 0 });
    expect(report.failures).toMatchObject([{ outcome: { code: "REBALANCE_DANGLING" } }]);
    expect(treeOf("b1").isLinked(gfid)).toBe(false);
  });

  it("that has another name by now is put anew", async () => {
    const gfid = await makeFile(bricks.source, "f", content);
    let puts = 0;
    const destination = interceptedPort(bricks.destination, {
      put: async (_, send) => {
        const reply = await send();
        puts += 1;
        const both = ["f", "g"].map((bname) => ({ pargfid: ROOT_GFID, bname }));
        return puts === 1 ? { ...reply, xdata: xdataOf({ links: both }, reply.xdata) } : reply;
      },
    });
    const report = await rebalance(WHOLE).run({ source: bricks.source, destination });
    expect([puts, report.counts.moved]).toEqual([2, 1]);
    await expectMoved(gfid);
  });

  it("of which the answer cannot be read is dropped", async () => {
    const gfid = await makeFile(bricks.source, "f", content);
    const destination = interceptedPort(bricks.destination, {
      put: async (_, send) => {
        await send();
        throw new WireError("WIRE_DICT", "the epoch of the lease is no number");
      },
    });
    // Not only at the end of the run: until then no client could take a name of it away.
    const atItsEnd: unknown[] = [];
    await rebalance({ ...WHOLE, attemptsMax: 1 }).run({
      source: bricks.source,
      destination,
      onEvent: (event) => {
        if (event.type === "file") atItsEnd.push(event.outcome.type, treeOf("b1").isLinked(gfid));
      },
    });
    expect(atItsEnd).toEqual(["failed", false]);
    expect(leasesOn("b1")).toBe(0);
  });

  it("keeps the write that was let in since its content was told: it is put anew", async () => {
    const gfid = await makeFile(bricks.source, "f", content);
    const writer = await bricks.connect("b0");
    const payload = Buffer.from("written in the last moment");
    let puts = 0;
    const destination = interceptedPort(bricks.destination, {
      put: async (_, send) => {
        const reply = await send();
        puts += 1;
        // It waits until the lease on the source is revoked.
        if (puts === 1) await writer.fops.write({ gfid, fd: ANONYMOUS_FD, offset: 5, payload });
        return reply;
      },
    });
    const report = await rebalance(WHOLE).run({ source: bricks.source, destination });
    expect([puts, report.counts.moved]).toEqual([2, 1]);
    const written = Buffer.from(content);
    payload.copy(written, 5);
    await expectMoved(gfid, written);
  });

  it("is published without its lease, when that was revoked meanwhile", async () => {
    const gfid = await makeFile(bricks.source, "f", content);
    const looker = await bricks.connect("b1");
    const source = interceptedPort(bricks.source, {
      setxattr: async (_, send) => {
        const reply = await send();
        await looker.fops.lookup({ gfid, pargfid: ROOT_GFID, flags: 0, bname: "f" }).catch(() => {});
        return reply;
      },
    });
    const report = await rebalance(WHOLE).run({ source, destination: bricks.destination });
    expect(report.counts.moved).toBe(1);
    await expectMoved(gfid);
  });

  it("is dropped when the source refuses to commit", async () => {
    const gfid = await makeFile(bricks.source, "f", content);
    const client = await bricks.connect("b0");
    const source = interceptedPort(bricks.source, {
      setxattr: async (_, send) => {
        // It waits until the lease is revoked.
        await client.fops.setxattr({ gfid, flags: 0, dict: new Map([["user.x", bytesValue(content)]]) });
        return send();
      },
    });
    const options = { ...WHOLE, attemptsMax: 1 };
    const report = await rebalance(options).run({ source, destination: bricks.destination });
    expect(report.counts).toMatchObject({ moved: 0, failed: 1 });
    expect([treeOf("b1").isLinked(gfid), leasesOn("b0"), leasesOn("b1")]).toEqual([false, 0, 0]);
  });

  it("is not put before the journal has noted it", async () => {
    const gfid = await makeFile(bricks.source, "f", content);
    class FullJournal extends MemoryJournal {
      override intent(): Promise<void> {
        return Promise.reject(new Error("no room"));
      }
    }
    const calls: string[] = [];
    const ports = { source: bricks.source, destination: heard(bricks.destination, calls) };
    const report = await rebalance(WHOLE)
      .run({ ...ports, journal: new FullJournal() })
      .catch(() => undefined);
    expect(report?.counts.moved ?? 0).toBe(0);
    expect(calls).not.toContain("b1 put");
    expect([treeOf("b1").isLinked(gfid), treeOf("b0").linkto(gfid)]).toEqual([false, undefined]);
  });

  it("with the data of one lease takes none of another", async () => {
    const gfid = await makeFile(bricks.source, "f", content);
    const { source, destination } = fileEnds(bricks, gfid, 1_000);
    const { signal } = new AbortController();
    const first = await source.acquire({ mode: "exclusive" }, signal);
    await destination.establish(first.epoch);
    expect(treeOf("b1").target(gfid)?.phase).toBe("prepared");
    await source.unlock(first);
    const second = await source.acquire({ mode: "exclusive" }, signal);
    await expect(destination.establish(second.epoch)).rejects.toThrow(TargetLost);
  });
});
