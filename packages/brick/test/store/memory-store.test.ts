import { expect, it } from "vitest";
import { createMemoryStore, MemoryMedium } from "../../src/store/memory-store.js";
import { randomGfid } from "../../src/host-driver.js";

it("refuses bytes for which there is no room, and takes them when some was given back", async () => {
  const store = createMemoryStore(new MemoryMedium(), { roomBytesMax: 102_400 });
  const [a, b] = [randomGfid(), randomGfid()];
  await store.data.create(a);
  await store.data.create(b);
  await store.data.write(a, 0, new Uint8Array(100_000));
  const refusal = { code: "STORE_NO_SPACE", errno: 28 };
  await expect(store.data.write(b, 0, new Uint8Array(1))).rejects.toMatchObject(refusal);
  expect(store.data.stat(b)?.size).toBe(0);
  expect(store.data.space().blocksFree).toBe(0);
  await store.data.remove(a);
  await store.data.write(b, 0, new Uint8Array(1));
});

it("finds the data behind a hole of billions of chunks, and that none is behind", async () => {
  const store = createMemoryStore();
  const gfid = randomGfid();
  const farBytes = 2 ** 44;
  await store.data.create(gfid);
  await store.data.grow(gfid, 2 * farBytes);
  expect(await store.data.seek(gfid, 1, "data")).toBeUndefined();
  await store.data.write(gfid, farBytes + 5, new Uint8Array(4_096));
  await store.data.write(gfid, farBytes + 40_960, new Uint8Array(1));
  expect(await store.data.seek(gfid, 1, "data")).toBe(farBytes);
  expect(await store.data.seek(gfid, farBytes + 7, "hole")).toBe(farBytes + 8_192);
  expect(await store.data.seek(gfid, farBytes + 8_192, "data")).toBe(farBytes + 40_960);
  expect(await store.data.seek(gfid, farBytes + 45_056, "data")).toBeUndefined();
});

it("is dead after a crash of its medium, and the next one finds what was done", async () => {
  const medium = new MemoryMedium();
  const first = createMemoryStore(medium);
  const late = first.meta.transact((tx) => tx.put(Buffer.from("late"), Buffer.from("x")));
  medium.crash();
  await expect(late).rejects.toMatchObject({ code: "STORE_CLOSED" });
  const second = createMemoryStore(medium);
  await first.close();
  expect(second.meta.get(Buffer.from("late"))).toBeUndefined();
  expect(() => createMemoryStore(medium)).toThrow(expect.objectContaining({ code: "STORE_LOCKED" }));
});
