import { StoreError } from "@brickshift/brick";
import {
  ANONYMOUS_FD,
  bytesValue,
  errorCodes,
  FileType,
  getXdata,
  type Gfid,
  gfidValue,
  LeaseCmd,
  leaseIdFromRandom,
  LeaseType,
  LINK_FILE_PERMISSIONS,
  ProtocolError,
  ROOT_GFID,
  xdataOf,
} from "@brickshift/wire";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { BrickLeases } from "../src/brick-leases.js";
import { type BrickPort, MemoryJournal, rebalanceOptions } from "../src/index.js";
import { interceptedPort } from "./intercepted-port.js";
import { makeFile, newGfid, random, nodeScheduler, readAll, rebalance, twoBricks } from "./two-bricks.js";

let bricks: Awaited<ReturnType<typeof twoBricks>>;

beforeEach(async () => {
  bricks = await twoBricks();
});
afterEach(() => bricks.close());

const treeOf = (name: "b0" | "b1") => {
  const tree = bricks.servers[name].server.bricks.get(name)?.tree;
  if (tree === undefined) throw new Error(`no brick ${name}`);
  return tree;
};
/** As Gluster's own processes may. */
const setLinkto = (gfid: Gfid, linkto: string) => {
  const xattrs = new Map([["trusted.glusterfs.dht.linkto", Buffer.from(`${linkto}\0`)]]);
  return treeOf("b0").setXattrs(gfid, xattrs, undefined, { internal: true });
};
const withGfid = (gfid: Gfid) => new Map([["gfid-req", gfidValue(gfid)] as const]);

describe("a commit that was made, but answered with an error of the disk", () => {
  it("is found out, and the file is shown on the destination", async () => {
    const content = Buffer.from(random.bytes(3_000));
    const gfid = await makeFile(bricks.source, "f", content);
    const { meta } = bricks.servers.b0.store;
    const transact = meta.transact.bind(meta);
    let isArmed = false;
    // The record is visible, and only its way to the disk fails: what lmdb does when a sync fails.
    meta.transact = async (work) => {
      const fails = isArmed;
      isArmed = false;
      const result = await transact(work);
      if (fails) throw new StoreError("STORE_IO", "fdatasync: EIO");
      return result;
    };
    const source = interceptedPort(bricks.source, {
      setxattr: (input, send) => {
        if (getXdata(input.dict, "migration") === "commit") isArmed = true;
        return send();
      },
    });
    const { counts, failures } = await rebalance().run({ source, destination: bricks.destination });
    expect(failures).toEqual([]);
    expect(counts.moved).toBe(1);
    expect(treeOf("b0").linkto(gfid)).toBe("b1");
    expect(await readAll(bricks.destination, gfid)).toEqual(content);
  });
});

