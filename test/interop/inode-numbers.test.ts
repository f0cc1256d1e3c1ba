import { lstatSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { afterEach, beforeEach, expect, it } from "vitest";
import { succeed } from "./support/command.js";
import {
  clientVolfile,
  connectedToAll,
  type FuseMount,
  mountVolfile,
  uncached,
} from "./support/fuse-mount.js";
import { onBothKinds } from "./support/live-brick.js";
import { Scratch } from "./support/scratch.js";

let scratch: Scratch;
beforeEach(() => {
  scratch = new Scratch();
});
afterEach(() => scratch.end());

const names = ["directory", "directory/file", "file", "symlink", "fifo", "second", "third"];
/** Inode numbers as a listing tells them, which is not by asking for the attributes. */
const LISTED =
  "import os, sys; print(*(f'{e.name} {e.inode()}' for e in os.scandir(sys.argv[1])), sep='\\n')";

function inodes({ path }: FuseMount): Record<string, bigint> {
  // Node reads them as numbers with a sign.
  const inoOf = (name: string) => BigInt.asUintN(64, lstatSync(`${path}/${name}`, { bigint: true }).ino);
  return Object.fromEntries(names.map((name) => [name, inoOf(name)]));
}

async function listed({ path }: FuseMount): Promise<Record<string, bigint>> {
  const lists = ["", "directory/"].map(async (directory) => {
    const lines = (await succeed("python3", ["-c", LISTED, `${path}/${directory}`])).trim().split("\n");
    return lines
      .map((line) => line.split(" "))
      .map(([name, ino]) => [`${directory}${name}`, BigInt(`${ino}`)]);
  });
  return Object.fromEntries((await Promise.all(lists)).flat());
}

/** The last eight bytes of the gfid, which is how a client tells it. */
async function fromGfids({ path }: FuseMount): Promise<Record<string, bigint>> {
  const numbers = names.map(async (name) => {
    const xattr = ["--only-values", "-h", "-n", "glusterfs.gfid.string"];
    const gfid = await succeed("getfattr", [...xattr, `${path}/${name}`]);
    return [name, BigInt(`0x${gfid.replaceAll("-", "").slice(16)}`)] as const;
  });
  return Object.fromEntries(await Promise.all(numbers));
}

it("are 64 bits of the gfid, in attributes and listings, and stay over a remount and a restart of the bricks", async () => {
  const { ours, stock } = await onBothKinds(async (start) => {
    const bricks = [await start(scratch, "b0"), await start(scratch, "b1")];
    const volfile = clientVolfile(bricks);
    const kind = bricks[0]?.kind;
    const mount = await mountVolfile(scratch, volfile, `${kind}-mnt`, uncached);
    await connectedToAll(mount, bricks);
    mkdirSync(`${mount.path}/directory`);
    for (const name of ["directory/file", "file", "second", "third"]) {
      writeFileSync(`${mount.path}/${name}`, name);
    }
    symlinkSync("file", `${mount.path}/symlink`);
    await succeed("mkfifo", [`${mount.path}/fifo`]);
    const first = inodes(mount);
    const gfids = await fromGfids(mount);
    const byListing = await listed(mount);
    for (const brick of bricks) await brick.stop();
    for (const brick of bricks) await brick.start();
    await connectedToAll(mount, bricks);
    const restarted = inodes(mount);
    const other = await mountVolfile(scratch, volfile, `${kind}-again`, uncached);
    await connectedToAll(other, bricks);
    const again = inodes(other);
    const all = [first, gfids, byListing, restarted, again];
    return {
      isOne: all.map((numbers) => names.every((name) => numbers[name] === gfids[name])),
      distinct: new Set(Object.values(first)).size,
      areLarge: Object.values(first).some((ino) => ino > 0xffff_ffffn),
      root: lstatSync(mount.path).ino,
    };
  });
  expect(ours).toEqual(stock);
  expect(ours).toEqual({
    isOne: [true, true, true, true, true],
    distinct: names.length,
    areLarge: true,
    root: 1,
  });
});
