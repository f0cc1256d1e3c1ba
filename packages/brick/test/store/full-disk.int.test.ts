import { execFileSync } from "node:child_process";
import {
  closeSync,
  mkdtempSync,
  openSync,
  rmSync,
  statfsSync,
  statSync,
  truncateSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { BrickStore } from "../../src/index.js";
import { openDiskStore } from "../../src/store-disk.js";

let disk: string;
beforeEach(() => {
  disk = mkdtempSync(join(tmpdir(), "brickshift-full-"));
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=16m", "tmpfs", disk], { stdio: "pipe" });
  } catch (cause) {
    const message =
      "this test mounts a file system of 16 MiB: run it as root, with CAP_SYS_ADMIN in a container";
    throw new Error(message, { cause });
  }
});
afterEach(() => {
  execFileSync("umount", ["-l", disk]);
  rmSync(disk, { recursive: true });
});

const open = () => openDiskStore({ directory: join(disk, "store") });

const free = () => statfsSync(disk).bavail;

function fill(): void {
  const fd = openSync(join(disk, "ballast"), "w");
  try {
    for (;;) writeSync(fd, Buffer.alloc(4_096));
  } catch {
    closeSync(fd);
  }
  expect(free()).toBe(0);
}

const empty = () => rmSync(join(disk, "ballast"));

/** How changes of single keys end, made at one time: "kept", or the code of the refusal. */
async function outcomes(changes: readonly Promise<unknown>[]): Promise<readonly string[]> {
  const ends = changes.map((change) =>
    change.then(
      () => "kept",
      (error: unknown) => (error as { code: string }).code,
    ),
  );
  return [...new Set(await Promise.all(ends))];
}

const put = (store: BrickStore, key: string, length = 600) =>
  store.meta.transact((tx) => tx.put(Buffer.from(key), Buffer.alloc(length, 7)));

const remove = (store: BrickStore, key: string) => store.meta.transact((tx) => tx.delete(Buffer.from(key)));

function keys(store: BrickStore): readonly string[] {
  const all = store.meta.range({ from: Buffer.from(" "), to: Buffer.from("~") });
  return [...all].map(({ key }) => Buffer.from(key).toString());
}

// A promise of lmdb that nobody takes fails the test run: it would end the process of a brick.
it("refuses records that a full disk has no room for, and takes them when there is room", async () => {
  const store = await open();
  expect(await outcomes([put(store, "before")])).toEqual(["kept"]);
  fill();
  for (let round = 0; round < 4; round += 1) {
    expect(await outcomes(["a", "b", "c"].map((key) => put(store, key)))).toEqual(["STORE_NO_SPACE"]);
  }
  empty();
  expect(await outcomes(["d", "e"].map((key) => put(store, key)))).toEqual(["kept"]);
  await store.check();
  expect(keys(store)).toEqual(["before", "d", "e"]);
  await store.close();
});

it.each([1, 30])(
  "lets every record be changed and removed on a full disk, %i at one time",
  async (together) => {
    const store = await open();
    const names = Array.from({ length: 1_200 }, (_, index) => `key-${index}`);
    await Promise.all(names.map((name) => put(store, name)));
    fill();
    for (let at = 0; at < names.length; at += together) {
      const some = names.slice(at, at + together);
      expect(await outcomes(some.map((name) => put(store, name)))).toEqual(["kept"]);
      expect(await outcomes(some.map((name) => remove(store, name)))).toEqual(["kept"]);
    }
    expect(keys(store)).toEqual([]);
    await store.check();
    await store.close();
  },
);

it("gives its reserve to what says that it makes room, and has it back when there is room", async () => {
  const store = await open();
  const reserve = () => statSync(join(disk, "store", "reserve")).size;
  const whole = reserve();
  expect(whole).toBe(1_048_576);
  fill();
  const urgent = store.meta.transact((tx) => {
    tx.useReserve();
    tx.put(Buffer.from("urgent"), Buffer.alloc(100_000, 7));
  });
  expect(await outcomes([urgent])).toEqual(["kept"]);
  expect(reserve()).toBeLessThan(whole);
  // What was given back is nobody's who makes the records larger.
  expect(await outcomes([put(store, "more")])).toEqual(["STORE_NO_SPACE"]);
  empty();
  expect(await outcomes([put(store, "more")])).toEqual(["kept"]);
  expect(reserve()).toBe(whole);
  expect(keys(store)).toEqual(["more", "urgent"]);
  await store.close();
});

it("closes and opens on a full disk", async () => {
  const store = await open();
  await put(store, "kept");
  fill();
  await store.close();
  // Whoever filled the disk takes the room of the lock as well.
  rmSync(join(disk, "ballast"));
  fill();
  const again = await open();
  expect(again.wasClosed).toBe(true);
  expect(keys(again)).toEqual(["kept"]);
  await remove(again, "kept");
  await again.close();
});

it("closes though the reserve is gone too, and is then a store that was not closed in order", async () => {
  const store = await open();
  await put(store, "kept");
  truncateSync(join(disk, "store", "reserve"), 0);
  fill();
  await expect(store.close()).rejects.toMatchObject({ code: "STORE_NO_SPACE" });
  empty();
  const again = await open();
  expect(again.wasClosed).toBe(false);
  expect(keys(again)).toEqual(["kept"]);
  await again.close();
});
