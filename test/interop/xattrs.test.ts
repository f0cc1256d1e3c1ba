import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import type { BrickClient } from "@brickshift/brick-client";
import { bytesValue, type Dict, type Gfid, ROOT_GFID } from "@brickshift/wire";
import { afterEach, beforeEach, expect, it } from "vitest";
import { connectClient } from "./support/brick-clients.js";
import { succeed } from "./support/command.js";
import { clientVolfile, connectedToAll, mountVolfile, uncached } from "./support/fuse-mount.js";
import { onBothKinds } from "./support/live-brick.js";
import { Scratch } from "./support/scratch.js";

let scratch: Scratch;
beforeEach(() => {
  scratch = new Scratch();
});
afterEach(() => scratch.end());

/** By which a brick keeps its own records, and when something happened. */
const own = /^trusted\.(gfid|gfid2path\..*|glusterfs\.mdata|glusterfs\.volume-id)$/;
const everyByte = Uint8Array.from({ length: 256 }, (_, byte) => byte);

/** What others than the posix layer keep at an object, as hex. */
async function xattrsOf({ fops }: BrickClient, gfid: Gfid): Promise<Record<string, string>> {
  const { dict } = await fops.getxattr({ gfid, name: "" });
  const pairs = [...(dict as Dict)].filter(([name]) => !own.test(name));
  const bytes = pairs.map(
    ([name, { value }]) => [name, Buffer.from(value as Uint8Array).toString("hex")] as const,
  );
  return Object.fromEntries(bytes.toSorted(([one], [other]) => (one < other ? -1 : 1)));
}

/** Of each name in a directory what the brick keeps there: type and permissions, and the xattrs. */
async function treeOf(client: BrickClient, gfid: Gfid, path = ""): Promise<Record<string, unknown>> {
  const { fd } = await client.fops.opendir({ gfid });
  const { entries } = await client.fops.readdirp({ gfid, fd, offset: 0n, size: 1_048_576 });
  await client.fops.releasedir({ gfid, fd });
  const found: Record<string, unknown> = { [`${path}/`]: await xattrsOf(client, gfid) };
  for (const { name, stat } of entries.toSorted((one, other) => (one.name < other.name ? -1 : 1))) {
    if (name === "." || name === "..") continue;
    const isDirectory = (stat.mode & 0o170000) === 0o040000;
    if (isDirectory) Object.assign(found, await treeOf(client, stat.gfid, `${path}/${name}`));
    else found[`${path}/${name}`] = { mode: stat.mode, ...(await xattrsOf(client, stat.gfid)) };
  }
  return found;
}

it("keeps on each brick what the clients of a volume set: layouts, linkto, ACLs and whatever else", async () => {
  const { ours, stock } = await onBothKinds(async (start) => {
    const bricks = [await start(scratch, "b0"), await start(scratch, "b1")];
    const mount = await mountVolfile(scratch, clientVolfile(bricks), `${bricks[0]?.kind}-mnt`, [
      ...uncached,
      "--acl",
    ]);
    await connectedToAll(mount, bricks);
    const at = (name: string) => `${mount.path}/${name}`;
    for (const name of ["a", "a/b", "a/b/c", "d"]) mkdirSync(at(name));
    for (let index = 0; index < 8; index += 1) writeFileSync(at(`a/f${index}`), "content");
    // A new name that belongs to the other brick leaves a link file there.
    for (let index = 0; index < 8; index += 1) renameSync(at(`a/f${index}`), at(`a/renamed${index}`));
    const hex = Buffer.from(everyByte).toString("hex");
    for (const target of ["a", "a/renamed0", "a/renamed1"]) {
      await succeed("setfattr", ["-n", "user.every", "-v", `0x${hex}`, at(target)]);
      await succeed("setfattr", ["-n", "user.empty", at(target)]);
      await succeed("setfattr", ["-n", "trusted.mine", "-v", "0x00ff00", at(target)]);
      await succeed("setfattr", ["-n", "security.mine", "-v", "text", at(target)]);
      await succeed("setfacl", ["-m", "u:1001:r,g:2001:rw", at(target)]);
      await succeed("setfattr", ["-n", "user.gone", "-v", "x", at(target)]);
      await succeed("setfattr", ["-x", "user.gone", at(target)]);
    }
    await succeed("setfacl", ["-d", "-m", "u:1001:rx", at("d")]);
    mkdirSync(at("d/inherits"));
    const clients = [];
    for (const brick of bricks) clients.push(await connectClient(scratch, brick));
    // What no client of a distributed volume sets, and others do.
    const odd = new Map([
      ["trusted.afr.v-client-0", bytesValue(Uint8Array.of(0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 255))],
      ["trusted.ec.version", bytesValue(everyByte.subarray(0, 16))],
      [
        "trusted.glusterfs.dht",
        bytesValue(Uint8Array.of(0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 1, 2, 3, 4, 5, 6, 7, 8)),
      ],
      ["trusted.glusterfs.dht.commithash", bytesValue(new TextEncoder().encode("3919274566\0"))],
      [`trusted.${"n".repeat(247)}`, bytesValue(new Uint8Array(2_000).fill(0x80))],
    ]);
    const trees = [];
    for (const client of clients) {
      const before = await treeOf(client, ROOT_GFID);
      await client.fops.setxattr({ gfid: ROOT_GFID, flags: 0, dict: odd });
      trees.push({ before, root: await xattrsOf(client, ROOT_GFID) });
    }
    return trees;
  });
  expect(ours).toEqual(stock);
  // Nothing is worth comparing that is not there.
  const text = JSON.stringify(stock);
  for (const name of [
    "trusted.glusterfs.dht",
    "dht.linkto",
    "posix_acl_access",
    "posix_acl_default",
    "security.mine",
  ]) {
    expect(text).toContain(name);
  }
});
