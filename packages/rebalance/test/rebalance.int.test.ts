import { ROOT_GFID } from "@brickshift/wire";
import { expect, it } from "vitest";
import { makeDirectory, makeFile, random, readAll, rebalance, statByName, twoBricks } from "./two-bricks.js";

it("moves a tree", async () => {
  const { source, destination, close } = await twoBricks();
  const directory = await makeDirectory(source, "d");
  const small = random.bytes(1_000);
  const large = random.bytes(50_000);
  const gfids = [
    await makeFile(source, "small", small, { xattrs: { "user.a": "b" } }),
    await makeFile(source, "large", large, { parent: directory }),
    await makeFile(source, "empty", new Uint8Array(0)),
  ];
  const report = await rebalance().run({ source, destination });
  expect(report).toMatchObject({ state: "finished", counts: { moved: 3, failed: 0 }, failures: [] });
  expect(Buffer.compare(await readAll(destination, gfids[0]!), small)).toBe(0);
  expect(Buffer.compare(await readAll(destination, gfids[1]!), large)).toBe(0);
  expect((await statByName(destination, "large", directory)).mode).toBe(0o100640);
  expect((await statByName(source, "small", ROOT_GFID)).mode).toBe(0o101000);
  const again = await rebalance().run({ source, destination });
  expect(again.counts).toMatchObject({ moved: 0, alreadyMoved: 3 });
  const back = await rebalance().run({ source: destination, destination: source });
  expect(back.failures).toEqual([]);
  expect(back.counts).toMatchObject({ moved: 3 });
  expect(Buffer.compare(await readAll(source, gfids[1]!), large)).toBe(0);
  expect(await rebalance().verify({ source, destination })).toMatchObject({
    ok: true,
    onSource: 3,
    onDestination: 0,
  });
  await close();
});

it("names bricks in link files by their subvolumes when they tell them, unless the options say otherwise", async () => {
  const bricks = await twoBricks({}, {}, { b0: "demo-client-0", b1: "demo-client-1" });
  const { source, destination, servers, close } = bricks;
  const treeOf = (name: "b0" | "b1") => servers[name].server.bricks.get(name)!.tree;
  const gfid = await makeFile(source, "f", random.bytes(9_000));
  await rebalance().run({ source, destination });
  expect(treeOf("b0").linkto(gfid)).toBe("demo-client-1");
  // A link file that points to what the destination is not called is not of this pair.
  const elsewhere = await rebalance({ destinationName: "other" }).run({ source, destination });
  expect(elsewhere.counts).toMatchObject({ moved: 0, alreadyMoved: 0, skipped: 1 });
  await destination.fops.unlink({ pargfid: ROOT_GFID, bname: "f", xflags: 0 });
  const dangling = await rebalance().verify({ source, destination });
  expect(dangling.firstFindings).toMatchObject([{ type: "dangling", path: "/f" }]);
  await close();
});
