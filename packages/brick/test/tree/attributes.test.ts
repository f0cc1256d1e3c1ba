import { ROOT_GFID } from "@brickshift/wire";
import { expect, it } from "vitest";
import type { Xattrs } from "../../src/tree/tree.js";
import { codeOf, newGfid, object, onBothStores, type TreeFixture } from "./tree-fixture.js";

const xattrs = (entries: Record<string, string>): Xattrs =>
  new Map(Object.entries(entries).map(([name, value]) => [name, Buffer.from(value)]));

onBothStores("attributes", (current: () => TreeFixture) => {
  it("takes set-id bits where nothing is asked for, as chown(2) without owner and group does", async () => {
    const fixture = current();
    const [gfid, directory] = [await fixture.file("bits"), await fixture.directory("bits-too")];
    for (const object of [gfid, directory]) await fixture.tree.setattr(object, { mode: 0o6755 });
    expect((await fixture.tree.setattr(gfid, { mtimeNs: 5n })).poststat.mode).toBe(0o106755);
    expect((await fixture.tree.setattr(gfid, {})).poststat.mode).toBe(0o100755);
    expect((await fixture.tree.setattr(directory, {})).poststat.mode).toBe(0o046755);
  });

  it("changes what is given and leaves the rest", async () => {
    const fixture = current();
    const gfid = await fixture.file("f", "data");
    fixture.nowNs += 7n;
    const { prestat, poststat } = await fixture.tree.setattr(gfid, { mode: 0o106755, uid: 5 });
    expect(prestat).toMatchObject({ mode: 0o100644, uid: 10 });
    expect(poststat).toMatchObject({
      mode: 0o106755,
      uid: 5,
      gid: 20,
      size: 4,
      mtimeNsec: prestat.mtimeNsec,
    });
    expect(poststat.ctimeNsec).toBe(prestat.ctimeNsec + 7);
    expect(fixture.tree.stat(gfid)).toEqual(poststat);
  });

  it("keeps times that are set to the nanosecond, before 1970 too, also over a restart", async () => {
    const fixture = current();
    const gfid = await fixture.file("f", "data");
    const change = { atimeNs: -1n, mtimeNs: 1_234_567_890_987_654_321n };
    await fixture.tree.setattr(gfid, change);
    const expected = { atime: -1, atimeNsec: 999_999_999, mtime: 1_234_567_890, mtimeNsec: 987_654_321 };
    expect(fixture.tree.stat(gfid)).toMatchObject(expected);
    await fixture.restart();
    expect(fixture.tree.stat(gfid)).toMatchObject(expected);
  });

  it("sets times to now, and the change time where told", async () => {
    const fixture = current();
    fixture.nowNs = 5_000_000_009n;
    await fixture.tree.setattr(ROOT_GFID, { atimeNs: "now", mtimeNs: "now", ctimeNs: 3n });
    const expected = { atime: 5, atimeNsec: 9, mtime: 5, mtimeNsec: 9, ctime: 0, ctimeNsec: 3 };
    expect(fixture.tree.stat(ROOT_GFID)).toMatchObject(expected);
  });

  it("cuts a file by its size, and refuses the size of a directory", async () => {
    const fixture = current();
    const gfid = await fixture.file("f", "data");
    const { prestat, poststat } = await fixture.tree.setattr(gfid, { size: 2, mode: 0o600 });
    expect([prestat.size, poststat.size, poststat.mode]).toEqual([4, 2, 0o100600]);
    expect(await fixture.text(gfid)).toBe("da");
    expect(await codeOf(() => fixture.tree.setattr(ROOT_GFID, { size: 0 }))).toBe("TREE_IS_DIRECTORY");
    expect(await codeOf(() => fixture.tree.setattr(gfid, { size: 2 ** 50 }))).toBe("TREE_FILE_TOO_BIG");
    expect(await codeOf(() => fixture.tree.setattr(newGfid(), { mode: 0 }))).toBe("TREE_STALE");
  });

  it("sets, replaces, lists and removes xattrs", async () => {
    const fixture = current();
    const { tree } = fixture;
    const gfid = await fixture.file("f");
    await tree.setXattrs(gfid, xattrs({ "user.a": "1", "user.\u{dcff}": "" }));
    await tree.setXattrs(gfid, xattrs({ "user.a": "2" }), "replace");
    await fixture.restart();
    expect(
      [...fixture.tree.listXattrs(gfid)].map(([name, value]) => [name, Buffer.from(value).toString()]),
    ).toEqual([
      ["user.a", "2"],
      ["user.\u{dcff}", ""],
    ]);
    await fixture.tree.removeXattr(gfid, "user.a");
    expect(await codeOf(() => fixture.tree.getXattr(gfid, "user.a"))).toBe("TREE_NO_XATTR");
    expect(await codeOf(() => fixture.tree.removeXattr(gfid, "user.a"))).toBe("TREE_NO_XATTR");
  });

  it("sets all of several xattrs or none", async () => {
    const { tree } = current();
    const gfid = await current().file("f");
    await tree.setXattrs(gfid, xattrs({ "user.a": "1" }), "create");
    const both = xattrs({ "user.b": "2", "user.a": "2" });
    expect(await codeOf(() => tree.setXattrs(gfid, both, "create"))).toBe("TREE_XATTR_EXISTS");
    expect(await codeOf(() => tree.setXattrs(gfid, both, "replace"))).toBe("TREE_NO_XATTR");
    expect([...tree.listXattrs(gfid).keys()]).toEqual(["user.a"]);
  });

  it("keeps xattrs within their bounds", async () => {
    const fixture = current();
    await fixture.restart({ xattrBytesMax: 1000, xattrsBytesMax: 2500 });
    const { tree } = fixture;
    const gfid = await fixture.file("f");
    const set = (name: string, length: number) =>
      codeOf(() => tree.setXattrs(gfid, new Map([[name, new Uint8Array(length)]])));
    expect(await set("user.a", 1001)).toBe("TREE_XATTR_TOO_BIG");
    expect(await set("user.a", 1000)).toBe("no error");
    expect(await set("user.b", 1000)).toBe("no error");
    expect(await set("user.c", 1000)).toBe("TREE_XATTR_SPACE");
    expect(await set("u".repeat(256), 1)).toBe("TREE_XATTR_NAME_TOO_LONG");
    expect(await set("", 1)).toBe("TREE_INVALID");
    const big = { ...object(), xattrs: new Map([["user.x", new Uint8Array(1001)]]) };
    expect(await codeOf(() => tree.create(ROOT_GFID, "g", big))).toBe("TREE_XATTR_TOO_BIG");
    expect(fixture.store.data.stat(big.gfid)).toBeUndefined();
  });

  it("protects what says who an object is", async () => {
    const { tree } = current();
    const gfid = await current().file("f");
    for (const name of ["trusted.gfid", "trusted.glusterfs.volume-id"]) {
      expect(await codeOf(() => tree.setXattrs(gfid, xattrs({ [name]: "x" })))).toBe("TREE_NOT_PERMITTED");
      expect(await codeOf(() => tree.removeXattr(gfid, name))).toBe("TREE_NOT_PERMITTED");
    }
    expect(Buffer.from(tree.getXattr(gfid, "trusted.gfid")).toString("hex")).toBe(gfid.replaceAll("-", ""));
  });

  it("does not keep the caller's buffer", async () => {
    const { tree } = current();
    const gfid = await current().file("f");
    const value = Buffer.from("good");
    await tree.setXattrs(gfid, new Map([["user.a", value]]));
    value.write("evil");
    expect(Buffer.from(tree.getXattr(gfid, "user.a")).toString()).toBe("good");
  });

  it("combines values by xattrop, in both widths, with missing ones as zeros", async () => {
    const { tree } = current();
    const gfid = await current().file("f");
    const hex = (text: string): Xattrs => new Map([["trusted.afr.x", Buffer.from(text, "hex")]]);
    const value = (found: Xattrs) => Buffer.from(found.get("trusted.afr.x") ?? []).toString("hex");
    const run = async (operation: Parameters<typeof tree.xattrop>[1], operand: string) =>
      value((await tree.xattrop(gfid, operation, hex(operand))).values);
    expect(await run("add-32", "00000001fffffffe")).toBe("00000001fffffffe");
    expect(await run("add-32", "ffffffff00000003")).toBe("0000000000000001");
    expect(await run("add-64", "ffffffffffffffff")).toBe("0000000000000000");
    expect(await run("or", "f000000000000001")).toBe("f000000000000001");
    expect(await run("and", "7000000000000003")).toBe("7000000000000001");
    expect(await run("get-and-set", "0102")).toBe("7000000000000001");
    expect(value(tree.listXattrs(gfid))).toBe("0102");
    expect(await codeOf(() => run("add-32", "0102"))).toBe("TREE_INVALID");
    expect(await codeOf(() => run("or", "01"))).toBe("TREE_INVALID");
    expect(value(tree.listXattrs(gfid))).toBe("0102");
  });

  it("loses no xattrop of many at one time", async () => {
    const { tree } = current();
    const gfid = await current().file("f");
    const one: Xattrs = new Map([["trusted.count", Buffer.from("00000001", "hex")]]);
    await Promise.all(Array.from({ length: 50 }, () => tree.xattrop(gfid, "add-32", one)));
    expect(Buffer.from(tree.getXattr(gfid, "trusted.count")).readInt32BE()).toBe(50);
  });
});