describe("a commit without an answer", () => {
  it("whose link file somebody removes as stale leaves the data on the destination", async () => {
    const content = Buffer.from(random.bytes(3_000));
    const gfid = await makeFile(bricks.source, "f", content);
    const cleaner = await bricks.connect("b0");
    const source = interceptedPort(bricks.source, {
      setxattr: async (input, send) => {
        const reply = await send();
        if (getXdata(input.dict, "migration") !== "commit") return reply;
        // The lease still keeps the cleaner out: it comes in as soon as the runner has given it back.
        removed = cleaner.fops.unlink({ pargfid: ROOT_GFID, bname: "f" });
        throw new ProtocolError("RpcError", "RPC_PING_TIMEOUT", errorCodes.RPC_PING_TIMEOUT, "no answer");
      },
    });
    let removed: Promise<unknown> | undefined;
    await rebalance().run({ source, destination: bricks.destination });
    await removed;
    expect(treeOf("b0").isLinked(gfid)).toBe(false);
    expect(await readAll(bricks.destination, gfid)).toEqual(content);
  });

  /** A run in which a commit is made, the link file changed, and no answer given. */
  async function changedAfterCommit(change: (gfid: Gfid) => Promise<unknown>) {
    const content = Buffer.from(random.bytes(3_000));
    const gfid = await makeFile(bricks.source, "f", content);
    const source = interceptedPort(bricks.source, {
      setxattr: async (input, send) => {
        const reply = await send();
        if (getXdata(input.dict, "migration") !== "commit") return reply;
        await change(gfid);
        throw new ProtocolError("RpcError", "RPC_PING_TIMEOUT", errorCodes.RPC_PING_TIMEOUT, "no answer");
      },
    });
    return { gfid, content, report: await rebalance().run({ source, destination: bricks.destination }) };
  }

  it("whose link file then names another brick leaves the data on the destination", async () => {
    const { gfid, content, report } = await changedAfterCommit((file) => setLinkto(file, "b2"));
    expect(report.counts.moved).toBe(1);
    expect(await readAll(bricks.destination, gfid)).toEqual(content);
  });

  it("whose link file then shows as data keeps the target, and is told of", async () => {
    const { gfid, report } = await changedAfterCommit((file) =>
      treeOf("b0").setattr(file, { mode: 0o644 }, { internal: true }),
    );
    expect(report.failures).toMatchObject([{ path: "/f", outcome: { code: "REBALANCE_UNDECIDED" } }]);
    expect(treeOf("b1").target(gfid)?.phase).toBe("prepared");
  });

  it("that is shown nowhere yet is shown by the next run, also when the link file was removed meanwhile", async () => {
    const content = Buffer.from(random.bytes(3_000));
    const gfid = await makeFile(bricks.source, "f", content);
    const destination = interceptedPort(bricks.destination, {
      setxattr: (input, send) => {
        if (getXdata(input.dict, "migration") !== "publish") return send();
        return Promise.reject(
          new ProtocolError("RpcError", "RPC_PING_TIMEOUT", errorCodes.RPC_PING_TIMEOUT, "no answer"),
        );
      },
    });
    const journal = new MemoryJournal();
    await rebalance({ stepTriesMax: 2, settleTimeoutMs: 10 }).run({
      source: bricks.source,
      destination,
      journal,
    });
    expect(treeOf("b0").linkto(gfid)).toBe("b1");
    await bricks.source.fops.unlink({ pargfid: ROOT_GFID, bname: "f" });
    const ends = { source: bricks.source, destination: bricks.destination };
    const { counts, failures } = await rebalance().run({ ...ends, journal, resume: true });
    expect([counts.recovered, failures]).toEqual([1, []]);
    expect(treeOf("b1").target(gfid)).toBeUndefined();
    expect(await readAll(bricks.destination, gfid)).toEqual(content);
  });

  it("leaves the destination as it is while nobody can say what became of it, and the next run ends it", async () => {
    await bricks.close();
    // The lease that nobody gives back is revoked for the next run.
    bricks = await twoBricks({ leases: { recallTimeoutMs: 50 } });
    const content = Buffer.from(random.bytes(3_000));
    const gfid = await makeFile(bricks.source, "f", content);
    let isCut = false;
    const unanswered = () =>
      Promise.reject(
        new ProtocolError("RpcError", "RPC_PING_TIMEOUT", errorCodes.RPC_PING_TIMEOUT, "no answer"),
      );
    const source = interceptedPort(bricks.source, {
      setxattr: async (input, send) => {
        const reply = await send();
        if (getXdata(input.dict, "migration") !== "commit") return reply;
        isCut = true;
        return unanswered();
      },
      lease: (_, send) => (isCut ? unanswered() : send()),
    });
    const ends = { source, destination: bricks.destination };
    const first = await rebalance({ stepTriesMax: 2, settleTimeoutMs: 10 }).run(ends);
    expect(first.failures).toMatchObject([{ outcome: { code: "REBALANCE_UNFINISHED" } }]);
    expect(treeOf("b1").target(gfid)?.phase).toBe("prepared");
    isCut = false;
    await rebalance().run(ends);
    expect(await readAll(bricks.destination, gfid)).toEqual(content);
  });

  it("is decided though the brick still keeps the connection that the lease belongs to", async () => {
    const own = await twoBricks({ leases: { recallTimeoutMs: 50 } });
    const content = Buffer.from(random.bytes(3_000));
    const gfid = await makeFile(own.source, "f", content);
    const later = await own.connect("b0");
    const state = { isCut: false };
    const current = () => (state.isCut ? later : own.source);
    const before = interceptedPort(own.source, {
      setxattr: (input, send) => {
        if (getXdata(input.dict, "migration") !== "commit") return send();
        state.isCut = true;
        return Promise.reject(
          new ProtocolError("RpcError", "RPC_PING_TIMEOUT", errorCodes.RPC_PING_TIMEOUT, "no answer"),
        );
      },
    });
    const source: BrickPort = {
      brick: "b0",
      get session() {
        return current().session + (state.isCut ? 1 : 0);
      },
      capabilities: own.source.capabilities,
      get fops() {
        return state.isCut ? later.fops : before.fops;
      },
      onRecall: (listener) => later.onRecall(listener),
    };
    const ends = { source, destination: own.destination };
    const first = await rebalance().run(ends);
    const { counts } = first.counts.moved === 1 ? first : await rebalance().run(ends);
    expect(
      first.failures.filter(({ outcome }) => "code" in outcome && outcome.code === "REBALANCE_UNFINISHED"),
    ).toEqual([]);
    expect(counts.moved).toBe(1);
    expect(await readAll(own.destination, gfid)).toEqual(content);
    await own.close();
  });
});

