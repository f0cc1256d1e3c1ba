import { cpSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { DiskMeta } from "../../src/store/disk/disk-meta.js";
import { RecordLog } from "../../src/store/disk/record-log.js";
import { Records } from "../../src/store/disk/records.js";
import { openDiskStore } from "../../src/store-disk.js";
import type { BrickStore } from "../../src/store/store.js";

let scratch: string;
let directory: string;
let store: BrickStore;
beforeEach(async () => {
  scratch = mkdtempSync(join(tmpdir(), "brickshift-log-"));
  directory = join(scratch, "store");
  store = await openDiskStore({ directory, logFileBytes: 4_096 });
});
afterEach(async () => {
  await store.close().catch(() => {});
  rmSync(scratch, { recursive: true, force: true });
});

const put = (key: string, value: string, at = store) =>
  at.meta.transact((tx) => tx.put(Buffer.from(key), Buffer.from(value)));
const read = (key: string, at = store) => Buffer.from(at.meta.get(Buffer.from(key)) ?? []).toString();

/** The store as a kill at this moment would leave it. */
function killed(name: string): string {
  const copy = join(scratch, name);
  cpSync(directory, copy, { recursive: true });
  rmSync(join(copy, "lock"));
  return copy;
}

it("keeps what was answered and not yet applied over a kill, deletions included", async () => {
  await put("a", "1");
  await put("b", "2");
  await store.meta.transact((tx) => tx.delete(Buffer.from("a")));
  const again = await openDiskStore({ directory: killed("copy") });
  expect(again.wasClosed).toBe(false);
  expect([read("a", again), read("b", again)]).toEqual(["", "2"]);
  await again.close();
});

it("keeps everything over a kill when the log was used again and again", async () => {
  for (let round = 0; round < 400; round += 1) {
    await Promise.all([put(`k${round % 37}`, `${round}`.repeat(20)), put(`last`, `${round}`)]);
    if (round % 100 !== 99) continue;
    // The records are as they are copied: a check has its turn after what is being applied.
    await store.check();
    const again = await openDiskStore({ directory: killed(`copy${round}`), logFileBytes: 4_096 });
    expect(read("last", again)).toBe(`${round}`);
    for (let key = 0; key < 37; key += 1) {
      const latest = round - ((round - key) % 37);
      expect(read(`k${key}`, again)).toBe(`${latest}`.repeat(20));
    }
    await put("last", "of the copy", again);
    expect(read("last", again)).toBe("of the copy");
    await again.close();
  }
});

it("shows one range of what is applied and what is not, both ways", async () => {
  await put("b", "old");
  await put("d", "old");
  await store.close();
  store = await openDiskStore({ directory });
  await put("a", "new");
  await put("c", "new");
  await put("d", "newer");
  await store.meta.transact((tx) => tx.delete(Buffer.from("b")));
  const range = { from: Buffer.from("a"), to: Buffer.from("e") };
  const all = (more: object) =>
    [...store.meta.range({ ...range, ...more })].map(
      ({ key, value }) => `${Buffer.from(key).toString()}=${Buffer.from(value).toString()}`,
    );
  expect(all({})).toEqual(["a=new", "c=new", "d=newer"]);
  expect(all({ reverse: true, limit: 2 })).toEqual(["d=newer", "c=new"]);
  expect(all({ limit: 1 })).toEqual(["a=new"]);
});

it("ends before a transaction that a power cut tore, and goes on from there", async () => {
  for (let index = 0; index < 10; index += 1) await put(`k${index}`, "kept");
  const copy = killed("copy");
  // Each takes 26 bytes.
  truncateSync(join(copy, "log-0"), 26 * 3 + 10);
  const again = await openDiskStore({ directory: copy });
  const found = Array.from({ length: 10 }, (_, index) => read(`k${index}`, again));
  expect(found.filter((value) => value === "kept").length).toBe(3);
  expect(found.slice(0, 3)).toEqual(["kept", "kept", "kept"]);
  await put("k3", "later", again);
  await again.close();
  const third = await openDiskStore({ directory: copy });
  expect([read("k2", third), read("k3", third), read("k4", third)]).toEqual(["kept", "later", ""]);
  await third.close();
});

describe("a store that was not closed", () => {
  it("is refused when its log is gone", async () => {
    await put("a", "1");
    const copy = killed("copy");
    rmSync(join(copy, "log-1"));
    await expect(openDiskStore({ directory: copy })).rejects.toMatchObject({
      code: "STORE_DAMAGED",
      message: expect.stringContaining("its log is gone"),
    });
  });

  it("is refused when its records are older than its log", async () => {
    const before = killed("before");
    for (let index = 0; index < 400; index += 1) await put(`k${index}`, "x".repeat(100));
    await store.check();
    const after = killed("after");
    cpSync(join(before, "meta"), join(after, "meta"));
    await expect(openDiskStore({ directory: after })).rejects.toMatchObject({
      code: "STORE_DAMAGED",
      message: expect.stringContaining("older than its log"),
    });
  });
});

it("does not need the log of a store that was closed", async () => {
  await put("a", "1");
  await store.close();
  rmSync(join(directory, "log-0"));
  writeFileSync(join(directory, "log-1"), "anything");
  store = await openDiskStore({ directory });
  expect(read("a")).toBe("1");
});

describe("records and a log whose calls a test holds up or fails", () => {
  const key = (text: string) => Buffer.from(text);
  /** The next calls of the log by name fail with these. */
  let failures: Partial<Record<"append" | "sync", Error[]>>;
  /** The records are written to when this resolves. */
  let applies: Promise<unknown>;
  let letGo: () => void;
  let own: string;
  let meta: DiskMeta;
  let close: () => Promise<void>;

  beforeEach(() => {
    failures = {};
    applies = Promise.resolve();
    own = join(scratch, "own");
    cpSync(directory, own, { recursive: true });
    rmSync(join(own, "lock"));
    const records = Records.open(own);
    const log = RecordLog.open(own, { applied: records.applied, fileBytes: 4_096, isMade: true });
    const real = {
      append: log.append.bind(log),
      sync: log.sync.bind(log),
      apply: records.apply.bind(records),
    };
    const failNext = (name: "append" | "sync") => {
      const failure = failures[name]?.shift();
      if (failure !== undefined) throw failure;
    };
    log.append = (changes) => {
      failNext("append");
      return real.append(changes);
    };
    log.sync = async () => {
      failNext("sync");
      await real.sync();
    };
    records.apply = async (changes, number) => {
      await applies;
      await real.apply(changes, number);
    };
    meta = new DiskMeta(records, log);
    close = async () => {
      await meta.close();
      await records.close();
      log.close();
    };
  });
  const holdApplies = () => {
    applies = new Promise<void>((resolve) => (letGo = resolve));
  };
  const set = (text: string, value: string) => meta.transact((tx) => tx.put(key(text), key(value)));
  const found = (...texts: string[]) =>
    texts.map((text) => Buffer.from(meta.get(key(text)) ?? []).toString());
  /** What the records have, when nobody uses them. */
  async function inRecords(text: string) {
    const records = Records.open(own);
    const value = Buffer.from(records.reader.get(key(text)) ?? []).toString();
    await records.close();
    return value;
  }

  it("keeps nothing of transactions that the log does not take, and all before", async () => {
    await set("a", "1");
    await set("b", "1");
    failures.append = [Object.assign(new Error("no room"), { code: "ENOSPC" })];
    const results = await Promise.allSettled([
      set("a", "2"),
      meta.transact((tx) => tx.put(key("c"), tx.get(key("a")) ?? key("none"))),
      meta.transact((tx) => tx.delete(key("b"))),
    ]);
    for (const result of results) {
      expect(result).toMatchObject({ status: "rejected", reason: { code: "STORE_NO_SPACE" } });
    }
    expect(found("a", "b", "c")).toEqual(["1", "1", ""]);
    await set("c", "3");
    expect(found("c")).toEqual(["3"]);
    await close();
  });

  it("brings nothing to the records that the log did not take", async () => {
    await set("a", "1");
    failures.append = [Object.assign(new Error("no room"), { code: "ENOSPC" })];
    const [refused] = await Promise.allSettled([set("a", "2"), close()]);
    expect(refused).toMatchObject({ status: "rejected", reason: { code: "STORE_NO_SPACE" } });
    expect(await inRecords("a")).toBe("1");
  });

  it("rejects a sync that fails, and the next one brings all to the records", async () => {
    await set("a", "1");
    failures.sync = [Object.assign(new Error("bad block"), { code: "EIO" })];
    await expect(meta.sync()).rejects.toMatchObject({ code: "STORE_IO" });
    await meta.sync();
    const image = join(scratch, "image");
    cpSync(own, image, { recursive: true });
    await close();
    own = image;
    expect(await inRecords("a")).toBe("1");
  });

  it("deletes a key that goes while its coming is on the way to the records", async () => {
    holdApplies();
    await set("k", "x".repeat(5_000));
    await meta.transact((tx) => tx.delete(key("k")));
    letGo();
    await close();
    expect(await inRecords("k")).toBe("");
  });

  it("overwrites nothing in the log that the records do not have", async () => {
    holdApplies();
    for (let index = 0; index < 6; index += 1) await set(`k${index}`, `${index}`.repeat(3_000));
    const image = join(scratch, "image");
    cpSync(own, image, { recursive: true });
    const again = await openDiskStore({ directory: image });
    for (let index = 0; index < 6; index += 1)
      expect(read(`k${index}`, again)).toBe(`${index}`.repeat(3_000));
    await again.close();
    letGo();
    await close();
  });
});
