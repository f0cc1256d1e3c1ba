import { isFopError } from "@brickshift/brick-client";
import type { Epoch } from "@brickshift/wire";
import { Errno } from "@brickshift/wire";
import { expect, it } from "vitest";
import { SyncAhead } from "../src/sync-ahead.js";

const MIB = 1_048_576;
const fence = (number: number) => BigInt(number) as Epoch;

/** Syncs that end when the test says so. */
function syncs() {
  const begun: {
    readonly fence: Epoch;
    readonly end: () => void;
    readonly fail: (error: unknown) => void;
  }[] = [];
  const ahead = new SyncAhead((epoch) => new Promise((end, fail) => begun.push({ fence: epoch, end, fail })));
  return { ahead, begun };
}

/** Shaped as the client's error is, which is told by its shape. */
function refusal(errno: number): Error {
  const error = Object.assign(new Error("refused"), { tag: "FopError", code: "FOP_FENCED", errno });
  expect(isFopError(error)).toBe(true);
  return error;
}

it("begins a sync when 16 MiB were written, under the fence of the last of them", () => {
  const { ahead, begun } = syncs();
  ahead.written(15 * MIB, fence(1));
  expect(begun).toEqual([]);
  ahead.written(MIB, fence(2));
  expect(begun.map((sync) => sync.fence)).toEqual([2n]);
});

it("has one under way at a time, and begins the next once enough was written and that one ended", async () => {
  const { ahead, begun } = syncs();
  ahead.written(16 * MIB, fence(1));
  ahead.written(160 * MIB, fence(1));
  expect(begun).toHaveLength(1);
  begun[0]?.end();
  await ahead.settled();
  ahead.written(1, fence(1));
  expect(begun).toHaveLength(2);
});

it("waits for what is under way", async () => {
  const { ahead, begun } = syncs();
  ahead.written(16 * MIB, fence(1));
  let isSettled = false;
  const settled = ahead.settled().then(() => (isSettled = true));
  await Promise.resolve();
  expect(isSettled).toBe(false);
  begun[0]?.end();
  await settled;
});

it("tells a failed sync for ever, also when later ones succeed", async () => {
  const { ahead, begun } = syncs();
  ahead.written(16 * MIB, fence(1));
  begun[0]?.fail(new Error("the disk is broken"));
  await expect(ahead.settled()).rejects.toThrow("the disk is broken");
  ahead.written(16 * MIB, fence(1));
  begun[1]?.end();
  await expect(ahead.settled()).rejects.toThrow("the disk is broken");
});

it("makes nothing of a sync that came after a newer fence", async () => {
  const { ahead, begun } = syncs();
  ahead.written(16 * MIB, fence(1));
  begun[0]?.fail(refusal(Errno.ESTALE));
  await ahead.settled();
});
