import {
  ANONYMOUS_FD,
  type Epoch,
  type Gfid,
  LINK_FILE_PERMISSIONS,
  LkCmd,
  LockType,
  ROOT_GFID,
  XDATA,
} from "@brickshift/wire";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { MemoryJournal } from "../src/index.js";
import { interceptedPort } from "./intercepted-port.js";
import { makeFile, newGfid, random, readAll, rebalance, twoBricks } from "./two-bricks.js";

let bricks: Awaited<ReturnType<typeof twoBricks>>;
let sourceId: Gfid;

beforeEach(async () => {
  bricks = await twoBricks();
  sourceId = bricks.source.capabilities?.brickId as Gfid;
});
afterEach(() => bricks.close());

const treeOf = (name: "b0" | "b1") => {
  const tree = bricks.servers[name].server.bricks.get(name)?.tree;
  if (tree === undefined) throw new Error(`no brick ${name}`);
  return tree;
};
const content = Buffer.from("the only copy");
/** The epoch of the lease of a runner that is no more. */
const epoch = 5n as Epoch;
const token = () => ({ source: sourceId, fence: epoch });

const run = (options: Parameters<typeof rebalance>[0] = {}) =>
  rebalance(options).run({ source: bricks.source, destination: bricks.destination });

/** A file whose runner ended when it had filled its target, or prepared it as well. */
async function leftOver(phase: "filling" | "prepared", name = "f"): Promise<Gfid> {
  const gfid = await makeFile(bricks.source, name, content);
  await leaveTarget(phase, name, gfid);
  return gfid;
}

async function leaveTarget(phase: "filling" | "prepared", name: string, gfid: Gfid): Promise<void> {
  const tree = treeOf("b1");
  const object = { gfid, mode: 0o101000, uid: 0, gid: 0 };
  await tree.createTarget(ROOT_GFID, name, object, "b0", token());
  await tree.write(gfid, 0, content, { token: token() });
  if (phase === "filling") return;
  const times = { atimeNs: 1n, mtimeNs: 2n, ctimeNs: 3n };
  const attributes = { mode: 0o640, uid: 0, gid: 0, size: content.length, ...times, xattrs: new Map() };
  await tree.prepareTarget(gfid, attributes, token(), epoch);
}

const removeOnSource = (bname = "f") => bricks.source.fops.unlink({ pargfid: ROOT_GFID, bname });

