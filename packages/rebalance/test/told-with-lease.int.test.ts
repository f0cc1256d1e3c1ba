import type { BrickClient } from "@brickshift/brick-client";
import { bytesValue, type Dict, dictBytes, Errno, type Gfid, ROOT_GFID, XDATA } from "@brickshift/wire";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { BrickPort } from "../src/index.js";
import { interceptedPort } from "./intercepted-port.js";
import { makeFile, random, readAll, rebalance, statByName, twoBricks } from "./two-bricks.js";

let bricks: Awaited<ReturnType<typeof twoBricks>>;
let gfid: Gfid;
const content = Buffer.from(random.bytes(3_000));
const xattrs = { "user.a": "1", "trusted.b": "2" };

beforeEach(async () => {
  bricks = await twoBricks();
  gfid = await makeFile(bricks.source, "f", content, { xattrs });
  await bricks.source.fops.link({ oldgfid: gfid, newgfid: ROOT_GFID, newbname: "g" });
});
afterEach(() => bricks.close());

/** A brick as its runner meets it; notes what is asked for by GETXATTR of the file. */
function port(
  client: BrickClient,
  asked: string[],
  known: (xdata: Dict) => Dict = (xdata) => xdata,
): BrickPort {
  return interceptedPort(client, {
    lease: (input, send) => {
      if (!input.xdata) return send();
      return client.fops.lease({ ...input, xdata: known(input.xdata) });
    },
    getxattr: (input, send) => {
      if (input.gfid === gfid) asked.push(`${client.brick} ${input.name || "all"}`);
      return send();
    },
  });
}

/** What reaches a brick that knows a lease's keys but these. */
const without =
  (...keys: readonly string[]) =>
  (xdata: Dict): Dict =>
    new Map([...xdata].filter(([key]) => !keys.includes(key)));

async function expectMoved(name = "g"): Promise<void> {
  const { destination } = bricks;
  expect(await statByName(destination, name)).toMatchObject({ gfid, size: content.length, nlink: 2 });
  expect((await readAll(destination, gfid)).equals(content)).toBe(true);
  const { dict } = await destination.fops.getxattr({ gfid, namelen: 0, name: "" });
  for (const [key, value] of Object.entries(xattrs)) {
    expect(dictBytes(dict, key)).toEqual(Uint8Array.from(Buffer.from(value)));
  }
}

describe("names and xattrs of a small file", () => {
  it("are asked for by no call of their own where bricks tell them with their leases", async () => {
    const asked: string[] = [];
    const [source, destination] = [port(bricks.source, asked), port(bricks.destination, asked)];
    const report = await rebalance().run({ source, destination });
    expect([report.counts.moved, asked]).toEqual([1, []]);
    await expectMoved();
  });

  it.each([
    ["names and xattrs", [XDATA.links, XDATA.xattrs], ["b0 all", `b1 ${XDATA.links}`]],
    ["names", [XDATA.links], ["b0 all", `b1 ${XDATA.links}`]],
    ["xattrs", [XDATA.xattrs], ["b0 all"]],
  ])("are asked for where a brick does not know the key of %s", async (_what, unknown, calls) => {
    const asked: string[] = [];
    const known = without(...unknown);
    const source = port(bricks.source, asked, known);
    const destination = port(bricks.destination, asked, known);
    const report = await rebalance().run({ source, destination });
    expect([report.counts.moved, asked]).toEqual([1, calls]);
    await expectMoved();
  });

  it("are asked for when they are too much for the answer to a LEASE", async () => {
    const big = random.bytes(20_000);
    const dict = new Map([["user.big", bytesValue(big)]]);
    await bricks.source.fops.setxattr({ gfid, flags: 0, dict });
    const asked: string[] = [];
    const [source, destination] = [port(bricks.source, asked), port(bricks.destination, asked)];
    const report = await rebalance().run({ source, destination });
    expect([report.counts.moved, asked]).toEqual([1, ["b0 all"]]);
    await expectMoved();
    const moved = await bricks.destination.fops.getxattr({ gfid, namelen: 8, name: "user.big" });
    expect(dictBytes(moved.dict, "user.big")).toEqual(big);
  });

  it("are those of the grant, when a rename and a SETXATTR came before it", async () => {
    const other = await bricks.connect("b0");
    const names = { oldbname: "f", newbname: "h" };
    let isChanged = false;
    const source = interceptedPort(bricks.source, {
      lease: (_, send) => {
        // On its way, and perhaps still running, when the request arrives.
        const changes = isChanged
          ? []
          : [
              other.fops.rename({ oldgfid: ROOT_GFID, newgfid: ROOT_GFID, ...names }),
              other.fops.setxattr({
                gfid,
                flags: 0,
                dict: new Map([["user.a", bytesValue(Buffer.from("1"))]]),
              }),
            ];
        isChanged = true;
        return Promise.all([send(), ...changes]).then(([reply]) => reply);
      },
    });
    const report = await rebalance().run({ source, destination: bricks.destination });
    expect(report.failures).toEqual([]);
    await expectMoved("h");
    await expect(statByName(bricks.destination, "f")).rejects.toMatchObject({ errno: Errno.ENOENT });
  });

  it("of the brick itself stay with it", async () => {
    const dict = new Map([["trusted.glusterfs.dht.mine", bytesValue(Buffer.from("x"))]]);
    await bricks.source.fops.setxattr({ gfid, flags: 0, dict });
    const report = await rebalance().run({ source: bricks.source, destination: bricks.destination });
    expect(report.counts.moved).toBe(1);
    await expectMoved();
    const moved = await bricks.destination.fops.getxattr({ gfid, namelen: 0, name: "" });
    expect([...(moved.dict?.keys() ?? [])].filter((key) => key.includes("dht"))).toEqual([]);
  });
});

it("gives a lease back that was granted with an answer that cannot be read", async () => {
  const source = interceptedPort(bricks.source, {
    lease: async (_, send) => {
      const reply = await send();
      const cut = new Map([...(reply.xdata ?? []), [XDATA.xattrs, bytesValue(Uint8Array.of(1))] as const]);
      return { ...reply, xdata: reply.xdata === null ? null : cut };
    },
  });
  const report = await rebalance().run({ source, destination: bricks.destination });
  expect(report.counts).toMatchObject({ moved: 0, failed: 1 });
  expect(bricks.servers.b0.server.bricks.get("b0")?.gate.usage.leases).toBe(0);
  expect((await readAll(bricks.source, gfid)).equals(content)).toBe(true);
});
