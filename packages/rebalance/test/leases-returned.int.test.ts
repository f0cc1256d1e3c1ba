import {
  ANONYMOUS_FD,
  bytesValue,
  FileType,
  getXdata,
  type Gfid,
  gfidValue,
  LeaseCmd,
  leaseIdFromRandom,
  LeaseType,
  LINK_FILE_PERMISSIONS,
  ROOT_GFID,
  xdataOf,
} from "@brickshift/wire";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { BrickLeases } from "../src/brick-leases.js";
import { rebalanceOptions } from "../src/index.js";
import { type Around, interceptedPort } from "./intercepted-port.js";
import { noAnswer } from "./mortal-port.js";
import { makeFile, nodeScheduler, random, rebalance, twoBricks } from "./two-bricks.js";

let bricks: Awaited<ReturnType<typeof twoBricks>>;

beforeEach(async () => {
  bricks = await twoBricks();
});
afterEach(() => bricks.close());

const usageOf = (name: "b0" | "b1") => bricks.servers[name].server.bricks.get(name)?.gate.usage;

/** Somebody else's lease, kept through every recall. */
async function holdLease(name: "b0" | "b1", gfid: Gfid) {
  const holder = await bricks.connect(name);
  const leaseId = leaseIdFromRandom(random.bytes(15));
  const lease = { cmd: LeaseCmd.set, leaseType: LeaseType.readWrite, leaseId, leaseFlags: 0 };
  await holder.fops.lease({ gfid, lease, xdata: xdataOf({ leaseScope: "data" }) });
}

/** Tells of each request for a lease right after it was sent. */
function onAsked(tell: () => void): Around<"lease"> {
  return (input, send) => {
    const answer = send();
    if (input.lease.cmd === LeaseCmd.set) tell();
    return answer;
  };
}

const onlyTheOther = { leases: 1, queuedRequests: 0 };

describe("a request for a lease that the brick refuses", () => {
  it("leaves nothing to be given back", async () => {
    await bricks.close();
    bricks = await twoBricks({ leases: { leasesPerInodeMax: 1 } });
    const gfid = await makeFile(bricks.source, "f", random.bytes(10));
    const sent: number[] = [];
    const lease: Around<"lease"> = (input, send) => {
      sent.push(input.lease.cmd);
      return send();
    };
    const world = { scheduler: nodeScheduler, random };
    const leases = new BrickLeases(
      interceptedPort(bricks.source, { lease }),
      world,
      rebalanceOptions.parse({}),
    );
    const held = await leases.acquire({ gfid, mode: "shared" });
    await expect(leases.acquire({ gfid, mode: "shared" })).rejects.toMatchObject({ code: "LEASE_LIMIT" });
    await leases.settle();
    expect(sent).toEqual([LeaseCmd.set, LeaseCmd.set]);
    await leases.unlock(gfid, held);
  });
});