describe("a run without the journal of the one before", () => {
  it("publishes what was committed though its link file was removed as stale", async () => {
    const gfid = await leftOver("prepared");
    await treeOf("b0").commitMoved(gfid, "b1", epoch);
    await removeOnSource();
    const { counts, failures } = await run();
    expect(failures).toEqual([]);
    expect(counts).toMatchObject({ recovered: 1, moved: 1 });
    expect(await readAll(bricks.destination, gfid)).toEqual(content);
    expect(treeOf("b1").targets()).toEqual([]);
  });

  it.each(["filling", "prepared"] as const)(
    "drops what was %s, of a file that was removed before it could be committed",
    async (phase) => {
      const gfid = await leftOver(phase);
      await removeOnSource();
      const { counts, failures } = await run();
      expect(failures).toEqual([]);
      expect(counts).toMatchObject({ recovered: 0, vanished: 1 });
      expect(treeOf("b1").isLinked(gfid)).toBe(false);
    },
  );

  it("drops what was prepared of a file that another runner then moved to a third brick", async () => {
    const gfid = await leftOver("prepared");
    await treeOf("b0").commitMoved(gfid, "b2", 9n);
    const first = await run();
    expect(first.failures).toMatchObject([{ outcome: { type: "skipped", reason: "link-elsewhere" } }]);
    expect(treeOf("b1").isLinked(gfid)).toBe(false);
    const other = await leftOver("prepared", "g");
    await treeOf("b0").commitMoved(other, "b2", 9n);
    await removeOnSource("g");
    await run();
    expect(treeOf("b1").isLinked(other)).toBe(false);
  });

  it("ends what is outside of the paths that it moves", async () => {
    const gfid = await leftOver("prepared");
    await treeOf("b0").commitMoved(gfid, "b1", epoch);
    const other = await leftOver("filling", "g");
    await makeFile(bricks.source, "h", content);
    const told: string[] = [];
    const { counts } = await rebalance().run({
      source: bricks.source,
      destination: bricks.destination,
      paths: ["/h"],
      onEvent: (event) => void (event.type === "progress" || told.push(`${event.type} ${event.path}`)),
    });
    expect(counts).toMatchObject({ recovered: 1, moved: 2 });
    // What nobody can open comes before anything is moved.
    expect(told).toEqual(["file /f", "begins /h", "file /h"]);
    expect(await readAll(bricks.destination, gfid)).toEqual(content);
    expect(treeOf("b1").isLinked(other)).toBe(false);
    expect(await readAll(bricks.source, other)).toEqual(content);
  });

  it("is asked for by a verification that finds such a target", async () => {
    const gfid = await leftOver("prepared");
    const ends = { source: bricks.source, destination: bricks.destination };
    expect(await rebalance().verify(ends)).toMatchObject({ ok: true });
    await treeOf("b0").commitMoved(gfid, "b1", epoch);
    expect((await rebalance().verify(ends)).firstFindings).toMatchObject([{ type: "no-data-file", gfid }]);
    await removeOnSource();
    expect((await rebalance().verify(ends)).firstFindings).toMatchObject([{ type: "target-left", gfid }]);
    await run();
    expect(await rebalance().verify(ends)).toMatchObject({ ok: true, onDestination: 1 });
    await treeOf("b1").commitMoved(gfid, "b2", epoch);
    expect(await rebalance().verify(ends)).toMatchObject({ ok: true, onDestination: 0 });
  });

  it("leaves a target alone that somebody is at work on, and one that is filled from another brick", async () => {
    const busy = await leftOver("filling");
    const rival = await bricks.connect("b0");
    const flock = { type: LockType.write, whence: 0, start: 0n, len: 0n, pid: 0, lkOwner: new Uint8Array(0) };
    const lock = { gfid: busy, cmd: LkCmd.setlk, type: LockType.write, flock, volume: "dht.file.migrate" };
    await rival.fops.inodelk(lock, { auth: { lkOwner: Buffer.from("12345678") } });
    const foreign = newGfid();
    const object = { gfid: foreign, mode: 0o100000 | LINK_FILE_PERMISSIONS, uid: 0, gid: 0 };
    await treeOf("b1").createTarget(ROOT_GFID, "x", object, "b7", { source: newGfid(), fence: 1n });
    await makeFile(bricks.source, "h", content);
    const paths = { source: bricks.source, destination: bricks.destination, paths: ["/h"] };
    const { failures } = await rebalance({ foreignLockWaitMs: 5 }).run(paths);
    expect(failures).toEqual([]);
    expect(treeOf("b1").targets()).toHaveLength(2);
    await rival.close();
    await rebalance().run(paths);
    expect(treeOf("b1").targets()).toMatchObject([{ gfid: foreign }]);
  });

  it("does not take a file for lost that has moved on to a third brick", async () => {
    const gfid = await makeFile(bricks.source, "f", content);
    expect((await run()).counts.moved).toBe(1);
    await treeOf("b1").commitMoved(gfid, "b2", epoch);
    expect((await run()).counts).toMatchObject({ alreadyMoved: 1, failed: 0 });
  });

  it("has its commits forgotten by the source once they are published", async () => {
    const gfid = await makeFile(bricks.source, "f", Buffer.from(random.bytes(10_000)));
    const left = await leftOver("prepared", "g");
    await treeOf("b0").commitMoved(left, "b1", epoch);
    expect(treeOf("b0").committed(left)).toMatchObject({ linkto: "b1" });
    await run();
    await treeOf("b0").close();
    expect([gfid, left].map((each) => treeOf("b0").committed(each))).toEqual([{ since: 0n }, { since: 0n }]);
  });
});

/** What Gluster's own processes do to link files. */
const internal = { internal: true };
const giveLinkto = (gfid: Gfid, linkto: string) =>
  treeOf("b0").setXattrs(
    gfid,
    new Map([["trusted.glusterfs.dht.linkto", Buffer.from(`${linkto}\0`)]]),
    undefined,
    internal,
  );
const giveMode = (gfid: Gfid) => treeOf("b0").setattr(gfid, { mode: 0o644 }, internal);

describe("a commit whose link file was changed before it was published", () => {
  it("is published though the link file names another brick", async () => {
    const gfid = await leftOver("prepared");
    await treeOf("b0").commitMoved(gfid, "b1", epoch);
    await giveLinkto(gfid, "b2");
    expect(await run()).toMatchObject({ counts: { recovered: 1, failed: 0 } });
    expect(await readAll(bricks.destination, gfid)).toEqual(content);
  });

  it("keeps its target though the source shows data, and the run says why", async () => {
    const gfid = await leftOver("prepared");
    await treeOf("b0").commitMoved(gfid, "b1", epoch);
    await giveMode(gfid);
    const { failures } = await run();
    expect(failures).toMatchObject([{ path: "/f", outcome: { code: "REBALANCE_UNDECIDED" } }]);
    expect(treeOf("b1").target(gfid)?.phase).toBe("prepared");
    await removeOnSource();
    expect(await run()).toMatchObject({ failures: [], counts: { recovered: 1 } });
    expect(await readAll(bricks.destination, gfid)).toEqual(content);
  });

  it("keeps its target from a runner that has begun with the file before it was there", async () => {
    const gfid = await makeFile(bricks.source, "f", content);
    const destination = interceptedPort(bricks.destination, {
      mknod: async (_, send) => {
        await leaveTarget("prepared", "f", gfid);
        await treeOf("b0").commitMoved(gfid, "b1", epoch);
        await giveMode(gfid);
        return send();
      },
    });
    const { failures } = await rebalance().run({ source: bricks.source, destination });
    expect(failures).toMatchObject([{ path: "/f", outcome: { code: "REBALANCE_UNDECIDED" } }]);
    expect(treeOf("b1").target(gfid)?.phase).toBe("prepared");
  });

  it("keeps its target also when the destination has another name since", async () => {
    const gfid = await leftOver("prepared");
    await treeOf("b0").commitMoved(gfid, "b1-of-before", epoch);
    await giveMode(gfid);
    const { failures } = await run();
    expect(failures).toMatchObject([{ path: "/f", outcome: { code: "REBALANCE_UNDECIDED" } }]);
    expect(treeOf("b1").target(gfid)?.phase).toBe("prepared");
  });

  it("is dropped, for what the source shows, when the operator says so", async () => {
    const gfid = await leftOver("prepared");
    await treeOf("b0").commitMoved(gfid, "b1", epoch);
    await giveMode(gfid);
    await bricks.source.fops.write({ gfid, fd: ANONYMOUS_FD, offset: 0, payload: Buffer.from("new") });
    expect((await run({ undecided: "drop" })).failures).toEqual([]);
    expect(await readAll(bricks.destination, gfid)).toEqual(Buffer.from("new"));
  });
});