it("a target that nobody tells of having made is dropped, when the source still has the data", async () => {
  const content = Buffer.from(random.bytes(3_000));
  const gfid = await makeFile(bricks.source, "f", content);
  let hasTarget = false;
  const destination = interceptedPort(bricks.destination, {
    mknod: async (_, send) => {
      await send();
      hasTarget = treeOf("b1").target(gfid)?.phase === "filling";
      throw new ProtocolError("RpcError", "RPC_PING_TIMEOUT", errorCodes.RPC_PING_TIMEOUT, "no answer");
    },
  });
  // Another attempt would meet the target, and know.
  const options = { attemptsMax: 1, copy: { replaysMax: 0 } };
  const { failures } = await rebalance(options).run({ source: bricks.source, destination });
  expect(failures).toMatchObject([{ path: "/f", outcome: { type: "failed" } }]);
  expect(hasTarget).toBe(true);
  expect(treeOf("b1").isLinked(gfid)).toBe(false);
  expect(await readAll(bricks.source, gfid)).toEqual(content);
});

it("a lease that ended with its connection is answered as revoked when it is unlocked by its epoch", async () => {
  const gfid = await makeFile(bricks.source, "f", Buffer.from("x"));
  const client = await bricks.connect("b0");
  const leases = new BrickLeases(client, { scheduler: nodeScheduler, random }, rebalanceOptions.parse({}));
  const lease = await leases.acquire({ gfid, mode: "exclusive" });
  const { session } = client;
  client.drop();
  await expect.poll(() => client.session > session && client.isUp).toBe(true);
  await expect(leases.unlock(gfid, lease)).rejects.toMatchObject({ code: "LEASE_REVOKED" });
});