describe("when a run that was cancelled has ended", () => {
  it("no request for a lease on the source waits any more", async () => {
    const gfid = await makeFile(bricks.source, "f", random.bytes(20_000));
    await holdLease("b0", gfid);
    const cancel = new AbortController();
    const { destination } = bricks;
    const source = interceptedPort(bricks.source, { lease: onAsked(() => cancel.abort()) });
    const report = await rebalance().run({ source, destination, signal: cancel.signal });
    expect(report).toMatchObject({ state: "cancelled", failures: [] });
    expect(usageOf("b0")).toMatchObject(onlyTheOther);
  });

  it("none on the destination does either", async () => {
    const gfid = await makeFile(bricks.source, "f", random.bytes(3_000));
    // A link file that was there before stays there, with the leases on it.
    const linkto = ["trusted.glusterfs.dht.linkto", bytesValue(Buffer.from("b0\0"))] as const;
    const mode = FileType.regular | LINK_FILE_PERMISSIONS;
    const xdata = new Map([["gfid-req", gfidValue(gfid)] as const, linkto]);
    await bricks.destination.fops.mknod({ pargfid: ROOT_GFID, bname: "f", dev: 0n, mode, xdata });
    const cancel = new AbortController();
    const made = interceptedPort(bricks.destination, {
      setxattr: async (input, send) => {
        const reply = await send();
        if (getXdata(input.dict, "migration") === "target") await holdLease("b1", gfid);
        return reply;
      },
      write: async (_, send) => {
        const reply = await send();
        // The copy has come to its end then, and the move waits for the lease.
        setImmediate(() => cancel.abort());
        return reply;
      },
      lease: async (input, send) => {
        // Slower than anything else that the end of the run waits for.
        if (input.lease.cmd === LeaseCmd.unlock) await new Promise((resolve) => setTimeout(resolve, 50));
        return send();
      },
    });
    const report = await rebalance().run({ source: bricks.source, destination: made, signal: cancel.signal });
    expect(report).toMatchObject({ state: "cancelled", failures: [] });
    expect(usageOf("b0")).toMatchObject({ leases: 0, queuedRequests: 0 });
    expect(usageOf("b1")).toMatchObject(onlyTheOther);
  });

  it("a lease that was granted in the last moment is given back", async () => {
    await makeFile(bricks.source, "f", random.bytes(20_000));
    const cancel = new AbortController();
    const source = interceptedPort(bricks.source, {
      lease: async (input, send) => {
        const reply = await send();
        // It is held, but the runner has not heard of it when it is cancelled.
        if (input.lease.cmd === LeaseCmd.set) {
          cancel.abort();
          await new Promise((resolve) => setImmediate(resolve));
        }
        return reply;
      },
    });
    const { destination } = bricks;
    await rebalance().run({ source, destination, signal: cancel.signal });
    expect(usageOf("b0")).toMatchObject({ leases: 0, queuedRequests: 0 });
  });
});

it("a brick that does not answer keeps a run from its end for a bounded time only", async () => {
  const gfid = await makeFile(bricks.source, "f", random.bytes(20_000));
  await holdLease("b0", gfid);
  const cancel = new AbortController();
  const source = interceptedPort(bricks.source, {
    lease: (input, send) => {
      if (input.lease.cmd === LeaseCmd.unlock) return new Promise(() => {});
      const answer = send();
      cancel.abort();
      return answer;
    },
  });
  const { destination } = bricks;
  const report = await rebalance({ settleTimeoutMs: 20 }).run({ source, destination, signal: cancel.signal });
  expect(report.state).toBe("cancelled");
});

it("an unlock that got no answer is repeated at once, and again when somebody waits for the lease", async () => {
  const gfid = await makeFile(bricks.source, "f", random.bytes(20_000));
  const writer = await bricks.connect("b0");
  let unlocks = 0;
  const port = interceptedPort(bricks.source, {
    lease: (input, send) => {
      if (input.lease.cmd !== LeaseCmd.unlock) return send();
      unlocks += 1;
      return unlocks > 2 ? send() : Promise.reject(noAnswer("lease"));
    },
  });
  const leases = new BrickLeases(port, { scheduler: nodeScheduler, random }, rebalanceOptions.parse({}));
  const endRecalls = leases.listen();
  const lease = await leases.acquire({ gfid, mode: "exclusive" });
  await expect(leases.unlock(gfid, lease)).rejects.toMatchObject({ code: "TRANSACTION_OUTCOME_UNKNOWN" });
  expect(unlocks).toBe(2);
  expect(usageOf("b0")).toMatchObject({ leases: 1 });
  // Long before the brick would revoke the lease.
  await writer.fops.write({ gfid, fd: ANONYMOUS_FD, offset: 0, payload: Buffer.from("a client's") });
  expect(unlocks).toBe(3);
  expect(usageOf("b0")).toMatchObject({ leases: 0, deadLeases: 0 });
  endRecalls();
});
