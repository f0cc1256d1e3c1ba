import { beforeEach, describe, expect, it } from "vitest";
import type { BrickStore, MetaRange, MetaReader } from "../store.js";
import { bytes, chance } from "./store-under-test.js";

/** What every {@link MetaStore} promises. */
export function metaCompliance(current: () => BrickStore): void {
  describe("records", () => {
    let store: BrickStore;
    beforeEach(() => {
      store = current();
    });

    const put = (...texts: string[]) =>
      store.meta.transact((tx) => {
        for (const text of texts) tx.put(bytes(text), bytes(`value of ${text}`));
      });
    const keys = (reader: MetaReader, range: MetaRange) =>
      [...reader.range(range)].map(({ key }) => Buffer.from(key).toString("latin1"));
    const all = { from: bytes("a"), to: bytes("z") };

    it("gives back what was put, and nothing for what was not", async () => {
      await put("k1");
      expect(Buffer.from(store.meta.get(bytes("k1")) ?? []).toString()).toBe("value of k1");
      expect(store.meta.get(bytes("k2"))).toBeUndefined();
    });

    it("gives values that stay as they are, whatever is read and put after", async () => {
      await put("k1", "k22", "k333");
      const values = await store.meta.transact((tx) => ["k1", "k22"].map((key) => tx.get(bytes(key))));
      values.push(store.meta.get(bytes("k333")), store.meta.get(bytes("k1")));
      await store.meta.transact((tx) => {
        for (const key of ["k1", "k22", "k333"])
          tx.put(bytes(key), bytes("another one, and longer than the first"));
      });
      store.meta.get(bytes("k1"));
      const texts = values.map((value) => Buffer.from(value?.slice() ?? []).toString());
      expect(texts).toEqual(["value of k1", "value of k22", "value of k333", "value of k1"]);
    });

    it("forgets what was deleted, and does not mind deleting what is not there", async () => {
      await put("k1");
      await store.meta.transact((tx) => {
        tx.delete(bytes("k1"));
        tx.delete(bytes("never"));
      });
      expect(store.meta.get(bytes("k1"))).toBeUndefined();
    });

    it("keeps values of any length from one byte to a megabyte", async () => {
      const big = new Uint8Array(1_048_576).fill(7);
      await store.meta.transact((tx) => {
        tx.put(bytes("big"), big);
        tx.put(bytes("small"), Uint8Array.of(0));
      });
      expect(Buffer.compare(store.meta.get(bytes("big")) ?? bytes(""), big)).toBe(0);
      expect([...(store.meta.get(bytes("small")) ?? [])]).toEqual([0]);
    });

    it("orders keys as unsigned bytes, a prefix before what it begins", async () => {
      await put("b\xff", "b", "b\x00", "b\x7f", "b\x80", "bb", "c");
      expect(keys(store.meta, all)).toEqual(["b", "b\x00", "bb", "b\x7f", "b\x80", "b\xff", "c"]);
    });

    it("gives a range from its first key to before its end, both ways, up to a limit", async () => {
      await put("b", "c", "d", "e", "f");
      const range = { from: bytes("c"), to: bytes("f") };
      expect(keys(store.meta, range)).toEqual(["c", "d", "e"]);
      expect(keys(store.meta, { ...range, limit: 2 })).toEqual(["c", "d"]);
      expect(keys(store.meta, { ...range, reverse: true })).toEqual(["e", "d", "c"]);
      expect(keys(store.meta, { ...range, reverse: true, limit: 1 })).toEqual(["e"]);
      expect(keys(store.meta, { from: bytes("x"), to: bytes("y") })).toEqual([]);
      expect(keys(store.meta, { ...range, limit: 0 })).toEqual([]);
    });

    it("shows a transaction its own writes, in gets and in ranges", async () => {
      await put("b", "c", "ca", "d");
      const seen = await store.meta.transact((tx) => {
        tx.put(bytes("bb"), bytes("new"));
        tx.delete(bytes("c"));
        tx.delete(bytes("ca"));
        tx.put(bytes("d"), bytes("changed"));
        tx.delete(bytes("b"));
        const firstLeft = keys(tx, { from: bytes("b"), to: bytes("bb"), limit: 1 });
        const afterDeleted = keys(tx, { from: bytes("c"), to: bytes("e"), limit: 1 });
        tx.put(bytes("b"), bytes("again"));
        return {
          firstLeft,
          afterDeleted,
          gone: tx.get(bytes("c")),
          changed: Buffer.from(tx.get(bytes("d")) ?? []).toString(),
          forward: keys(tx, all),
          limited: keys(tx, { ...all, limit: 2 }),
          backward: keys(tx, { ...all, reverse: true, limit: 2 }),
        };
      });
      expect(seen).toEqual({
        firstLeft: [],
        afterDeleted: ["d"],
        gone: undefined,
        changed: "changed",
        forward: ["b", "bb", "d"],
        limited: ["b", "bb"],
        backward: ["d", "bb"],
      });
    });

    it("counts the limit of a range without what the transaction deleted", async () => {
      await put("b", "c", "d", "e", "f");
      const seen = await store.meta.transact((tx) => {
        for (const text of ["b", "c", "f"]) tx.delete(bytes(text));
        return [keys(tx, { ...all, limit: 1 }), keys(tx, { ...all, limit: 1, reverse: true })];
      });
      expect(seen).toEqual([["d"], ["e"]]);
    });

    it("keeps nothing of a work that throws, and rejects with what it threw", async () => {
      const failure = new Error("changed my mind");
      const bad = store.meta.transact((tx) => {
        tx.put(bytes("b"), bytes("x"));
        tx.delete(bytes("c"));
        throw failure;
      });
      // Asked for together, so that a store that batches has both in one batch.
      const good = put("c");
      await expect(bad).rejects.toBe(failure);
      await good;
      expect(keys(store.meta, all)).toEqual(["c"]);
    });

    it("runs transactions one after the other in the order of the calls, whatever they survive", async () => {
      const order: number[] = [];
      const add = (index: number) =>
        store.meta.transact(
          (tx) => {
            order.push(index);
            const count = tx.get(bytes("count"))?.[0] ?? 0;
            tx.put(bytes("count"), Uint8Array.of(count + 1));
            return count;
          },
          index % 10 < 7 ? "kill" : "power-cut",
        );
      const indexes = Array.from({ length: 100 }, (_, index) => index);
      expect(await Promise.all(indexes.map(add))).toEqual(indexes);
      expect(order).toEqual(indexes);
      expect(store.meta.get(bytes("count"))?.[0]).toBe(100);
    });

    it("has another version, or none, as soon as a read gives something else", async () => {
      const seen = new Map<number, Set<number>>();
      const look = () => {
        const version = store.meta.version();
        const count = store.meta.get(bytes("count"))?.[0] ?? 0;
        if (version !== undefined) seen.set(version, (seen.get(version) ?? new Set()).add(count));
      };
      for (let count = 1; count <= 100; count += 1) {
        const survives = count % 10 < 7 ? "kill" : "power-cut";
        const changed = store.meta.transact((tx) => tx.put(bytes("count"), Uint8Array.of(count)), survives);
        look();
        await Promise.resolve();
        look();
        await changed;
        look();
        if (count % 25 === 0) await store.meta.sync();
      }
      expect(seen.size).toBeGreaterThan(1);
      expect([...seen.values()].filter((counts) => counts.size > 1)).toEqual([]);
    });

    it("keeps its version while nothing is changed", async () => {
      await put("k1");
      const version = store.meta.version();
      expect(version).toBeDefined();
      store.meta.get(bytes("k1"));
      expect(store.meta.version()).toBe(version);
    });

    it.each(["power-cut", "kill"] as const)("survives a %s: not run within the call", async (survives) => {
      let hasRun = false;
      const done = store.meta.transact(() => (hasRun = true), survives);
      expect(hasRun).toBe(false);
      expect(await done).toBe(true);
    });

    it.each(["power-cut", "kill"] as const)(
      "survives a %s: seen when its promise resolves",
      async (survives) => {
        for (let index = 0; index < 50; index += 1) {
          await store.meta.transact((tx) => tx.put(bytes("n"), Uint8Array.of(index)), survives);
          expect(store.meta.get(bytes("n"))?.[0]).toBe(index);
        }
      },
    );

    it("shows every state whole, while some transactions survive more than others, seed 1", async () => {
      const random = chance(1);
      // All keys of a range are changed together: a reader who finds two values has seen the half of a transaction.
      const names = ["b", "c", "d", "e", "f"];
      const look = (reader: MetaReader) => new Set([...reader.range(all)].map(({ value }) => value[0])).size;
      const running: Promise<void>[] = [];
      for (let count = 1; count <= 600; count += 1) {
        const survives = random(5) === 0 ? "power-cut" : "kill";
        const change = store.meta.transact((tx) => {
          expect(look(tx)).toBeLessThan(2);
          const left = names.filter(() => random(2) === 0);
          for (const name of names) {
            if (left.includes(name)) tx.put(bytes(name), Uint8Array.of(count % 256));
            else tx.delete(bytes(name));
          }
        }, survives);
        running.push(change);
        if (random(3) === 0) await running.shift();
        if (random(40) === 0) await store.meta.sync();
        for (let turn = random(4); turn > 0; turn -= 1) {
          expect(look(store.meta)).toBeLessThan(2);
          await (random(20) === 0 ? store.check() : Promise.resolve());
        }
      }
      await Promise.all(running);
    });

    it("keeps nothing of a work that need not survive a power cut, and throws", async () => {
      const failure = new Error("changed my mind");
      await put("c");
      const bad = store.meta.transact((tx) => {
        tx.put(bytes("b"), bytes("x"));
        tx.delete(bytes("c"));
        throw failure;
      }, "kill");
      await expect(bad).rejects.toBe(failure);
      expect(keys(store.meta, all)).toEqual(["c"]);
    });
  });
}
