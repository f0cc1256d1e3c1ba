import { isProtocolError } from "@brickshift/wire";
import { beforeEach, describe, expect, it } from "vitest";
import type { BrickStore } from "../store.js";
import { bytes, chance, content, newGfid, pattern } from "./store-under-test.js";

const GIBIBYTE = 2 ** 30;

/** What every {@link DataStore} promises. */
export function dataCompliance(current: () => BrickStore): void {
  describe("blobs", () => {
    let store: BrickStore;
    beforeEach(() => {
      store = current();
    });

    async function blob(bytesIn: Uint8Array = new Uint8Array(0)) {
      const gfid = newGfid();
      await store.data.create(gfid);
      if (bytesIn.length > 0) await store.data.write(gfid, 0, bytesIn);
      return gfid;
    }
    const text = async (gfid: Parameters<typeof content>[1]) =>
      Buffer.from(await content(store, gfid)).toString("latin1");

    it("makes empty blobs, each once", async () => {
      const gfid = await blob();
      expect(store.data.stat(gfid)).toMatchObject({ size: 0, blocks: 0 });
      await expect(store.data.create(gfid)).rejects.toMatchObject({ code: "STORE_BLOB_EXISTS" });
    });

    it("says so when there is no blob", async () => {
      const gfid = newGfid();
      expect(store.data.stat(gfid)).toBeUndefined();
      const calls = [
        store.data.read(gfid, 0, new Uint8Array(1)),
        store.data.write(gfid, 0, bytes("x")),
        store.data.append(gfid, bytes("x")),
        store.data.truncate(gfid, 1),
        store.data.grow(gfid, 1),
        store.data.zero(gfid, 0, 1),
        store.data.sync(gfid),
        store.data.seek(gfid, 0, "data"),
      ];
      for (const result of await Promise.allSettled(calls)) {
        const error: unknown = result.status === "rejected" ? result.reason : undefined;
        expect(isProtocolError(error) && error.code).toBe("STORE_BLOB_MISSING");
      }
      await store.data.remove(gfid);
    });

    it("reads what was written, short only at the end", async () => {
      const gfid = await blob(bytes("hello"));
      const into = new Uint8Array(8).fill(9);
      expect(await store.data.read(gfid, 1, into)).toBe(4);
      expect([...into]).toEqual([...bytes("ello"), 9, 9, 9, 9]);
      expect(await store.data.read(gfid, 5, into)).toBe(0);
      expect(await store.data.read(gfid, 500, into)).toBe(0);
    });

    it("reads zeros where nothing was written", async () => {
      const gfid = await blob(bytes("a"));
      await store.data.write(gfid, 300_000, bytes("b"));
      const all = await content(store, gfid);
      expect(all.length).toBe(300_001);
      expect(all.filter((byte) => byte !== 0).length).toBe(2);
    });

    it("carries out changes of one blob in the order of the calls, long and short", async () => {
      const gfid = await blob();
      await Promise.all([
        store.data.write(gfid, 0, pattern(500_000, 1)),
        store.data.write(gfid, 100, bytes("short")),
        store.data.write(gfid, 0, pattern(200_000, 2)),
        store.data.truncate(gfid, 150),
        store.data.write(gfid, 148, bytes("end")),
      ]);
      const expected = pattern(200_000, 2).slice(0, 151);
      expected.set(bytes("end"), 148);
      expect(Buffer.compare(await content(store, gfid), expected)).toBe(0);
    });

    it("appends each piece once, at the offset it says", async () => {
      const gfid = await blob(bytes("start"));
      const pieces = [3, 100_000, 1, 70_000, 20].map((length, index) => pattern(length, index));
      const offsets = await Promise.all(pieces.map((piece) => store.data.append(gfid, piece)));
      expect(offsets).toEqual([5, 8, 100_008, 100_009, 170_009]);
      const all = await content(store, gfid);
      for (const [index, piece] of pieces.entries()) {
        const at = offsets[index] as number;
        expect(Buffer.compare(all.subarray(at, at + piece.length), piece)).toBe(0);
      }
    });

    it("cuts, and grows with zeros", async () => {
      const gfid = await blob(bytes("abcdef"));
      await store.data.truncate(gfid, 3);
      await store.data.truncate(gfid, 5);
      expect(await text(gfid)).toBe("abc\0\0");
    });

    it("grows a blob and never cuts it", async () => {
      const gfid = await blob(bytes("abc"));
      await Promise.all([store.data.append(gfid, bytes("defgh")), store.data.grow(gfid, 5)]);
      expect(await text(gfid)).toBe("abcdefgh");
      await store.data.grow(gfid, 10);
      expect(await text(gfid)).toBe("abcdefgh\0\0");
    });

    it("zeroes a range and leaves size and neighbours alone", async () => {
      const gfid = await blob(pattern(200_000, 3));
      await store.data.zero(gfid, 10, 150_000);
      const expected = pattern(200_000, 3).fill(0, 10, 150_010);
      expect(Buffer.compare(await content(store, gfid), expected)).toBe(0);
      await store.data.zero(gfid, 199_990, 1000);
      expect(Buffer.compare(await content(store, gfid), expected.fill(0, 199_990))).toBe(0);
      await store.data.zero(gfid, 300_000, 10);
      expect(store.data.stat(gfid)?.size).toBe(200_000);
    });

    it("tells a blob that is all hole, and never calls data a hole", async () => {
      const gfid = await blob();
      await store.data.truncate(gfid, GIBIBYTE);
      expect(store.data.stat(gfid)).toMatchObject({ size: GIBIBYTE, blocks: 0 });
      expect(await store.data.seek(gfid, 5, "data")).toBeUndefined();
      expect(await store.data.seek(gfid, 5, "hole")).toBe(5);
      await store.data.write(gfid, 1_000_000, bytes("data"));
      const data = await store.data.seek(gfid, 0, "data");
      expect(data).toBeLessThanOrEqual(1_000_000);
      expect(await store.data.seek(gfid, 1_000_000, "data")).toBe(1_000_000);
      expect(await store.data.seek(gfid, 1_000_000, "hole")).toBeGreaterThanOrEqual(1_000_004);
      expect(await store.data.seek(gfid, GIBIBYTE, "data")).toBeUndefined();
      expect(await store.data.seek(gfid, GIBIBYTE, "hole")).toBeUndefined();
    });

    it("keeps zeroing a hole a hole", async () => {
      const gfid = await blob();
      await store.data.truncate(gfid, GIBIBYTE);
      await store.data.zero(gfid, 0, GIBIBYTE);
      expect(store.data.stat(gfid)).toMatchObject({ size: GIBIBYTE, blocks: 0 });
    });

    it("cuts a long blob in its turn, before the changes that come after", async () => {
      const gfid = await blob();
      await store.data.truncate(gfid, GIBIBYTE);
      await Promise.all([
        store.data.write(gfid, 20, bytes("cut off")),
        store.data.truncate(gfid, 10),
        store.data.write(gfid, 12, bytes("kept")),
        store.data.grow(gfid, 20),
      ]);
      expect(Buffer.from(await content(store, gfid)).toString("latin1")).toBe(
        `${"\0".repeat(12)}kept${"\0".repeat(4)}`,
      );
    });

    it("tells size, room and the time of the last change", async () => {
      const gfid = await blob();
      const before = store.data.stat(gfid);
      await store.data.write(gfid, 0, pattern(100_000, 1));
      const after = store.data.stat(gfid);
      expect(after?.size).toBe(100_000);
      expect(after?.blocks).toBeGreaterThan(0);
      expect(after?.wallModifiedMs).toBeGreaterThanOrEqual(before?.wallModifiedMs ?? Number.NaN);
    });

    it("removes a blob whatever is under way, and lets a new one take its place", async () => {
      const gfid = await blob(pattern(500_000, 1));
      const underWay = Promise.allSettled([
        store.data.read(gfid, 0, new Uint8Array(500_000)),
        store.data.write(gfid, 0, pattern(500_000, 2)),
      ]);
      const removed = store.data.remove(gfid);
      const created = store.data.create(gfid);
      await Promise.all([removed, created, underWay]);
      expect(store.data.stat(gfid)?.size).toBe(0);
    });

    it("lists every blob once", async () => {
      const gfids = [await blob(), await blob(), await blob()];
      const gone = await blob();
      await store.data.remove(gone);
      const listed = [];
      for await (const gfid of store.data.list()) listed.push(gfid);
      expect(listed.sort()).toEqual(gfids.toSorted());
    });

    it("works on more blobs than it may keep open", async () => {
      const gfids = await Promise.all(Array.from({ length: 600 }, () => blob(bytes("x"))));
      await Promise.all(gfids.map((gfid) => store.data.append(gfid, bytes("y"))));
      for (const gfid of gfids) expect(await text(gfid)).toBe("xy");
    });

    it("tells the room of the medium", () => {
      const space = store.data.space();
      expect(space.blockBytes).toBeGreaterThanOrEqual(512);
      expect(space.blocks).toBeGreaterThanOrEqual(space.blocksFree);
      expect(space.blocksFree).toBeGreaterThanOrEqual(space.blocksAvailable);
      expect(space.nameBytesMax).toBe(255);
    });

    it.each([1, 2, 3])("does what an array of bytes would do, seed %i", async (seed) => {
      const below = chance(seed);
      const gfid = await blob();
      let model = new Uint8Array(0);
      const resize = (size: number) => {
        const resized = new Uint8Array(size);
        resized.set(model.subarray(0, size));
        model = resized;
      };
      for (let step = 0; step < 150; step += 1) {
        const offset = below(300_000);
        const length = 1 + below(below(3) === 0 ? 150_000 : 2_000);
        switch (below(6)) {
          case 0:
            await store.data.truncate(gfid, offset);
            resize(offset);
            break;
          case 1:
            await store.data.zero(gfid, offset, length);
            model.fill(0, offset, offset + length);
            break;
          case 2:
            await store.data.grow(gfid, offset);
            resize(Math.max(offset, model.length));
            break;
          default:
            await store.data.write(gfid, offset, pattern(length, step));
            resize(Math.max(model.length, offset + length));
            model.set(pattern(length, step), offset);
        }
      }
      expect(Buffer.compare(await content(store, gfid), model)).toBe(0);
    });
  });
}
