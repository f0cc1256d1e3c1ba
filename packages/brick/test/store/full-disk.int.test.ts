import { execFileSync } from "node:child_process";
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { openDiskStore } from "../../src/store-disk.js";

let disk: string;
beforeEach(() => {
  disk = mkdtempSync(join(tmpdir(), "brickshift-full-"));
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=4m", "tmpfs", disk], { stdio: "pipe" });
  } catch (cause) {
    const message =
      "this test mounts a file system of 4 MiB: run it as root, with CAP_SYS_ADMIN in a container";
    throw new Error(message, { cause });
  }
});
afterEach(() => {
  execFileSync("umount", ["-l", disk]);
  rmSync(disk, { recursive: true });
});

function fill(): void {
  const fd = openSync(join(disk, "ballast"), "w");
  try {
    for (;;) writeSync(fd, Buffer.alloc(4_096));
  } catch {
    closeSync(fd);
  }
}

// A promise of lmdb that nobody takes fails the test run: it would end the process of a brick.
it("refuses records that a full disk has no room for, and takes them when there is room", async () => {
  const store = await openDiskStore({ directory: join(disk, "store") });
  const put = (key: string) =>
    store.meta
      .transact((tx) => tx.put(Buffer.from(key), Buffer.alloc(3_000, 7)))
      .then(
        () => "kept",
        (error: unknown) => (error as { code: string }).code,
      );
  const putMany = (...keys: string[]) => Promise.all(keys.map(put));
  expect(await put("before")).toBe("kept");
  fill();
  for (let round = 0; round < 4; round += 1) {
    expect(new Set(await putMany("a", "b", "c"))).toEqual(new Set(["STORE_NO_SPACE"]));
  }
  await expect(store.check()).rejects.toMatchObject({ code: "STORE_NO_SPACE" });
  rmSync(join(disk, "ballast"));
  expect(new Set(await putMany("d", "e"))).toEqual(new Set(["kept"]));
  await store.check();
  const all = store.meta.range({ from: Buffer.from("a"), to: Buffer.from("z") });
  expect([...all].map(({ key }) => Buffer.from(key).toString())).toEqual(["before", "d", "e"]);
  await store.close();
});
