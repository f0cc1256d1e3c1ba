import { spawn } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statfsSync,
  statSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { openDiskStore } from "../../src/store-disk.js";
import { randomGfid } from "../../src/host-driver.js";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "brickshift-disk-"));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

async function fill() {
  const store = await openDiskStore({ directory });
  const gfid = randomGfid();
  await store.data.create(gfid);
  await store.data.write(gfid, 0, Buffer.from("data"));
  await store.meta.transact((tx) => tx.put(Buffer.from("key"), Buffer.from("value")));
  await store.close();
  return gfid;
}
const formatFile = () => join(directory, "brickshift-store.json");

it("keeps a blob in a plain file named by its gfid", async () => {
  const gfid = await fill();
  expect(readFileSync(join(directory, "data", gfid.slice(0, 2), gfid), "utf8")).toBe("data");
});

it("tells what part of the medium its records take, and tells it anew after each commit", async () => {
  const store = await openDiskStore({ directory });
  const measured = () => {
    const { blocks, bsize } = statfsSync(directory);
    return statSync(join(directory, "meta")).size / (blocks * bsize);
  };
  await store.meta.transact((tx) => tx.put(Buffer.from("a"), Buffer.alloc(16_384)));
  const before = store.meta.share();
  expect(before).toBeCloseTo(measured(), 12);
  const grow = Array.from({ length: 256 }, (_, at) =>
    store.meta.transact((tx) => tx.put(Buffer.from(`b${at}`), Buffer.alloc(16_384))),
  );
  await Promise.all(grow);
  expect(store.meta.share()).toBeGreaterThan(before);
  expect(store.meta.share()).toBeCloseTo(measured(), 12);
  await store.close();
});

it("refuses a version it does not know, and says what to do", async () => {
  await fill();
  writeFileSync(formatFile(), readFileSync(formatFile(), "utf8").replace('"version": 3', '"version": 4'));
  await expect(openDiskStore({ directory })).rejects.toMatchObject({
    code: "STORE_VERSION_UNKNOWN",
    message: expect.stringContaining("the release that wrote it"),
  });
  expect(readdirSync(directory)).not.toContain("lock");
});

it.each([1, 2])(
  "takes a store of version %s, and leaves it to no release that would overlook what is new",
  async (version) => {
    const gfid = await fill();
    writeFileSync(
      formatFile(),
      readFileSync(formatFile(), "utf8").replace('"version": 3', `"version": ${version}`),
    );
    const store = await openDiskStore({ directory });
    expect(store.data.stat(gfid)?.size).toBe(4);
    expect(store.meta.get(Buffer.from("key"))).toBeDefined();
    expect(readFileSync(formatFile(), "utf8")).toContain('"version": 3');
    await store.close();
  },
);

const damages: Record<string, () => void> = {
  "a format file that does not parse": () => writeFileSync(formatFile(), "{"),
  "the format file of something else": () =>
    writeFileSync(formatFile(), JSON.stringify({ format: "x", version: 1, id: randomGfid() })),
  "blobs without a format file": () => unlinkSync(formatFile()),
  "records that are gone": () => unlinkSync(join(directory, "meta")),
  "records that are cut short": () => truncateSync(join(directory, "meta"), 16_384),
  "records that are none": () => writeFileSync(join(directory, "meta"), Buffer.alloc(65_536, 7)),
};
it.each(Object.keys(damages))("refuses a store with %s, and names fsck", async (what) => {
  await fill();
  damages[what]?.();
  await expect(openDiskStore({ directory })).rejects.toMatchObject({
    code: "STORE_DAMAGED",
    message: expect.stringContaining("fsck"),
  });
});

it("makes no store where other files are", async () => {
  writeFileSync(join(directory, "notes.txt"), "mine");
  await expect(openDiskStore({ directory })).rejects.toMatchObject({ code: "STORE_DAMAGED" });
  expect(readdirSync(directory)).toEqual(["notes.txt"]);
});

it("begins again where a kill interrupted the making", async () => {
  mkdirSync(join(directory, "data", "00"), { recursive: true });
  writeFileSync(`${formatFile()}.new`, "{");
  writeFileSync(join(directory, "meta"), "");
  const store = await openDiskStore({ directory });
  expect(store).toMatchObject({ bootCount: 1, wasClosed: true });
  await store.close();
});

it("is refused while another process has it, and taken over when that was killed", async () => {
  await fill();
  const owner = spawn(process.execPath, ["-e", lockScript()], { stdio: ["pipe", "pipe", "inherit"] });
  await new Promise((resolve) => owner.stdout.once("data", resolve));
  const refusal = { code: "STORE_LOCKED", message: expect.stringContaining(`process ${owner.pid}`) };
  await expect(openDiskStore({ directory })).rejects.toMatchObject(refusal);
  owner.kill("SIGKILL");
  await new Promise((resolve) => owner.once("exit", resolve));
  const store = await openDiskStore({ directory });
  expect(readdirSync(directory).filter((name) => name.startsWith("lock"))).toEqual(["lock"]);
  await store.close();
});

it("is not kept locked by a process that only has the pid of a dead owner", async () => {
  await fill();
  writeFileSync(join(directory, "lock"), JSON.stringify({ pid: process.pid, started: "another boot/1" }));
  await (await openDiskStore({ directory })).close();
  writeFileSync(join(directory, "lock"), "torn");
  await (await openDiskStore({ directory })).close();
});

it("lets one of many that start at one time have a stale store", async () => {
  await fill();
  writeFileSync(join(directory, "lock"), JSON.stringify({ pid: 999_999_999, started: "x" }));
  const results = await Promise.allSettled([1, 2, 3, 4].map(() => openDiskStore({ directory })));
  const opened = results.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
  expect(opened.length).toBe(1);
  await opened[0]?.close();
});

it("refuses one more file when all it may open are in use", async () => {
  const store = await openDiskStore({ directory, openFilesMax: 4, pooledBytesMin: 0 });
  const gfids = Array.from({ length: 5 }, randomGfid);
  for (const gfid of gfids) await store.data.create(gfid);
  const bytes = new Uint8Array(1_000_000);
  const results = await Promise.allSettled(gfids.map((gfid) => store.data.write(gfid, 0, bytes)));
  const refused = results.flatMap((result) => (result.status === "rejected" ? [result.reason] : []));
  expect(refused).toEqual([expect.objectContaining({ code: "STORE_FILES_MAX", errno: 23 })]);
  await store.close();
});

it("does not take other files for blobs", async () => {
  const gfid = await fill();
  writeFileSync(join(directory, "data", gfid.slice(0, 2), "README"), "");
  const store = await openDiskStore({ directory });
  const listed = [];
  for await (const blob of store.data.list()) listed.push(blob);
  expect(listed).toEqual([gfid]);
  await store.close();
});

it("refuses options that are none before it touches the disk", async () => {
  await expect(openDiskStore({ directory, openFilesMax: 0 })).rejects.toThrow(/openFilesMax/);
  expect(readdirSync(directory)).toEqual([]);
});

/** Takes the lock as the store does, and waits to be killed. */
function lockScript(): string {
  const path = JSON.stringify(join(directory, "lock"));
  return `
    const fs = require("node:fs");
    const stat = fs.readFileSync("/proc/self/stat", "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const boot = fs.readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    fs.writeFileSync(${path}, JSON.stringify({ pid: process.pid, started: boot + "/" + fields[19] }));
    process.stdout.write("locked");
    process.stdin.resume();`;
}
