import type { BrickClient } from "@brickshift/brick-client";
import { ANONYMOUS_FD, Errno, type Gfid, LkCmd, LockType } from "@brickshift/wire";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { fopErrorOf } from "../src/fop-failure.js";
import { interceptedPort } from "./intercepted-port.js";
import { makeFile, random, readAll, rebalance, statByName, twoBricks } from "./two-bricks.js";

let bricks: Awaited<ReturnType<typeof twoBricks>>;
let client: BrickClient;

beforeEach(async () => {
  bricks = await twoBricks();
  client = await bricks.connect("b0", { auth: { pid: 42 } });
});
afterEach(() => bricks.close());

function lk(brick: BrickClient, gfid: Gfid, type: number, cmd: number = LkCmd.setlk) {
  const flock = { type, whence: 0, start: 3n, len: 4n, pid: 42, lkOwner: new Uint8Array() };
  return brick.fops.lk({ gfid, fd: ANONYMOUS_FD, cmd, type, flock });
}

const linkFile = { mode: 0o101000 };
const sizes = { "a small file": 1_000, "a large file": 20_000 };

describe.each(Object.entries(sizes))("%s that a client has locked", (_name, size) => {
  it("stays where it is, whole and locked, and says why", async () => {
    const content = Buffer.from(random.bytes(size));
    const gfid = await makeFile(bricks.source, "f", content);
    await lk(client, gfid, LockType.write);
    const report = await rebalance({ clientLockWaitMs: 5 }).run(bricks);
    expect(report.counts).toMatchObject({ moved: 0, failed: 1 });
    expect(report.failures).toMatchObject([
      { outcome: { code: "REBALANCE_LOCKED", message: expect.stringMatching(/^\/f: clients hold 1 locks/) } },
    ]);
    expect((await client.fops.getactivelk({ gfid })).opRet).toBe(1);
    expect(await readAll(bricks.source, gfid)).toEqual(content);
    await expect(statByName(bricks.destination, "f")).rejects.toMatchObject({ errno: Errno.ENOENT });
    // Nothing of the try is left over: neither a lease nor the lock of the migration.
    await lk(client, gfid, LockType.unlock);
    expect((await rebalance().run(bricks)).counts.moved).toBe(1);
    expect(await readAll(bricks.destination, gfid)).toEqual(content);
  });

  it("moves when the lock is released, however often it is taken again before", async () => {
    const content = Buffer.from(random.bytes(size));
    const gfid = await makeFile(bricks.source, "f", content);
    await lk(client, gfid, LockType.write);
    let looks = 0;
    let isLocked = true;
    const source = interceptedPort(bricks.source, {
      // The lock is gone when the runner looks, and there again when it has its lease; twice.
      async getactivelk(_, send) {
        await lk(client, gfid, LockType.unlock);
        isLocked = false;
        const reply = await send();
        looks += 1;
        if (looks < 3) {
          await lk(client, gfid, LockType.write);
          isLocked = true;
        }
        return reply;
      },
    });
    const report = await rebalance().run({ source, destination: bricks.destination });
    expect(report.failures).toEqual([]);
    expect([report.counts.moved, looks, isLocked]).toEqual([1, 3, false]);
    expect(await readAll(bricks.destination, gfid)).toEqual(content);
    expect(await statByName(bricks.source, "f")).toMatchObject(linkFile);
    await expect(lk(client, gfid, LockType.write)).rejects.toMatchObject({ code: "FOP_MOVED", linkto: "b1" });
  });
});

it("a lock that comes in spite of the lease keeps the commit from being made", async () => {
  const content = Buffer.from(random.bytes(1_000));
  const gfid = await makeFile(bricks.source, "f", content);
  const refusals: (number | undefined)[] = [];
  // Leases do not bind internal callers, who may lock under an exclusive one.
  const internal = await bricks.connect("b0", { auth: { pid: -7 } });
  const source = interceptedPort(bricks.source, {
    async setxattr(_, send) {
      if (refusals.length > 0) return send();
      await lk(internal, gfid, LockType.write);
      try {
        return await send();
      } catch (error) {
        refusals.push(fopErrorOf(error)?.errno);
        throw error;
      } finally {
        await lk(internal, gfid, LockType.unlock);
      }
    },
  });
  const report = await rebalance().run({ source, destination: bricks.destination });
  expect([report.counts.moved, refusals]).toEqual([1, [Errno.EAGAIN]]);
  expect(await readAll(bricks.destination, gfid)).toEqual(content);
});

it("a run that is cancelled waits for no lock", async () => {
  const gfid = await makeFile(bricks.source, "f", Buffer.from(random.bytes(1_000)));
  await lk(client, gfid, LockType.write);
  const end = new AbortController();
  const source = interceptedPort(bricks.source, {
    getactivelk(_, send) {
      end.abort();
      return send();
    },
  });
  const options = { clientLockWaitMs: 3_600_000 };
  const run = rebalance(options).run({ source, destination: bricks.destination, signal: end.signal });
  await expect(run.then(({ counts }) => counts.moved)).resolves.toBe(0);
  expect((await client.fops.getactivelk({ gfid })).opRet).toBe(1);
});