describe("a file that is small for the crawl and large by now", () => {
  it("is whole on the destination though a rival emptied the target between two of its leases", async () => {
    const content = Buffer.from(random.bytes(65_536));
    const gfid = await makeFile(bricks.source, "f", content.subarray(0, 3_000));
    const { stat } = await bricks.source.fops.stat({ gfid });
    await bricks.source.fops.write({ gfid, fd: ANONYMOUS_FD, offset: 0, payload: content });
    const writer = await bricks.connect("b0");
    const rival = { source: await bricks.connect("b0"), destination: await bricks.connect("b1") };
    let reads = 0;
    let hasRivalled = false;
    const written: Promise<unknown>[] = [];
    const source = interceptedPort(bricks.source, {
      readdirp: async (_, send) => {
        const reply = await send();
        return {
          ...reply,
          entries: reply.entries.map((entry) => (entry.name === "f" ? { ...entry, stat } : entry)),
        };
      },
      read: async (_, send) => {
        reads += 1;
        if (reads === 3) {
          const recalled = new Promise<void>((resolve) => bricks.source.onRecall(() => resolve()));
          written.push(
            writer.fops.write({
              gfid,
              fd: ANONYMOUS_FD,
              offset: 60_000,
              payload: content.subarray(60_000, 60_010),
            }),
          );
          await recalled;
          // The copy hears of it too, and stops after this chunk.
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
        return send();
      },
      lease: async (input, send) => {
        const reply = await send();
        if (input.lease.cmd === LeaseCmd.unlock && !hasRivalled) {
          hasRivalled = treeOf("b1").target(gfid)?.phase === "filling";
          await adoptAsRival(rival, gfid);
        }
        return reply;
      },
    });
    const copy = {
      chunkBytes: 4_096,
      windowMax: 1,
      windowStart: 1,
      exclusiveHoldMs: 0,
      backoffMs: 1,
      backoffMaxMs: 5,
    };
    const { counts, failures } = await rebalance({ copy }).run({ source, destination: bricks.destination });
    // It waited for the move, and then was told where to go.
    await Promise.allSettled(written);
    expect(hasRivalled).toBe(true);
    expect(failures).toEqual([]);
    expect(counts.moved).toBe(1);
    expect(await readAll(bricks.destination, gfid)).toEqual(content);
  });

  async function adoptAsRival(
    rival: { source: typeof bricks.source; destination: typeof bricks.destination },
    gfid: Gfid,
  ): Promise<void> {
    const leaseId = leaseIdFromRandom(random.bytes(15));
    const lease = { cmd: LeaseCmd.set, leaseType: LeaseType.readWrite, leaseId, leaseFlags: 0 };
    const { xdata } = await rival.source.fops.lease({ gfid, lease, xdata: xdataOf({ leaseScope: "data" }) });
    const fence = getXdata(xdata, "leaseEpoch");
    const source = bricks.source.capabilities?.brickId;
    if (fence === undefined || source === undefined) throw new Error("no epoch");
    const dict = xdataOf({ migration: "target", linkto: "b0" });
    await rival.destination.fops.setxattr({ gfid, flags: 0, dict, xdata: xdataOf({ fence, source }) });
    await rival.source.close();
    await rival.destination.close();
  }
});

it("a page of a directory from before the move does not make two data files of one", async () => {
  const gfid = await makeFile(bricks.source, "f", Buffer.from(random.bytes(3_000)));
  const { stat } = await bricks.source.fops.stat({ gfid });
  await rebalance().run({ source: bricks.source, destination: bricks.destination });
  const source = interceptedPort(bricks.source, {
    readdirp: async (_, send) => {
      const reply = await send();
      const old = reply.entries.map((entry) =>
        entry.name === "f" ? { ...entry, stat, dict: new Map() } : entry,
      );
      return { ...reply, entries: old };
    },
    // The answer that tells of the move comes after the destination's.
    read: async (_, send) => {
      await new Promise((resolve) => setTimeout(resolve, 50));
      return send();
    },
  });
  const { failures } = await rebalance().run({ source, destination: bricks.destination });
  expect(failures).toEqual([]);
});

describe("an UNLINK that is sent after its lease", () => {
  it("on the source does not remove the file that has the name by then", async () => {
    const fifo = newGfid();
    const mode = FileType.fifo | 0o600;
    await bricks.source.fops.mknod({ pargfid: ROOT_GFID, bname: "p", dev: 0n, mode, xdata: withGfid(fifo) });
    const runner = await bricks.connect("b0");
    let fresh: Gfid | undefined;
    const source = interceptedPort(runner, {
      unlink: async (_, send) => {
        if (fresh === undefined) {
          await dropAndReturn(runner);
          fresh = await makeFile(bricks.source, "precious", Buffer.from("a client's data"));
          const names = { oldbname: "precious", newbname: "p" };
          await bricks.source.fops.rename({ oldgfid: ROOT_GFID, newgfid: ROOT_GFID, ...names });
        }
        return send();
      },
    });
    await rebalance().run({ source, destination: bricks.destination });
    expect(fresh).toBeDefined();
    expect(await contentAnywhere(fresh as Gfid)).toBe("a client's data");
  });

  it("on the destination does not either", async () => {
    const gfid = await makeFile(bricks.source, "old", Buffer.from(random.bytes(3_000)));
    const linkto = ["trusted.glusterfs.dht.linkto", bytesValue(Buffer.from("b0\0"))] as const;
    const mode = FileType.regular | LINK_FILE_PERMISSIONS;
    const xdata = new Map([...withGfid(gfid), linkto]);
    await bricks.destination.fops.mknod({ pargfid: ROOT_GFID, bname: "old", dev: 0n, mode, xdata });
    const names = { oldbname: "old", newbname: "new" };
    await bricks.source.fops.rename({ oldgfid: ROOT_GFID, newgfid: ROOT_GFID, ...names });
    const runner = await bricks.connect("b1");
    let fresh: Gfid | undefined;
    const destination = interceptedPort(runner, {
      unlink: async (_, send) => {
        if (fresh === undefined) {
          await dropAndReturn(runner);
          await bricks.destination.fops.unlink({ pargfid: ROOT_GFID, bname: "old" });
          fresh = await makeFile(bricks.destination, "old", Buffer.from("a client's data"));
        }
        return send();
      },
    });
    await rebalance().run({ source: bricks.source, destination });
    expect(fresh).toBeDefined();
    expect(await contentAnywhere(fresh as Gfid)).toBe("a client's data");
  });

  async function dropAndReturn(client: typeof bricks.source): Promise<void> {
    const { session } = client;
    client.drop();
    await expect.poll(() => client.session > session && client.isUp).toBe(true);
  }

  async function contentAnywhere(gfid: Gfid): Promise<string> {
    const client =
      treeOf("b1").isLinked(gfid) && treeOf("b1").linkto(gfid) === undefined
        ? bricks.destination
        : bricks.source;
    return (await readAll(client, gfid)).toString();
  }
});

describe("the journal", () => {
  it("says that a run is finished after its last word, whatever the notes of its progress", async () => {
    await makeFile(bricks.source, "f", Buffer.from("x"));
    const journal = new MemoryJournal();
    const note = journal.note.bind(journal);
    journal.note = async (counts, state) => {
      await note(counts, state);
      // Long enough for several more notes of progress, if they went on.
      if (state === "finished") await new Promise((resolve) => setTimeout(resolve, 40));
    };
    const { state } = await rebalance({ progressMs: 10 }).run({
      source: bricks.source,
      destination: bricks.destination,
      journal,
    });
    expect([state, journal.status()?.state]).toEqual(["finished", "finished"]);
  });

  it("with files in their last steps is not begun anew, also when its run was finished", async () => {
    const gfid = await makeFile(bricks.source, "f", Buffer.from("x"));
    const journal = new MemoryJournal();
    const ends = { source: bricks.source, destination: bricks.destination, journal };
    await rebalance().run(ends);
    await journal.intent({
      gfid,
      path: "f",
      link: { pargfid: ROOT_GFID, bname: "f" },
      fence: "1",
      phase: "committed",
    });
    await expect(rebalance().run(ends)).rejects.toMatchObject({ code: "REBALANCE_JOURNAL_UNFINISHED" });
    await rebalance().run({ ...ends, resume: true });
    expect(journal.status()?.intents).toEqual([]);
  });
});
