import { ROOT_GFID } from "@brickshift/wire";
import { expect, it } from "vitest";
import { codeOf, newGfid, object, onBothStores, type TreeFixture } from "./tree-fixture.js";

onBothStores("data", (current: () => TreeFixture) => {
  it("writes and reads, and tells the end of the file", async () => {
    const fixture = current();
    const gfid = await fixture.file("f", "hello");
    const written = await fixture.tree.write(gfid, 5, Buffer.from(" world"));
    expect([written.offset, written.prestat.size, written.poststat.size]).toEqual([5, 5, 11]);
    const part = await fixture.tree.read(gfid, 6, new Uint8Array(3));
    expect([Buffer.from(part.bytes).toString(), part.atEnd]).toEqual(["wor", false]);
    const rest = await fixture.tree.read(gfid, 6, new Uint8Array(5));
    expect([Buffer.from(rest.bytes).toString(), rest.atEnd]).toEqual(["world", true]);
    const beyond = await fixture.tree.read(gfid, 100, new Uint8Array(5));
    expect([beyond.bytes.length, beyond.atEnd, beyond.stat.size]).toEqual([0, true, 11]);
  });

  it("appends where the file ends, whoever else does", async () => {
    const fixture = current();
    const gfid = await fixture.file("f", "0");
    const all = await Promise.all(
      ["a", "b", "c"].map((text) => fixture.tree.write(gfid, "append", Buffer.from(text))),
    );
    expect(all.map(({ offset }) => offset)).toEqual([1, 2, 3]);
    expect(await fixture.text(gfid)).toBe("0abc");
  });

  it("cuts, grows, punches and zeroes as asked", async () => {
    const { tree } = current();
    const gfid = await current().file("f", "abcdefgh");
    await tree.truncate(gfid, 6);
    await tree.allocate(gfid, 4, 4, true);
    expect(await current().text(gfid)).toBe("abcdef");
    await tree.allocate(gfid, 4, 4, false);
    await tree.allocate(gfid, 0, 2, false);
    expect(await current().text(gfid)).toBe("abcdef\0\0");
    await tree.discard(gfid, 1, 2);
    await tree.discard(gfid, 7, 100);
    expect(await current().text(gfid)).toBe("a\0\0def\0\0");
    const { poststat } = await tree.zerofill(gfid, 5, 5);
    expect(poststat.size).toBe(10);
    expect(await current().text(gfid)).toBe("a\0\0de\0\0\0\0\0");
  });

  it("finds data and holes, and says when there is no more", async () => {
    const { tree } = current();
    const gfid = await current().file("f", "data");
    expect(await tree.seek(gfid, 1, "data")).toBe(1);
    expect(await tree.seek(gfid, 0, "hole")).toBe(4);
    expect(await codeOf(() => tree.seek(gfid, 4, "data"))).toBe("TREE_NO_DATA_BEYOND");
  });

  it("refuses what has no data, and offsets that are none", async () => {
    const fixture = current();
    await fixture.restart({ fileBytesMax: 1000 });
    const { tree } = fixture;
    const gfid = await fixture.file("f");
    expect(await codeOf(() => tree.read(ROOT_GFID, 0, new Uint8Array(1)))).toBe("TREE_IS_DIRECTORY");
    expect(await codeOf(() => tree.write(newGfid(), 0, new Uint8Array(1)))).toBe("TREE_STALE");
    const link = await tree.symlink(ROOT_GFID, "l", "x", object());
    expect(await codeOf(() => tree.truncate(link.stat.gfid, 0))).toBe("TREE_INVALID");
    expect(await codeOf(() => tree.write(gfid, -1, new Uint8Array(1)))).toBe("TREE_INVALID");
    expect(await codeOf(() => tree.write(gfid, 1000, new Uint8Array(1)))).toBe("TREE_FILE_TOO_BIG");
    expect(await codeOf(() => tree.truncate(gfid, 1001))).toBe("TREE_FILE_TOO_BIG");
    await tree.write(gfid, 999, new Uint8Array(1));
    expect(await codeOf(() => tree.write(gfid, "append", new Uint8Array(1)))).toBe("TREE_FILE_TOO_BIG");
  });

  it("moves the times of a file with every write, and keeps them over a restart", async () => {
    const fixture = current();
    const gfid = await fixture.file("f", "data");
    fixture.nowNs += 1_000_000_001n;
    const { prestat, poststat } = await fixture.tree.write(gfid, 0, Buffer.from("x"));
    expect(poststat.mtime).toBe(prestat.mtime + 1);
    expect(poststat.mtimeNsec).toBe(prestat.mtimeNsec + 1);
    expect(poststat.ctimeNsec).toBe(poststat.mtimeNsec);
    expect(poststat.atime).toBe(prestat.atime);
    await fixture.restart();
    expect(fixture.tree.stat(gfid)).toEqual(poststat);
  });

  it("does not move times for a write of nothing to nowhere", async () => {
    const fixture = current();
    const gfid = await fixture.file("f", "data");
    await fixture.tree.write(gfid, 100, new Uint8Array(0));
    expect(fixture.tree.stat(gfid).size).toBe(4);
  });

  it("lets a time that was set win over earlier writes and lose to later ones", async () => {
    const fixture = current();
    const gfid = await fixture.file("f", "data");
    await fixture.tree.setattr(gfid, { mtimeNs: 42n });
    expect(fixture.tree.stat(gfid)).toMatchObject({ mtime: 0, mtimeNsec: 42 });
    await fixture.tree.link(gfid, ROOT_GFID, "g");
    await fixture.tree.fsync(gfid, false);
    expect(fixture.tree.stat(gfid)).toMatchObject({ mtime: 0, mtimeNsec: 42 });
    fixture.nowNs += 9n;
    await fixture.tree.write(gfid, 0, Buffer.from("x"));
    expect(fixture.tree.stat(gfid).mtimeNsec).toBe(123_456_798);
  });

  it("persists the times of the files not written for longest when too many wait", async () => {
    const fixture = current();
    await fixture.restart({ dirtyTimesMax: 4 });
    const gfids = await Promise.all(Array.from({ length: 20 }, (_, index) => fixture.file(`f${index}`, "x")));
    const stats = gfids.map((gfid) => fixture.tree.stat(gfid));
    await fixture.restart();
    expect(gfids.map((gfid) => fixture.tree.stat(gfid))).toEqual(stats);
  });

  it("syncs files, and has nothing to do for directories", async () => {
    const fixture = current();
    const gfid = await fixture.file("f", "data");
    for (const dataOnly of [true, false]) {
      const { prestat, poststat } = await fixture.tree.fsync(gfid, dataOnly);
      expect(poststat).toEqual(prestat);
      await fixture.tree.fsync(ROOT_GFID, dataOnly);
    }
  });

  it("tells the room of the brick in the units of STATFS", () => {
    const { bsize, blocks, bfree, bavail, namemax } = current().tree.statfs();
    expect(bsize).toBeGreaterThan(0n);
    expect(blocks).toBeGreaterThanOrEqual(bfree);
    expect(bfree).toBeGreaterThanOrEqual(bavail);
    expect(namemax).toBe(255n);
  });

  it("tells its share of the room when other bricks of the volume are on the same file system", async () => {
    const fixture = current();
    const whole = fixture.tree.statfs();
    await fixture.restart({ sharedBrickCount: 3 });
    const { blocks, files, bsize } = fixture.tree.statfs();
    expect([blocks, files, bsize]).toEqual([whole.blocks / 3n, whole.files / 3n, whole.bsize]);
  });
});
