import { getXdata, type Gfid, ROOT_GFID, xdataOf } from "@brickshift/wire";
import { afterEach, beforeEach, expect, it } from "vitest";
import { fileEnds } from "./file-ends.js";
import { interceptedPort } from "./intercepted-port.js";
import { makeFile, random, readAll, rebalance, statByName, twoBricks } from "./two-bricks.js";

let bricks: Awaited<ReturnType<typeof twoBricks>>;
let gfid: Gfid;
const content = Buffer.from(random.bytes(3_000));

beforeEach(async () => {
  bricks = await twoBricks({ leases: { recallTimeoutMs: 20 } });
  gfid = await makeFile(bricks.source, "f", content);
});
afterEach(() => bricks.close());

const nameOnSource = (bname: string) =>
  bricks.source.fops.link({ oldgfid: gfid, newgfid: ROOT_GFID, newbname: bname });

/** A client takes a name of the file away on the destination; it waits for the lease there, until that is revoked. */
async function intruder(): Promise<() => Promise<unknown>> {
  const client = await bricks.connect("b1");
  const names = { oldbname: "f", newbname: "elsewhere" };
  return () => client.fops.rename({ oldgfid: ROOT_GFID, newgfid: ROOT_GFID, ...names });
}

async function namesOnDestination(): Promise<readonly string[]> {
  const { entries } = await bricks.destination.fops.readdir({
    gfid: ROOT_GFID,
    fd: -2n,
    offset: 0n,
    size: 65_536,
  });
  return entries.map(({ name }) => name).filter((name) => !name.startsWith("."));
}

it.each([
  [
    "renames the target",
    { fop: "rename", oldgfid: ROOT_GFID, newgfid: ROOT_GFID, oldbname: "f", newbname: "x" },
  ],
  ["gives the target another name", { fop: "link", newgfid: ROOT_GFID, newbname: "x" }],
] as const)(
  "not held yet when a client %s: the source's names are published all the same",
  async (_, names) => {
    const client = await bricks.connect("b1");
    const destination = interceptedPort(bricks.destination, {
      mknod: async (_, send) => {
        const made = await send();
        await (names.fop === "rename"
          ? client.fops.rename(names)
          : client.fops.link({ ...names, oldgfid: gfid }));
        return made;
      },
    });
    const report = await rebalance().run({ source: bricks.source, destination });
    expect(report.counts).toMatchObject({ moved: 1, failed: 0 });
    expect(await namesOnDestination()).toEqual(["f"]);
    expect((await statByName(bricks.destination, "f")).nlink).toBe(1);
    expect((await readAll(bricks.destination, gfid)).equals(content)).toBe(true);
  },
);

it("lost before the target is closed: the file begins anew, and no other's name is published", async () => {
  const intrude = await intruder();
  let attempts = 0;
  const destination = interceptedPort(bricks.destination, {
    setxattr: async (input, send) => {
      if (getXdata(input.dict, "migration") === "prepare") {
        attempts += 1;
        if (attempts === 1) await intrude();
      }
      return send();
    },
  });
  const report = await rebalance().run({ source: bricks.source, destination });
  expect(report.counts).toMatchObject({ moved: 1, failed: 0 });
  expect(attempts).toBe(2);
  expect(await namesOnDestination()).toEqual(["f"]);
  expect((await readAll(bricks.destination, gfid)).equals(content)).toBe(true);
});

it("lost between two names: the file begins anew, and has the source's names in the end", async () => {
  await nameOnSource("g");
  await nameOnSource("h");
  const intrude = await intruder();
  let links = 0;
  const destination = interceptedPort(bricks.destination, {
    link: async (_, send) => {
      links += 1;
      if (links === 2) await intrude();
      return send();
    },
  });
  const report = await rebalance().run({ source: bricks.source, destination });
  expect(report.counts).toMatchObject({ moved: 1, failed: 0 });
  expect(links).toBe(4);
  expect((await namesOnDestination()).toSorted()).toEqual(["f", "g", "h"]);
  expect((await statByName(bricks.destination, "h")).nlink).toBe(3);
});

it("revoked each time, the file stays on the source, and the message says why and what to do", async () => {
  const looker = await bricks.connect("b1");
  const destination = interceptedPort(bricks.destination, {
    setxattr: async (input, send) => {
      const look = { gfid, pargfid: ROOT_GFID, flags: 0, bname: "f" };
      if (getXdata(input.dict, "migration") === "prepare") await looker.fops.lookup(look);
      return send();
    },
  });
  const report = await rebalance({ attemptsMax: 2 }).run({ source: bricks.source, destination });
  expect(report.failures).toMatchObject([{ path: "/f", outcome: { code: "REBALANCE_BUSY" } }]);
  expect(JSON.stringify(report.failures)).toMatch(
    /\/f: .*its lease was revoked.*run again when it is used less/,
  );
  expect(await namesOnDestination()).toEqual([]);
  expect((await readAll(bricks.source, gfid)).equals(content)).toBe(true);
});

it("known to be lost, no fop on names can be made of it", async () => {
  const { source: file, destination } = fileEnds(bricks, gfid);
  const { epoch, leaseId } = await file.acquire({ mode: "exclusive" }, new AbortController().signal);
  await destination.establish(epoch);
  destination.wantLease();
  await destination.leasedNames(new AbortController().signal);
  expect(getXdata(destination.leaseXdata, "leaseEpoch")).toBeDefined();
  const { stat } = await bricks.source.fops.stat({ gfid, xdata: xdataOf({ leaseId, leaseEpoch: epoch }) });
  await destination.prepare(epoch, stat, new Map());
  await destination.step("publish", epoch);
  const intrude = await intruder();
  await intrude();
  // Repeated, as after a missing answer: on a file that is no target any more the brick looks at the lease again.
  await destination.step("publish", epoch);
  expect(() => destination.leaseXdata).toThrow(expect.objectContaining({ code: "LEASE_REVOKED" }));
});
