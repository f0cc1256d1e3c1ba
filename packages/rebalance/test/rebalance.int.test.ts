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
