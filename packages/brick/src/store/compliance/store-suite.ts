import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { BrickStore } from "../store.js";
import { dataCompliance } from "./data-compliance.js";
import { metaCompliance } from "./meta-compliance.js";
import { bytes, content, newGfid, type StoreUnderTest } from "./store-under-test.js";

/** Declares the tests of every sentence of the {@link BrickStore} contract. `setup` gives a fresh store for each. */
export function storeCompliance(name: string, setup: () => Promise<StoreUnderTest>): void {
  describe(`${name} is a brick's store`, () => {
    let under: StoreUnderTest;
    let store: BrickStore;
    beforeEach(async () => {
      under = await setup();
      store = await under.open();
    });
    afterEach(async () => {
      await store.close();
      await under.teardown();
    });

    metaCompliance(() => store);
    dataCompliance(() => store);

    async function fill() {
      const gfid = newGfid();
      await store.data.create(gfid);
      await store.data.write(gfid, 0, bytes("kept"));
      await store.meta.transact((tx) => tx.put(bytes("key"), bytes("kept")));
      return gfid;
    }
    async function expectKept(gfid: Awaited<ReturnType<typeof fill>>) {
      expect(Buffer.from(store.meta.get(bytes("key")) ?? []).toString()).toBe("kept");
      expect(Buffer.from(await content(store, gfid)).toString()).toBe("kept");
    }

    it("keeps its identity and content, and counts its openings", async () => {
      expect(store.bootCount).toBe(1);
      expect(store.wasClosed).toBe(true);
      const { id } = store;
      const gfid = await fill();
      await store.close();
      store = await under.open();
      expect(store).toMatchObject({ id, bootCount: 2, wasClosed: true });
      await expectKept(gfid);
    });

    it("keeps what was acknowledged before a crash, and tells that there was one", async () => {
      const gfid = await fill();
      await store.data.sync(gfid);
      await under.crash();
      store = await under.open();
      expect(store).toMatchObject({ bootCount: 2, wasClosed: false });
      await expectKept(gfid);
    });

    it("is well, again and again, while it is used", async () => {
      const gfid = newGfid();
      await store.check();
      await Promise.all([
        store.check(),
        store.data.create(gfid),
        store.meta.transact((tx) => tx.put(bytes("key"), bytes("kept"))),
      ]);
      await store.check();
    });

    it("is open once at a time", async () => {
      await expect(under.open()).rejects.toMatchObject({ code: "STORE_LOCKED" });
      await fill();
    });

    it("finishes what is under way when it is closed, and refuses what comes later", async () => {
      const gfid = await fill();
      const written = store.data.write(gfid, 0, new Uint8Array(1_000_000).fill(1));
      const put = store.meta.transact((tx) => tx.put(bytes("late"), bytes("kept")));
      await Promise.all([store.close(), store.close()]);
      await Promise.all([written, put]);
      const closed = { code: "STORE_CLOSED" };
      await expect(store.data.read(gfid, 0, new Uint8Array(1))).rejects.toMatchObject(closed);
      await expect(store.meta.transact(() => 1)).rejects.toMatchObject(closed);
      await expect(store.check()).rejects.toMatchObject(closed);
      expect(() => store.meta.get(bytes("late"))).toThrow(expect.objectContaining(closed));
      expect(() => store.data.stat(gfid)).toThrow(expect.objectContaining(closed));
      store = await under.open();
      expect(store.data.stat(gfid)?.size).toBe(1_000_000);
      expect(store.meta.get(bytes("late"))).toBeDefined();
    });
  });
}
