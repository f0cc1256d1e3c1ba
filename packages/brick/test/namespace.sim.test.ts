import { seededRandom } from "@brickshift/testkit";
import { Errno, type Gfid, ROOT_GFID } from "@brickshift/wire";
import { expect, it } from "vitest";
import { creation, newGfid, startBrick, type TestClient } from "./test-brick.js";

/** A namespace as simple as can be: directories are maps, files count their names. */
class Model {
  readonly directories = new Map<Gfid, Map<string, Gfid>>([[ROOT_GFID, new Map()]]);
  readonly files = new Map<Gfid, { nlink: number }>();
  readonly parents = new Map<Gfid, Gfid>();

  entries(gfid: Gfid): Map<string, Gfid> {
    return this.directories.get(gfid) ?? new Map();
  }

  make(parent: Gfid, name: string, gfid: Gfid, isDirectory: boolean): number {
    if (this.entries(parent).has(name)) return Errno.EEXIST;
    this.entries(parent).set(name, gfid);
    if (isDirectory) {
      this.directories.set(gfid, new Map());
      this.parents.set(gfid, parent);
    } else this.files.set(gfid, { nlink: 1 });
    return 0;
  }

  link(gfid: Gfid, parent: Gfid, name: string): number {
    if (this.entries(parent).has(name)) return Errno.EEXIST;
    if (this.directories.has(gfid)) return Errno.EPERM;
    this.entries(parent).set(name, gfid);
    (this.files.get(gfid) as { nlink: number }).nlink += 1;
    return 0;
  }

  unlink(parent: Gfid, name: string): number {
    const gfid = this.entries(parent).get(name);
    if (gfid === undefined) return Errno.ENOENT;
    if (this.directories.has(gfid)) return Errno.EISDIR;
    this.entries(parent).delete(name);
    this.#drop(gfid);
    return 0;
  }

  rmdir(parent: Gfid, name: string): number {
    const gfid = this.entries(parent).get(name);
    if (gfid === undefined) return Errno.ENOENT;
    if (!this.directories.has(gfid)) return Errno.ENOTDIR;
    if (this.entries(gfid).size > 0) return Errno.ENOTEMPTY;
    this.entries(parent).delete(name);
    this.directories.delete(gfid);
    return 0;
  }

  rename(oldParent: Gfid, oldName: string, newParent: Gfid, newName: string): number {
    const gfid = this.entries(oldParent).get(oldName);
    if (gfid === undefined) return Errno.ENOENT;
    const replaced = this.entries(newParent).get(newName);
    if (replaced === gfid) return 0;
    const isDirectory = this.directories.has(gfid);
    if (isDirectory && this.#isWithin(newParent, gfid)) return Errno.EINVAL;
    if (replaced !== undefined) {
      if (isDirectory && !this.directories.has(replaced)) return Errno.ENOTDIR;
      if (this.#isWithin(oldParent, replaced)) return Errno.ENOTEMPTY;
      if (!isDirectory && this.directories.has(replaced)) return Errno.EISDIR;
      if (this.entries(replaced).size > 0) return Errno.ENOTEMPTY;
      if (isDirectory) this.directories.delete(replaced);
      else this.#drop(replaced);
    }
    this.entries(oldParent).delete(oldName);
    this.entries(newParent).set(newName, gfid);
    if (isDirectory) this.parents.set(gfid, newParent);
    return 0;
  }

  #drop(gfid: Gfid): void {
    const file = this.files.get(gfid) as { nlink: number };
    file.nlink -= 1;
    if (file.nlink === 0) this.files.delete(gfid);
  }

  #isWithin(gfid: Gfid, ancestor: Gfid): boolean {
    for (let at: Gfid | undefined = gfid; at !== undefined; at = this.parents.get(at)) {
      if (at === ancestor) return true;
    }
    return false;
  }
}

