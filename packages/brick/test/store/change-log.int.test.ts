import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { open as openLmdb } from "lmdb";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { BrickStore, Survives } from "../../src/index.js";
import { ChangeLog, parseChangeLog, readChangeLog } from "../../src/store/disk/change-log.js";
import { DiskMeta } from "../../src/store/disk/disk-meta.js";
import { Reserve } from "../../src/store/disk/reserve.js";
import { openDiskStore } from "../../src/store-disk.js";
import { copyAfter } from "../copy-after.js";

let scratch: string;
beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), "brickshift-log-"));
});
afterEach(() => rmSync(scratch, { recursive: true, force: true }));

describe("the log", () => {
  const record = (number: number, text: string) => ({
    number,
    changes: [
      { key: Buffer.from(`key of ${text}`), value: Buffer.from(text) },
      { key: Buffer.from("gone"), value: undefined },
    ],
  });
  const bytes = () => readFileSync(join(scratch, "changes"));
  const numbers = (content: Buffer) => parseChangeLog(content).map(({ number }) => number);

  it("gives back what was appended", () => {
    const log = ChangeLog.create(scratch);
    log.append(record(7, "one"));
    log.append(record(8, "two"));
    log.close();
    expect(readChangeLog(scratch, 6)).toEqual([record(7, "one"), record(8, "two")]);
    expect(readChangeLog(scratch, 7)).toEqual([record(8, "two")]);
  });

  it("has nothing before it is there, and nothing once it is made again", () => {
    expect(readChangeLog(scratch, 0)).toEqual([]);
    const log = ChangeLog.create(scratch);
    log.append(record(1, "one"));
    log.close();
    ChangeLog.create(scratch).close();
    expect(bytes()).toHaveLength(0);
  });

  it("ends where a record is older than the one before it", () => {
    const log = ChangeLog.create(scratch);
    for (const number of [1, 2, 3]) log.append(record(number, "same"));
    log.empty();
    log.append(record(4, "same"));
    log.close();
    expect(numbers(bytes())).toEqual([4]);
  });

  it("ends before the first record that is not whole, cut or changed at any byte", () => {
    const log = ChangeLog.create(scratch);
    log.append(record(1, "one"));
    const { endBytes } = log;
    log.append(record(2, "two"));
    log.append(record(3, "three"));
    log.close();
    const whole = bytes();
    const secondEnds = endBytes * 2;
    for (let at = endBytes; at < secondEnds; at += 1) {
      expect(numbers(whole.subarray(0, at))).toEqual([1]);
      const changed = Buffer.from(whole);
      changed[at] = (changed[at] as number) ^ 1;
      expect(numbers(changed)).toEqual([1]);
    }
    expect(numbers(whole.subarray(0, secondEnds))).toEqual([1, 2]);
  });

  it("is of another time than the records when it does not go on where these end", () => {
    const log = ChangeLog.create(scratch);
    log.append(record(7, "one"));
    log.close();
    expect(() => readChangeLog(scratch, 5)).toThrow(expect.objectContaining({ code: "STORE_DAMAGED" }));
  });

  it("writes over what was left of a record that could not be appended", () => {
    const log = ChangeLog.create(scratch);
    log.append(record(1, "one"));
    writeFileSync(join(scratch, "changes"), Buffer.concat([bytes(), Buffer.alloc(100, 7)]));
    log.append(record(2, "two"));
    log.close();
    expect(numbers(bytes())).toEqual([1, 2]);
  });
});

