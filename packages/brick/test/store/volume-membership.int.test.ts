import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { joinVolume, openDiskStore, readMembership } from "../../src/store-disk.js";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "brickshift-member-"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** Opened and closed stores, as the bricks of a volume in this order. */
async function places(volume: string, ...names: readonly string[]) {
  return Promise.all(
    names.map(async (name, index) => {
      const directory = join(root, name);
      await (await openDiskStore({ directory })).close();
      return { directory, subvolume: `${volume}-client-${index}` };
    }),
  );
}
const refused = (message: string) =>
  expect.objectContaining({ code: "STORE_OTHER_VOLUME", message: expect.stringContaining(message) });

it("makes stores the bricks of a volume, whose id stays the same", async () => {
  const bricks = await places("demo", "a", "b");
  const volumeId = joinVolume("demo", bricks);
  expect(volumeId).toMatch(/^[0-9a-f-]{36}$/);
  expect(joinVolume("demo", await places("demo", "a", "b"))).toBe(volumeId);
  expect(readMembership(join(root, "b"))).toEqual({ volume: "demo", volumeId, subvolume: "demo-client-1" });
  const more = await places("demo", "a", "b", "c");
  expect(joinVolume("demo", more)).toBe(volumeId);
  expect(readMembership(join(root, "c"))?.volumeId).toBe(volumeId);
  expect(joinVolume("other", await places("other", "z"))).not.toBe(volumeId);
});

it("refuses a store of another volume or at another place, and writes nothing then", async () => {
  const volumeId = joinVolume("demo", await places("demo", "a", "b"));
  const stranger = await places("other", "new", "a");
  expect(() => joinVolume("other", stranger)).toThrow(refused('is a brick of volume "demo", not of "other"'));
  expect(readMembership(join(root, "new"))).toBeUndefined();
  const swapped = await places("demo", "b", "a");
  expect(() => joinVolume("demo", swapped)).toThrow(refused("is demo-client-1 and cannot be demo-client-0"));
  const twin = join(root, "twin");
  mkdirSync(twin);
  const id = volumeId.replaceAll(/[0-9a-f]/g, "7");
  writeFileSync(
    join(twin, "brickshift-volume.json"),
    JSON.stringify({ version: 1, volume: "demo", volumeId: id, subvolume: "demo-client-1" }),
  );
  const mixed = [
    { directory: join(root, "a"), subvolume: "demo-client-0" },
    { directory: twin, subvolume: "demo-client-1" },
  ];
  expect(() => joinVolume("demo", mixed)).toThrow(refused("two volumes"));
});

it.each(["{", "{}", '{"volume":"demo","subvolume":"s","volumeId":"x"}'])(
  "refuses a membership that says %s",
  async (text) => {
    const bricks = await places("demo", "a");
    writeFileSync(join(root, "a", "brickshift-volume.json"), text);
    expect(() => joinVolume("demo", bricks)).toThrow(expect.objectContaining({ code: "STORE_DAMAGED" }));
  },
);

it("of a version that is not known is refused, with what to do", async () => {
  const bricks = await places("demo", "a");
  joinVolume("demo", bricks);
  const file = join(root, "a", "brickshift-volume.json");
  writeFileSync(file, JSON.stringify({ ...(JSON.parse(readFileSync(file, "utf8")) as object), version: 2 }));
  expect(() => joinVolume("demo", bricks)).toThrow(
    /STORE_VERSION_UNKNOWN.*of version 2, this release reads 1: start it with the release that wrote it/,
  );
});

it("is no reason to take a directory that is no store for one", async () => {
  const directory = join(root, "home");
  mkdirSync(directory);
  writeFileSync(join(directory, "letter"), "");
  await expect(openDiskStore({ directory })).rejects.toMatchObject({
    code: "STORE_DAMAGED",
    message: expect.stringContaining("no store of a brick: name an empty directory"),
  });
  expect(readdirSync(directory)).toEqual(["letter"]);
});
