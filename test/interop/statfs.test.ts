import { type StatsFs, statfsSync } from "node:fs";
import { statfs, unlink, writeFile } from "node:fs/promises";
import { isDeepStrictEqual } from "node:util";
import { SmallDisk } from "@brickshift/testkit";
import { afterEach, beforeEach, expect, it } from "vitest";
import { until } from "./support/command.js";
import { clientVolfile, type FuseMount, mountVolfile, mountVolume, uncached } from "./support/fuse-mount.js";
import { startEmulator } from "./support/emulator.js";
import { outcomeOf } from "./support/outcome.js";
import { Scratch } from "./support/scratch.js";
import { ServedVolumes } from "./support/served-volume.js";
import { startStockBrick } from "./support/stock-brick.js";

const MIB = 1_048_576;

let scratch: Scratch;
beforeEach(() => {
  scratch = new Scratch();
});
afterEach(() => scratch.end());

function mountDisk(name: string, sizeBytes: number): string {
  const disk = SmallDisk.mount(scratch.path(name), sizeBytes);
  scratch.onEnd(() => disk.unmount());
  return disk.directory;
}

const sum = (rooms: readonly StatsFs[]) =>
  Object.fromEntries(
    (["blocks", "bfree", "bavail", "files", "ffree"] as const).map((member) => [
      member,
      rooms.reduce((total, room) => total + room[member], 0),
    ]),
  );

/** What statfs(2) of a mount says is what it says of the disks, once the bricks have ended what they do for themselves. */
function showsRoomOf(mount: FuseMount, disks: readonly string[]): Promise<void> {
  return until(`the room of ${disks.length} disks`, async () => {
    const expected = sum(disks.map((disk) => statfsSync(disk)));
    return isDeepStrictEqual(sum([await statfs(mount.path)]), expected);
  });
}

it("shows the room of the disks of its bricks: when it is empty, after writes, full, and after removals", async () => {
  const disks = [mountDisk("d0", 48 * MIB), mountDisk("d1", 32 * MIB)];
  const bricks = disks.flatMap((disk, index) => ["--brick", `b${index}=${disk}/brick`]);
  const { port } = await startEmulator(scratch, [], bricks);
  const volfile = clientVolfile(["b0", "b1"].map((name) => ({ name, port })));
  const mount = await mountVolfile(scratch, volfile, "mnt", uncached);
  expect((await statfs(mount.path)).bsize).toBe(statfsSync(disks[0] as string).bsize);
  await showsRoomOf(mount, disks);
  const before = (await statfs(mount.path)).bavail;
  const write = (name: string) => outcomeOf(writeFile(`${mount.path}/${name}`, Buffer.alloc(MIB, 1)));
  for (let index = 0; index < 8; index += 1) expect(await write(`f${index}`)).toBe(undefined);
  await showsRoomOf(mount, disks);
  // What was written has gone from the room, with what the bricks note of it.
  const taken = (before - (await statfs(mount.path)).bavail) * 4_096;
  expect(taken).toBeGreaterThanOrEqual(8 * MIB);
  expect(taken).toBeLessThan(9 * MIB);
  let count = 0;
  while ((await write(`more${count}`)) !== "ENOSPC") count += 1;
  await showsRoomOf(mount, disks);
  // A full disk takes removals; of the last file perhaps nothing was made.
  for (let index = 0; index < count; index += 1) {
    expect(await outcomeOf(unlink(`${mount.path}/more${index}`))).toBe(undefined);
  }
  await outcomeOf(unlink(`${mount.path}/more${count}`));
  // What is removed goes when the kernel has let go of it, which may be after the answer.
  const hasRoom = async () => (await statfs(mount.path)).bavail * 4_096 > before * 4_096 - 9 * MIB;
  await until("the room of what was removed", hasRoom);
  await showsRoomOf(mount, disks);
});

it("shows a disk once that several bricks of a volume are on, as a stock volume does", async () => {
  const disk = mountDisk("disk", 64 * MIB);
  const paths = ["b0", "b1", "b2"].map((name) => `${disk}/${name}`);
  const served = await ServedVolumes.start(scratch, [
    ...["--volume", "demo", ...paths.flatMap((path) => ["--brick", path]), "--listen", "127.0.0.1:0"],
  ]);
  const mount = await mountVolume(scratch, { host: "127.0.0.1", port: served.port, volume: "demo" });
  const { blocks, files } = await statfs(mount.path);

  // What glusterd writes into the volfile of each such brick; it keeps a share of the disk for itself by default.
  const storageOptions = ["option shared-brick-count 3", "option reserve 0"];
  const stock = await Promise.all(
    ["s0", "s1", "s2"].map((name) =>
      startStockBrick(scratch, { name, directory: `${disk}/${name}`, storageOptions }),
    ),
  );
  const other = await mountVolfile(scratch, clientVolfile(stock), "stock");
  const { blocks: stockBlocks, files: stockFiles } = await statfs(other.path);
  expect([blocks, files]).toEqual([stockBlocks, stockFiles]);
  const whole = statfsSync(disk);
  // Each of the three rounds its share down.
  expect(whole.blocks - blocks).toBeLessThan(3);
  expect(blocks).toBeLessThanOrEqual(whole.blocks);
});