describe("a target of which the source does not know whether it committed", () => {
  async function undecided(
    atSource: (gfid: Gfid) => Promise<unknown> = () => removeOnSource(),
  ): Promise<Gfid> {
    const gfid = await leftOver("prepared");
    await atSource(gfid);
    // As in a store that was made before commits were remembered.
    await bricks.restart("b0", () => {});
    const { meta } = bricks.servers.b0.store;
    const [mark] = [...meta.range({ from: Uint8Array.of(0x6d), to: Uint8Array.of(0x6e) })];
    await meta.transact((tx) => tx.delete(mark?.key as Uint8Array));
    await until(() => bricks.source.fops.statfs({ gfid: ROOT_GFID }));
    return gfid;
  }

  it("is kept, and told of with what to do, by every run", async () => {
    const gfid = await undecided();
    for (const journal of [new MemoryJournal(), new MemoryJournal()]) {
      const { failures } = await rebalance().run({
        source: bricks.source,
        destination: bricks.destination,
        journal,
      });
      expect(failures).toMatchObject([{ path: "/f", outcome: { code: "REBALANCE_UNDECIDED" } }]);
      expect(treeOf("b1").target(gfid)?.phase).toBe("prepared");
    }
  });

  it("is published or dropped when the operator says so", async () => {
    const gfid = await undecided();
    expect((await run({ undecided: "publish" })).failures).toEqual([]);
    expect(await readAll(bricks.destination, gfid)).toEqual(content);
  });

  it("is not published for a file that the source says is on a third brick, only dropped", async () => {
    const gfid = await undecided(async (file) => {
      await treeOf("b0").commitMoved(file, "b2", 9n);
      // The runner that moved it there saw it published.
      treeOf("b0").forgetCommit(file, 9n);
    });
    for (const option of ["keep", "publish"] as const) {
      const { failures } = await run({ undecided: option });
      expect(failures.map(({ outcome }) => outcome)).toContainEqual(
        expect.objectContaining({
          code: "REBALANCE_UNDECIDED",
          message: expect.stringContaining("links to b2") as string,
        }),
      );
      expect(treeOf("b1").target(gfid)?.phase).toBe("prepared");
    }
    await run({ undecided: "drop" });
    expect(treeOf("b1").isLinked(gfid)).toBe(false);
  });

  it("is dropped when the source has the data: it cannot have committed", async () => {
    const gfid = await undecided(async () => {});
    expect(await run()).toMatchObject({ failures: [], counts: { recovered: 0, moved: 1 } });
    expect(await readAll(bricks.destination, gfid)).toEqual(content);
  });

  it("is dropped when the operator says so", async () => {
    const gfid = await undecided();
    expect((await run({ undecided: "drop" })).failures).toEqual([]);
    expect(treeOf("b1").isLinked(gfid)).toBe(false);
  });
});

it("moves a file to a link file on a brick of before it could tell which targets it has", async () => {
  const gfid = await makeFile(bricks.source, "f", content);
  const object = { gfid, mode: 0o100000 | LINK_FILE_PERMISSIONS, uid: 0, gid: 0 };
  const linkto = new Map([["trusted.glusterfs.dht.linkto", Buffer.from("b0\0")]]);
  await treeOf("b1").mknod(ROOT_GFID, "f", { ...object, xattrs: linkto });
  // What such a brick answers to a name that it does not know.
  const destination = interceptedPort(bricks.destination, {
    getxattr: (input, send) =>
      input.name === XDATA.targets
        ? bricks.destination.fops.getxattr({ ...input, name: "brickshift.unheard-of", namelen: 21 })
        : send(),
  });
  const { failures } = await rebalance().run({ source: bricks.source, destination });
  expect(failures).toEqual([]);
  expect(await readAll(bricks.destination, gfid)).toEqual(content);
});

async function until(work: () => Promise<unknown>): Promise<void> {
  for (let tries = 0; tries < 100; tries += 1) {
    const isDone = await work().then(
      () => true,
      () => false,
    );
    if (isDone) return;
    await new Promise((resolve) => {
      setTimeout(resolve, 5);
    });
  }
  throw new Error("it does not come back");
}