describe("a store", () => {
  const directory = () => join(scratch, "store");
  const put = (store: BrickStore, key: string, survives: Survives) =>
    store.meta.transact((tx) => tx.put(Buffer.from(key), Buffer.from("value")), survives);
  const keys = (store: BrickStore) =>
    [...store.meta.range({ from: Buffer.from(" "), to: Buffer.from("~") })].map(({ key }) =>
      Buffer.from(key).toString(),
    );
  /** What another start finds if the process, or the machine, ends now. */
  async function after(end: Survives): Promise<readonly string[]> {
    const copy = join(scratch, "copy");
    copyAfter(end, directory(), copy);
    const store = await openDiskStore({ directory: copy });
    const found = keys(store);
    await store.close();
    rmSync(copy, { recursive: true });
    return found;
  }

  it("has after a kill whatever was acknowledged", async () => {
    const store = await openDiskStore({ directory: directory() });
    for (const key of ["a", "b", "c"]) await put(store, key, "kill");
    expect(await after("kill")).toEqual(["a", "b", "c"]);
    await store.meta.transact((tx) => tx.delete(Buffer.from("b")), "kill");
    expect(await after("kill")).toEqual(["a", "c"]);
    await store.close();
  });

  it("has after a power cut what was to survive it, and all that came before", async () => {
    const store = await openDiskStore({ directory: directory() });
    await put(store, "a", "kill");
    await put(store, "b", "power-cut");
    expect(await after("power-cut")).toEqual(["a", "b"]);
    await store.close();
  });

  it("has after a power cut what was synced", async () => {
    const store = await openDiskStore({ directory: directory() });
    await put(store, "a", "kill");
    await store.meta.sync();
    expect(await after("power-cut")).toEqual(["a"]);
    await store.close();
  });

  it("brings what nobody syncs to lmdb by itself", async () => {
    const store = await openDiskStore({ directory: directory() });
    await put(store, "a", "kill");
    const until = performance.now() + 30_000;
    while ((await after("power-cut")).length === 0) expect(performance.now()).toBeLessThan(until);
    await store.close();
  });

  it("keeps no more than so many changes for lmdb", async () => {
    const store = await openDiskStore({ directory: directory() });
    const made = Array.from({ length: 2_000 }, (_, index) => `key-${String(index).padStart(4, "0")}`);
    for (const key of made) await put(store, key, "kill");
    expect((await after("power-cut")).length).toBeGreaterThan(1_500);
    expect(statSync(join(directory(), "changes")).size).toBeLessThan(15_000);
    expect(await after("kill")).toEqual(made);
    await store.close();
  });

  it("shows what is whole while a commit has come to lmdb and nobody has been told", async () => {
    let tell = () => {};
    const told = new Promise<void>((resolve) => (tell = resolve));
    let onCommitted = () => {};
    const committed = new Promise<void>((resolve) => (onCommitted = resolve));
    const { meta, close } = metaOver(scratch, async (commit) => {
      const result = await commit();
      onCommitted();
      await told;
      return result;
    });
    const all = { from: Buffer.from(" "), to: Buffer.from("~") };
    const found = () => [...meta.range(all)].map(({ key }) => Buffer.from(key).toString());
    await meta.transact((tx) => tx.put(Buffer.from("old-name"), Buffer.from("x")), "kill");
    const renamed = meta.transact((tx) => {
      tx.delete(Buffer.from("old-name"));
      tx.put(Buffer.from("new-name"), Buffer.from("x"));
    });
    expect(found()).toEqual(["old-name"]);
    await committed;
    expect(found()).toEqual(["new-name"]);
    expect(meta.get(Buffer.from("old-name"))).toBeUndefined();
    expect(meta.version()).toBeUndefined();
    tell();
    await renamed;
    expect(found()).toEqual(["new-name"]);
    await close();
  });

  it("has no version after a commit that failed and may be made all the same, until one is told", async () => {
    let fails = true;
    const { meta, close } = metaOver(scratch, async (commit) => {
      const result = await commit();
      if (fails) throw new Error("the disk says no");
      return result;
    });
    const put = (survives: "kill" | "power-cut") =>
      meta.transact((tx) => tx.put(Buffer.from("key"), Buffer.from("x")), survives);
    await expect(put("power-cut")).rejects.toMatchObject({ code: "STORE_IO" });
    expect(meta.version()).toBeUndefined();
    await put("kill");
    expect(meta.version()).toBeUndefined();
    fails = false;
    await put("power-cut");
    expect(meta.version()).toBeDefined();
    await close();
  });

  it("does nothing a second time that lmdb has already", async () => {
    const store = await openDiskStore({ directory: directory() });
    await put(store, "a", "kill");
    await put(store, "b", "power-cut");
    await store.meta.transact((tx) => tx.delete(Buffer.from("a")));
    // The log still has "a", from before.
    expect(statSync(join(directory(), "changes")).size).toBeGreaterThan(0);
    expect(await after("kill")).toEqual(["b"]);
    await store.close();
  });

  it("keeps it over a close, and over further starts", async () => {
    let store = await openDiskStore({ directory: directory() });
    await put(store, "a", "kill");
    await store.close();
    store = await openDiskStore({ directory: directory() });
    expect(keys(store)).toEqual(["a"]);
    await put(store, "b", "kill");
    await store.close();
    expect(await after("power-cut")).toEqual(["a", "b"]);
  });
});

/** Records in lmdb of which each commit goes through `around`. */
function metaOver(directory: string, around: (commit: () => Promise<unknown>) => Promise<unknown>) {
  const root = openLmdb({
    path: join(directory, "meta"),
    noSubdir: true,
    maxDbs: 2,
    eventTurnBatching: false,
  });
  const state = root.openDB<number | boolean, string>({ name: "store", encoding: "json" });
  const records = root.openDB<Uint8Array, Uint8Array>({
    name: "records",
    encoding: "binary",
    keyEncoding: "binary",
  });
  const watched = new Proxy(records, {
    get: (target, name) =>
      name === "transaction"
        ? (work: () => unknown) => around(async () => target.transaction(work))
        : (Reflect.get(target, name) as { bind?: (to: object) => unknown }).bind?.(target),
  });
  const log = ChangeLog.create(directory);
  const reserve = new Reserve(directory);
  reserve.balance();
  const meta = new DiskMeta({ records: watched, state, log, reserve, share: () => 0 });
  return {
    meta,
    close: async () => {
      log.close();
      await root.close();
    },
  };
}
