import {
  leaseIdFromRandom,
  LeaseCmd,
  type LeaseId,
  LeaseType,
  Errno,
  OpenFlags,
  ROOT_GFID,
} from "@brickshift/wire";
import { seededRandom } from "@brickshift/testkit";
import { expect, it } from "vitest";
import { createFile, settle, startBrick, type TestClient, writeFile } from "../test-brick.js";

const random = seededRandom(5);
const newLeaseId = (): LeaseId => leaseIdFromRandom(random.bytes(15));

async function askLease(client: TestClient, gfid: typeof ROOT_GFID, leaseId: LeaseId) {
  const lease = { cmd: LeaseCmd.set, leaseType: LeaseType.read, leaseId, leaseFlags: 0 };
  return client.call("lease", { gfid, lease, xdata: null });
}

it("ends the connections of clients that new rules refuse, keeps the others, and judges new ones by them", async () => {
  const { server, client, connect, events } = await startBrick();
  const one = await client();
  const shy = await connect();
  server.reconfigure({ login: { users: { alice: "secret" } } });
  await settle();
  await expect(createFile(one, "f")).rejects.toThrow("RPC_");
  expect(events).toContainEqual(
    expect.objectContaining({ type: "connection-closed", code: "BRICK_AUTHENTICATION" }),
  );
  // One that has not said who it is goes on to say so.
  expect((await shy.setvolume()).opErrno).toBe(Errno.EACCES);
  const alice = await client({ username: "alice", password: "secret" });
  server.reconfigure({ login: { users: { alice: "secret" }, reject: ["192.168.*"] } });
  await settle();
  await createFile(alice, "f");
  server.reconfigure({ login: { users: { alice: "other" } } });
  await settle();
  await expect(createFile(alice, "g")).rejects.toThrow("RPC_");
  server.reconfigure({ login: { reject: ["memory:*"] } });
  expect((await (await connect()).setvolume()).opErrno).toBe(Errno.EACCES);
});

it("gives leases or none from then on, with another time after a recall", async () => {
  const { server, client, scheduler, brick } = await startBrick({ openLeases: false });
  const [holder, writer] = [await client(), await client()];
  const { gfid, fd } = await createFile(holder, "f");
  const leaseId = newLeaseId();
  expect((await askLease(holder, gfid, leaseId)).opErrno).toBe(Errno.ENOSYS);
  server.reconfigure({ openLeases: true, leases: { recallTimeoutMs: 500 } });
  await holder.call("release", { gfid, fd, xdata: null });
  const opened = await holder.call("open", { gfid, flags: OpenFlags.rdonly, xdata: null });
  expect(opened.opRet).toBe(0);
  expect((await askLease(holder, gfid, leaseId)).opRet).toBe(0);
  let isWritten = false;
  const writing = writeFile(writer, gfid, "x").then(() => (isWritten = true));
  await settle();
  expect(holder.recalls()).toHaveLength(1);
  // What is recalled already keeps its time.
  server.reconfigure({ openLeases: true, leases: { recallTimeoutMs: 50 } });
  scheduler.advance(499);
  await settle();
  expect(isWritten).toBe(false);
  scheduler.advance(1);
  await writing;
  expect(brick.options.leases.recallTimeoutMs).toBe(50);
});

it("tells of changes or not from then on, and keeps what it knew when the time is another", async () => {
  const { server, client, scheduler } = await startBrick();
  const [reader, writer] = [await client(), await client()];
  const { gfid } = await createFile(reader, "f");
  const told = async () => {
    reader.callbacks.splice(0);
    await writeFile(writer, gfid, "x");
    await settle();
    return reader.callbacks.map(({ name, request }) => [
      name,
      (request as { expireTimeAttr: number }).expireTimeAttr,
    ]);
  };
  const look = () => reader.call("stat", { gfid, xdata: null });
  await look();
  expect(await told()).toEqual([]);
  server.reconfigure({ cacheInvalidation: { timeoutMs: 10_000 } });
  await look();
  expect(await told()).toEqual([["cacheInvalidation", 10]]);
  server.reconfigure({ cacheInvalidation: { timeoutMs: 60_000 } });
  scheduler.advance(20_000);
  expect(await told()).toEqual([["cacheInvalidation", 60]]);
  server.reconfigure({});
  await look();
  expect(await told()).toEqual([]);
});

it("checks stores as often as it is told from then on", async () => {
  const { server, scheduler, brick } = await startBrick({ healthCheck: { intervalMs: 0 } });
  expect(scheduler.armed).toBe(0);
  server.reconfigure({ healthCheck: { intervalMs: 1_000 } });
  expect(scheduler.nextMs).toBe(1_000);
  expect(() => server.reconfigure({ connectionsMax: 0, healthCheck: { intervalMs: 5 } })).toThrow(
    "connectionsMax",
  );
  expect(brick.options.healthCheck.intervalMs).toBe(1_000);
});
