import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { interceptedPort } from "./intercepted-port.js";
import { makeFile, random, readAll, rebalance, twoBricks } from "./two-bricks.js";

let bricks: Awaited<ReturnType<typeof twoBricks>>;

beforeEach(async () => {
  bricks = await twoBricks();
});
afterEach(() => bricks.close());

/** Moves a file while the destination loses its power after the n-th write to it, and what was not synced. */
async function moveWithPowerCut(sizeBytes: number, afterWrites: number) {
  const content = Buffer.from(random.bytes(sizeBytes));
  const gfid = await makeFile(bricks.source, "f", content);
  let writes = 0;
  let isCut = false;
  const destination = interceptedPort(bricks.destination, {
    write: async (_, send) => {
      const reply = await send();
      writes += 1;
      if (writes !== afterWrites) return reply;
      isCut = true;
      await bricks.restart("b1", () => bricks.media.b1.blobs.get(gfid)?.zero(0, sizeBytes));
      return reply;
    },
  });
  const { failures } = await rebalance().run({ source: bricks.source, destination });
  expect({ failures, isCut }).toEqual({ failures: [], isCut: true });
  return { moved: await readAll(bricks.destination, gfid), content };
}

describe("a destination that is restarted after a power cut, while a file is copied to it", () => {
  it.each([1, 3, 6])("gets what it had acknowledged and not synced again, after write %i", async (after) => {
    const { moved, content } = await moveWithPowerCut(40_000, after);
    expect(moved.equals(content)).toBe(true);
  });
});
