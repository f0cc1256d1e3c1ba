import { createBrickServer, createMemoryStore } from "@brickshift/brick";
import { ManualScheduler, seededRandom } from "@brickshift/testkit";
import { createMemoryTransport } from "@brickshift/transport-memory";
import {
  gfidValue,
  LeaseCmd,
  leaseIdFromRandom,
  LeaseType,
  OpenFlags,
  parseGfid,
  ROOT_GFID,
  xdataOf,
} from "@brickshift/wire";
import { expect, it } from "vitest";
import { createBrickClient } from "../src/index.js";
import { settle } from "./client-fixture.js";

const gfid = parseGfid("12345678-1234-4234-8234-123456789abc");

it.each([1, 2, 3, 4])(
  "tells of every fd and lease how it ended, and sends the brick no fd of an earlier session, seed %i",
  async (seed) => {
    const random = seededRandom(seed);
    const scheduler = new ManualScheduler();
    const transport = createMemoryTransport();
    const server = await createBrickServer({
      bricks: [{ name: "b0", store: createMemoryStore() }],
      scheduler,
    });
    await transport.listen("memory://b0", (connection) => server.accept(connection));
    const client = createBrickClient({ transport, address: "memory://b0", brick: "b0", scheduler, random });
    const lost = { fds: new Set<bigint>(), leases: new Set<string>(), times: 0 };
    const events = client.events();
    const reading = (async () => {
      for await (const event of events) {
        if (event.type !== "lost") continue;
        lost.times += 1;
        for (const { fd } of event.fds) lost.fds.add(fd);
        for (const { leaseId } of event.leases) lost.leases.add(leaseId);
      }
    })();
    await client.connect();
    const xdata = new Map([["gfid-req", gfidValue(gfid)]]);
    await client.fops.create({
      pargfid: ROOT_GFID,
      flags: OpenFlags.rdwr,
      mode: 0o100644,
      bname: "f",
      xdata,
    });

    const opened = new Set<bigint>();
    const released = new Set<bigint>();
    const granted = new Set<string>();
    const unlocked = new Set<string>();
    const codes = new Map<string, number>();
    const running = new Set<Promise<void>>();
    const attempt = (work: () => Promise<void>) => {
      const run = work()
        .catch((error: { code: string }) => void codes.set(error.code, (codes.get(error.code) ?? 0) + 1))
        .finally(() => running.delete(run));
      running.add(run);
    };
    const lease = (cmd: number, leaseId = leaseIdFromRandom(random.bytes(15))) => ({
      cmd,
      leaseType: LeaseType.read,
      leaseId,
      leaseFlags: 0,
    });
    const moves = [
      async () => void opened.add((await client.fops.open({ gfid, flags: OpenFlags.rdonly })).fd),
      async () => void (await client.fops.fstat({ gfid, fd: random.pick([...opened, 1n]) })),
      async () => {
        const fd = random.pick([...opened, 1n]);
        await client.fops.release({ gfid, fd });
        released.add(fd);
      },
      async () => {
        const asked = lease(LeaseCmd.set);
        await client.fops.lease({ gfid, lease: asked, xdata: xdataOf({ leaseScope: "data" }) });
        granted.add(asked.leaseId);
      },
      async () => {
        const held = client.leases()[0];
        if (held === undefined) return;
        await client.fops.lease({ gfid, lease: lease(LeaseCmd.unlock, held.leaseId) });
        unlocked.add(held.leaseId);
      },
    ];
    for (let turn = 0; turn < 300; turn += 1) {
      for (let count = random.below(4); count > 0; count -= 1) attempt(random.pick(moves));
      if (random.chance(0.5)) await settle();
      if (random.chance(0.05)) client.drop();
      scheduler.advance(random.below(100));
    }
    for (let turn = 0; turn < 20; turn += 1) {
      await settle();
      scheduler.advance(3_000);
    }
    await Promise.all(running);
    await client.close();
    await reading;
    await server.close();

    const ended = new Set([...released, ...lost.fds]);
    expect([...opened].filter((fd) => !ended.has(fd))).toEqual([]);
    expect([...released].filter((fd) => lost.fds.has(fd))).toEqual([]);
    const over = new Set([...unlocked, ...lost.leases]);
    expect([...granted].filter((leaseId) => !over.has(leaseId))).toEqual([]);
    // FOP_FAILED would be the brick's EBADF for an fd that it does not know.
    const others = new Set(["RPC_CLOSED", "RPC_DISCONNECTED"]);
    expect([...codes.keys()].filter((code) => !others.has(code))).toEqual(["CLIENT_STALE_FD"]);
    expect(lost.times).toBeGreaterThan(5);
    expect([lost.fds.size, released.size, lost.leases.size, unlocked.size].every((count) => count > 3)).toBe(
      true,
    );
  },
);
