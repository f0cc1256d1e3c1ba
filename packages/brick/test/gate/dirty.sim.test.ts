import { seededRandom } from "@brickshift/testkit";
import { type Epoch, type Extent, NO_IATT, ROOT_GFID, SetattrValid, xdataOf } from "@brickshift/wire";
import { expect, it } from "vitest";
import { createMemoryStore } from "../../src/store/memory-store.js";
import { leased, unlock } from "../lease-client.js";
import { pausedStore } from "../paused-store.js";
import { createFile, creation, newGfid, readFile, settle, startBrick } from "../test-brick.js";

const SIZE_MAX = 4_096;

it.each([1, 2, 3, 4])("what a brick calls dirty is all that a copy is missing, seed %i", async (seed) => {
  const random = seededRandom(seed);
  const paused = pausedStore(createMemoryStore());
  const { client } = await startBrick({ leases: { extentsMax: 16 } }, [{ name: "b0", store: paused.store }]);
  const [runner, writer] = [await client(), await client()];
  const { gfid, fd } = await createFile(writer, "f", { content: "x".repeat(2_000) });
  const other = await createFile(writer, "other", { content: "y".repeat(3_000) });
  const append = (await writer.call("open", { gfid, flags: 0o2001, xdata: null })).fd;
  const met = new Map<string, number>();

  const range = () => {
    const offset = random.below(SIZE_MAX - 1);
    return { offset, size: 1 + random.below(SIZE_MAX - offset) };
  };
  const write = (number: bigint) => {
    const { offset, size } = range();
    const payload = random.bytes(Math.min(size, 64));
    return writer.call("write", {
      gfid,
      fd: number,
      offset,
      size: payload.length,
      flag: 0,
      xdata: null,
      payload,
    });
  };
  const changes = {
    write: () => write(fd),
    append: () => write(append),
    truncate: () => writer.call("truncate", { gfid, offset: random.below(SIZE_MAX), xdata: null }),
    ftruncate: () => writer.call("ftruncate", { gfid, fd, offset: random.below(SIZE_MAX), xdata: null }),
    fallocate: () => writer.call("fallocate", { gfid, fd, flags: 0, ...range(), xdata: null }),
    discard: () => writer.call("discard", { gfid, fd, ...range(), xdata: null }),
    zerofill: () => writer.call("zerofill", { gfid, fd, ...range(), xdata: null }),
    setattr: () => {
      const stbuf = { ...NO_IATT, size: random.below(SIZE_MAX) };
      return writer.call("setattr", { gfid, stbuf, valid: SetattrValid.size, xdata: null });
    },
    open: () => writer.call("open", { gfid, flags: 0o1001, xdata: null }),
    create: () => {
      const xdata = creation(newGfid());
      const flags = 0o1101;
      return writer.call("create", { pargfid: ROOT_GFID, flags, mode: 0o644, umask: 0, bname: "f", xdata });
    },
    copyFileRange: () => {
      const { offset, size } = range();
      const fds = { gfid1: other.gfid, gfid2: gfid, fdIn: other.fd, fdOut: fd };
      return writer.call("copyFileRange", { ...fds, offIn: 0, offOut: offset, size, flag: 0, xdata: null });
    },
  };

  // As long as the longest file, and never cut: a copy holds what was there until it is told otherwise.
  const copy = new Uint8Array(2 * SIZE_MAX);
  let since: Epoch | undefined;
  for (let round = 0; round < 60; round += 1) {
    const running: Promise<{ readonly opRet: number }>[] = [];
    if (random.chance(0.3)) paused.hold();
    for (let count = random.below(5); count > 0; count -= 1) {
      // Emptying the file is one change of many, or there would be little to look at.
      const names = Object.keys(changes) as (keyof typeof changes)[];
      const name = random.pick(random.chance(0.7) ? (["write", "append"] as const) : names);
      met.set(name, (met.get(name) ?? 0) + 1);
      running.push(changes[name]());
    }
    await settle(2);
    // The lease is asked for while some of the changes may still run.
    const asked = leased(runner, gfid, "read", since);
    await settle(2);
    paused.letGo();
    const { leaseId, epoch, dirty } = await asked;
    const xdata = xdataOf({ leaseId, leaseEpoch: epoch });
    const { stat } = await runner.call("stat", { gfid, xdata });
    const extents: readonly Extent[] =
      dirty === undefined || dirty === "unknown" ? [{ offset: 0, length: stat.size }] : dirty;
    for (const { offset, length } of extents) {
      copy.set((await readFile(runner, gfid, offset, length, xdata)).payload, offset);
    }
    const whole = await readFile(runner, gfid, 0, 2 * SIZE_MAX, xdata);
    expect([round, whole.payload.every((byte, index) => byte === copy[index])]).toEqual([round, true]);
    expect((await unlock(runner, gfid, leaseId)).opRet).toBe(0);
    since = epoch;
    expect((await Promise.all(running)).every(({ opRet }) => opRet >= 0)).toBe(true);
  }
  // The walk is worth nothing if it did not change the file in every way there is.
  expect([...met.keys()].toSorted()).toEqual(Object.keys(changes).toSorted());
});
