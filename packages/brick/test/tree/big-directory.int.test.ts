import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT_GFID } from "@brickshift/wire";
import { expect, it } from "vitest";
import { openDiskStore } from "../../src/store-disk.js";
import { TreeFixture } from "./tree-fixture.js";

it("lists a directory of a hundred thousand entries, each once", { timeout: 120_000 }, async () => {
  const directory = mkdtempSync(join(tmpdir(), "brickshift-directory-"));
  const fixture = await new TreeFixture(() => openDiskStore({ directory })).start({ linksMax: 200_000 });
  const target = await fixture.file("file");
  for (let base = 0; base < 100_000; base += 2_000) {
    const names = Array.from({ length: 2_000 }, (_, index) => `n${base + index}`);
    await Promise.all(names.map((name) => fixture.tree.link(target, ROOT_GFID, name)));
  }
  const seen = new Set<string>();
  for (let cookie = 0n, atEnd = false; !atEnd;) {
    const page = fixture.tree.readdir(ROOT_GFID, cookie, 5_000);
    for (const { name } of page.entries) seen.add(name);
    cookie = page.entries.at(-1)?.cookie ?? cookie;
    atEnd = page.atEnd;
  }
  expect(seen.size).toBe(100_003);
  expect(fixture.tree.stat(target).nlink).toBe(100_001);
  await fixture.stop();
  rmSync(directory, { recursive: true });
});
