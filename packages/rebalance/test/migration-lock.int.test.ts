import { Errno, ROOT_GFID } from "@brickshift/wire";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { fopErrorOf } from "../src/fop-failure.js";
import { type BrickPort, MemoryJournal } from "../src/index.js";
import { LockLost, MigrationLock } from "../src/migration-lock.js";
import { interceptedPort } from "./intercepted-port.js";
import { makeFile, nodeScheduler, random, readAll, rebalance, twoBricks } from "./two-bricks.js";

let bricks: Awaited<ReturnType<typeof twoBricks>>;

beforeEach(async () => {
  bricks = await twoBricks();
});
afterEach(() => bricks.close());

/**
 * A port to the source whose connection is lost at `cut()`, while the brick keeps the old one: what a broken network does.
 * `onRefused` hears of each lock that is refused over the new one.
 */
async function losing(
  onRefused: (refusals: number, old: Awaited<ReturnType<typeof bricks.connect>>) => unknown,
) {
  const [old, later] = [await bricks.connect("b0"), await bricks.connect("b0")];
  const state = { isCut: false, refusals: 0 };
  const after = interceptedPort(later, {
    inodelk: (_, send) =>
      send().catch(async (error: unknown) => {
        if (fopErrorOf(error)?.errno === Errno.EAGAIN) {
          state.refusals += 1;
          await onRefused(state.refusals, old);
        }
        throw error;
      }),
  });
  const port: BrickPort = {
    brick: "b0",
    capabilities: old.capabilities,
    get session() {
      return state.isCut ? later.session + old.session : old.session;
    },
    get fops() {
      return state.isCut ? after.fops : old.fops;
    },
    onRecall(listener) {
      const ends = [old.onRecall(listener), later.onRecall(listener)];
      return () => {
        for (const end of ends) end();
      };
    },
  };
  const cut = () => {
    state.isCut = true;
  };
  return { port, cut, state, old };
}

/** The destination, with the source's connection cut when the copy is brought to the disk: between two leases. */
function cutting(cut: () => void): BrickPort {
  return interceptedPort(bricks.destination, {
    fsync: (_, send) => {
      cut();
      return send();
    },
  });
}