async function check(client: TestClient, model: Model): Promise<void> {
  for (const [gfid, entries] of model.directories) {
    const { fd } = await client.call("opendir", { gfid, xdata: null });
    const reply = await client.call("readdirp", { gfid, fd, offset: 0n, size: 1_000_000, xdata: null });
    await client.call("releasedir", { gfid, fd, xdata: null });
    const found = reply.entries
      .filter(({ name }) => name !== "." && name !== "..")
      .map(({ name, stat }) => `${name} ${stat.gfid}`);
    expect(found.toSorted()).toEqual([...entries].map(([name, child]) => `${name} ${child}`).toSorted());
    const subdirectories = [...entries.values()].filter((child) => model.directories.has(child)).length;
    const { stat } = await client.call("stat", { gfid, xdata: null });
    expect(stat.nlink).toBe(2 + subdirectories);
  }
  for (const [gfid, { nlink }] of model.files) {
    expect((await client.call("stat", { gfid, xdata: null })).stat.nlink).toBe(nlink);
  }
}

it.each([1, 2, 3])("names behave as in a simple model, seed %i", async (seed) => {
  const random = seededRandom(seed);
  const { client, brick } = await startBrick();
  const clients = [await client(), await client()];
  const model = new Model();
  const errnos = new Set<number>();
  const names = ["a", "b", "c", "d", "ä"];
  for (let turn = 0; turn < 600; turn += 1) {
    const one = random.pick(clients);
    const pargfid = random.pick([...model.directories.keys()]);
    const other = random.pick([...model.directories.keys()]);
    const [bname, newbname] = [random.pick(names), random.pick(names)];
    const gfid = newGfid();
    const xdata = creation(gfid);
    const make = { pargfid, mode: 0o755, umask: 0, bname, xdata };
    const gone = { pargfid, bname, xflags: 0, xdata: null };
    const steps = {
      mkdir: async () => [await one.call("mkdir", make), model.make(pargfid, bname, gfid, true)] as const,
      mknod: async () =>
        [await one.call("mknod", { ...make, dev: 0n }), model.make(pargfid, bname, gfid, false)] as const,
      symlink: async () =>
        [
          await one.call("symlink", { pargfid, bname, umask: 0, linkname: "x", xdata }),
          model.make(pargfid, bname, gfid, false),
        ] as const,
      create: async () => {
        const reply = await one.call("create", { ...make, flags: 0o302 });
        if (reply.opRet === 0) await one.call("release", { gfid, fd: reply.fd, xdata: null });
        return [reply, model.make(pargfid, bname, gfid, false)] as const;
      },
      link: async () => {
        const oldgfid = random.pick([...model.files.keys(), ...model.directories.keys()]);
        const request = { oldgfid, newgfid: pargfid, newbname: bname, xdata: null };
        return [await one.call("link", request), model.link(oldgfid, pargfid, bname)] as const;
      },
      unlink: async () => [await one.call("unlink", gone), model.unlink(pargfid, bname)] as const,
      rmdir: async () => [await one.call("rmdir", gone), model.rmdir(pargfid, bname)] as const,
      rename: async () => {
        const request = { oldgfid: pargfid, newgfid: other, oldbname: bname, newbname, xdata: null };
        return [await one.call("rename", request), model.rename(pargfid, bname, other, newbname)] as const;
      },
    };
    const step = random.pick(Object.keys(steps) as (keyof typeof steps)[]);
    const [reply, expected] = await steps[step]();
    const errno = reply.opRet < 0 ? reply.opErrno : 0;
    expect(`turn ${turn} ${step} ${errno}`).toBe(`turn ${turn} ${step} ${expected}`);
    errnos.add(errno);
    if (turn % 100 === 99) await check(one, model);
  }
  expect(brick.gate.inodes.size).toBe(0);
  expect(brick.turns.size).toBe(0);
  // The walk is worth nothing if it did not meet every refusal there is.
  for (const errno of [0, Errno.EEXIST, Errno.ENOENT, Errno.EISDIR, Errno.ENOTDIR, Errno.ENOTEMPTY]) {
    expect([...errnos]).toContain(errno);
  }
  expect([...errnos]).toContain(Errno.EINVAL);
  expect([...errnos]).toContain(Errno.EPERM);
});