describe("a lock that the brick holds for a connection of ours that was lost", () => {
  it("is waited for, and the file moves", async () => {
    const content = Buffer.from(random.bytes(20_000));
    const gfid = await makeFile(bricks.source, "f", content);
    // The brick notices the loss some time after the first refusal.
    const { port, cut, state } = await losing((refusals, old) => (refusals === 3 ? old.close() : undefined));
    const report = await rebalance().run({ source: port, destination: cutting(cut) });
    expect(report.failures).toEqual([]);
    expect(report.counts.moved).toBe(1);
    expect(state.refusals).toBe(3);
    expect(await readAll(bricks.destination, gfid)).toEqual(content);
  });

  it("is waited for so long only; then the lock, the file and the next step are named", async () => {
    const content = Buffer.from(random.bytes(20_000));
    const gfid = await makeFile(bricks.source, "f", content);
    const { port, cut, state } = await losing(() => {});
    const report = await rebalance({ lockWaitMs: 20 }).run({ source: port, destination: cutting(cut) });
    expect(report.failures).toEqual([
      {
        path: "/f",
        outcome: {
          type: "failed",
          code: "REBALANCE_OTHER_RUNNER",
          message: `/f: an earlier connection of this run or another process, after 20 ms, holds the lock dht.file.migrate of ${gfid} on b0; wait until it is free, or end its holder, and run again`,
        },
      },
    ]);
    expect(state.refusals).toBeGreaterThan(0);
    expect(await readAll(bricks.source, gfid)).toEqual(content);
    expect(bricks.servers.b1.server.bricks.get("b1")?.tree.targets()).toEqual([]);
  });

  it("may be one of a process before: a resumed run waits for it, another one does not", async () => {
    const content = Buffer.from(random.bytes(200_000));
    const gfid = await makeFile(bricks.source, "f", content);
    const before = await bricks.connect("b0");
    const left = new MigrationLock(before, gfid, 1_000, Buffer.alloc(8, 9));
    await left.take();
    let refusals = 0;
    const source = interceptedPort(bricks.source, {
      inodelk: (_, send) =>
        send().catch(async (error: unknown) => {
          if (fopErrorOf(error)?.errno !== Errno.EAGAIN) throw error;
          refusals += 1;
          // The brick notices late that the process is gone.
          if (refusals === 5) await before.close();
          throw error;
        }),
    });
    const runner = () => rebalance({ foreignLockWaitMs: 0, smallFileBytesMax: 0, stepPauseMs: 1 });
    const fresh = await runner().run({ source, destination: bricks.destination });
    expect(fresh.failures).toMatchObject([{ outcome: { code: "REBALANCE_OTHER_RUNNER" } }]);
    expect(refusals).toBe(1);
    const resumed = await runner().run({ source, destination: bricks.destination, resume: true });
    expect([resumed.failures, resumed.counts.moved, refusals]).toEqual([[], 1, 5]);
    expect(await readAll(bricks.destination, gfid)).toEqual(content);
  });

  it("keeps a target of whoever holds it, also when the journal says that it was ours", async () => {
    const own = await twoBricks({ leases: { recallTimeoutMs: 20 } });
    const content = Buffer.from(random.bytes(40_000));
    const journal = new MemoryJournal();
    const ends = { source: await own.connect("b0"), destination: await own.connect("b1") };
    await rebalance().run({ ...ends, journal });
    const gfid = await makeFile(own.source, "f", content);
    const target = () => own.servers.b1.server.bricks.get("b1")?.tree.target(gfid);
    const link = { pargfid: ROOT_GFID, bname: "f" };
    await journal.intent({ gfid, path: "/f", link, fence: "1", phase: "intent" });
    let writes = 0;
    let whileAtWork: unknown;
    const destination = interceptedPort(own.destination, {
      write: async (_, send) => {
        writes += 1;
        if (writes === 3) {
          const resumed = await rebalance({ lockWaitMs: 20 }).run({ ...ends, journal, resume: true });
          whileAtWork = { phase: target()?.phase, outcome: resumed.failures[0]?.outcome };
        }
        return send();
      },
    });
    const { failures } = await rebalance().run({ source: own.source, destination });
    expect(whileAtWork).toMatchObject({ phase: "filling", outcome: { code: "REBALANCE_OTHER_RUNNER" } });
    expect(failures).toEqual([]);
    expect(await readAll(own.destination, gfid)).toEqual(content);
    await own.close();
  });

  it("does not keep a run that is cancelled from its end", async () => {
    await makeFile(bricks.source, "f", random.bytes(20_000));
    const cancel = new AbortController();
    const { port, cut } = await losing(() => cancel.abort());
    const report = await rebalance({ lockWaitMs: 3_600_000 }).run({
      source: port,
      destination: cutting(cut),
      signal: cancel.signal,
    });
    expect(report).toMatchObject({ state: "cancelled", failures: [] });
  });
});

describe("a lock that was never ours", () => {
  async function taken() {
    const gfid = await makeFile(bricks.source, "f", Buffer.from("x"));
    const [client, runner] = [1, 2].map(
      (owner) => new MigrationLock(bricks.source, gfid, 1_000, Buffer.alloc(8, owner)),
    ) as [MigrationLock, MigrationLock];
    await client.take();
    const { signal } = new AbortController();
    const patience = { scheduler: nodeScheduler, lockWaitMs: 3_600_000, stepPauseMs: 1, signal };
    return { gfid, client, runner, patience };
  }

  it("is waited for, as a client that renames the file has it for a moment", async () => {
    const { client, runner, patience } = await taken();
    const waiting = runner.takePatiently({ ...patience, foreignLockWaitMs: 3_600_000 });
    await expect(runner.take()).rejects.toMatchObject({ code: "REBALANCE_OTHER_RUNNER" });
    await client.release();
    await waiting;
    expect(runner.isTaken).toBe(true);
  });

  it("is not waited for longer than that", async () => {
    const { gfid, runner, patience } = await taken();
    const refused = runner.takePatiently({ ...patience, foreignLockWaitMs: 5 });
    await expect(refused).rejects.toMatchObject({
      code: "REBALANCE_OTHER_RUNNER",
      message: expect.stringContaining(`another process holds the lock dht.file.migrate of ${gfid} on b0`),
    });
    await expect(refused).rejects.not.toBeInstanceOf(LockLost);
  });
});

it("two moves over one connection exclude each other by the lock", async () => {
  const gfid = await makeFile(bricks.source, "f", Buffer.from("x"));
  const [first, second] = [1, 2].map(
    (owner) => new MigrationLock(bricks.source, gfid, 1_000, Buffer.alloc(8, owner)),
  );
  await first?.take();
  await expect(second?.take()).rejects.toMatchObject({ code: "REBALANCE_OTHER_RUNNER" });
  await first?.release();
  await second?.take();
  expect(second?.isTaken).toBe(true);
});
