import { createBrickServer, createMemoryStore } from "@brickshift/brick";
import { ManualScheduler, seededRandom } from "@brickshift/testkit";
import { createMemoryTransport } from "@brickshift/transport-memory";
import {
  ANONYMOUS_FD,
  dictText,
  type Epoch,
  Errno,
  type FopRequest,
  getXdata,
  gfidValue,
  LeaseCmd,
  leaseIdFromRandom,
  LeaseType,
  LkCmd,
  LockType,
  NULL_GFID,
  OpenFlags,
  parseGfid,
  ROOT_GFID,
  textValue,
  xdataOf,
} from "@brickshift/wire";
import { describe, expect, it } from "vitest";
import { type BrickClientOptionsInput, createBrickClient } from "../src/index.js";
import { settle } from "./client-fixture.js";

/** A real brick on the memory transport, and clients of it. */
async function setup() {
  const scheduler = new ManualScheduler();
  const random = seededRandom(7);
  const transport = createMemoryTransport();
  const server = await createBrickServer({
    bricks: [{ name: "b0", store: createMemoryStore() }],
    scheduler,
    options: { leases: { recallTimeoutMs: 1_000 }, login: { users: { u: "p" } } },
  });
  await transport.listen("memory://brick", (connection) => server.accept(connection));
  const newClient = (options: BrickClientOptionsInput = {}, brick = "b0") =>
    createBrickClient({
      transport,
      address: "memory://brick",
      brick,
      scheduler,
      random,
      options: { username: "u", password: "p", reconnect: { delayMinMs: 100 }, ...options },
    });
  const client = newClient();
  await client.connect();
  const newLeaseId = () => leaseIdFromRandom(random.bytes(15));
  return { client, newClient, server, scheduler, newLeaseId };
}

const gfid = parseGfid("12345678-1234-4234-8234-123456789abc");

async function createFile({ client }: Awaited<ReturnType<typeof setup>>, bname = "file") {
  const xdata = new Map([["gfid-req", gfidValue(gfid)]]);
  return client.fops.create({ pargfid: ROOT_GFID, flags: OpenFlags.rdwr, mode: 0o100644, bname, xdata });
}

/** A file on which the client has a data lease, and another client. */
async function setupLeased() {
  const context = await setup();
  const { fd } = await createFile(context);
  const other = context.newClient();
  await other.connect();
  const leaseId = context.newLeaseId();
  const lease = { cmd: LeaseCmd.set, leaseType: LeaseType.read, leaseId, leaseFlags: 0 };
  await context.client.fops.lease({ gfid, lease, xdata: xdataOf({ leaseScope: "data" }) });
  return { ...context, fd, other, lease, leaseId };
}

describe("a real brick", () => {
  it("shakes hands, and refuses who does not know the password or the name", async () => {
    const { client, newClient } = await setup();
    expect(client.capabilities).toMatchObject({ brickshift: "2" });
    expect(client.capabilities?.brickId).toMatch(/^[0-9a-f-]{36}$/);
    await expect(newClient({ password: "q" }).connect()).rejects.toMatchObject({
      code: "CLIENT_AUTH_REFUSED",
    });
    await expect(newClient({}, "b1").connect()).rejects.toMatchObject({ code: "CLIENT_BRICK_UNKNOWN" });
    await client.close();
  });

  it("counts the lease of a migration target that was put with it, until a publication gives it back", async () => {
    const { client, newLeaseId } = await setup();
    const { stat: root } = await client.fops.stat({ gfid: ROOT_GFID });
    const leaseId = newLeaseId();
    const token = { fence: 5n as Epoch, source: gfid };
    const asked = xdataOf({ ...token, linkto: "s0", leaseId, leaseScope: "data" });
    const { xdata } = await client.fops.put({
      pargfid: ROOT_GFID,
      bname: "target",
      mode: 0o101000,
      umask: 0,
      flag: OpenFlags.excl,
      offset: 0,
      xattr: xdataOf({ attributes: { ...root, mode: 0o100644, size: 1 } }),
      xdata: new Map([["gfid-req", gfidValue(gfid)], ...asked]),
      payload: Uint8Array.of(1),
    });
    const epoch = getXdata(xdata, "leaseEpoch");
    expect(client.leases()).toEqual([{ gfid, leaseId, leaseType: LeaseType.readWrite, epoch }]);
    const dict = xdataOf({ migration: "publish" });
    await client.fops.setxattr({ gfid, flags: 0, dict, xdata: xdataOf({ ...token, leaseId }) });
    expect(client.leases()).toHaveLength(1);
    const lease = { cmd: LeaseCmd.unlock, leaseType: 0, leaseId, leaseFlags: 0 };
    await client.fops.lease({ gfid, lease });
    expect(client.leases()).toEqual([]);
    const again = newLeaseId();
    const set = { cmd: LeaseCmd.set, leaseType: LeaseType.readWrite, leaseId: again, leaseFlags: 0 };
    const granted = await client.fops.lease({ gfid, lease: set, xdata: xdataOf({ leaseScope: "data" }) });
    const leaseEpoch = getXdata(granted.xdata, "leaseEpoch");
    expect(client.leases()).toHaveLength(1);
    const named = xdataOf({ ...token, leaseId: again, ...(leaseEpoch !== undefined && { leaseEpoch }) });
    await client.fops.setxattr({ gfid, flags: 0, dict, xdata: named });
    expect(client.leases()).toEqual([]);
    await client.close();
  });

  it("keeps what is written through an fd, and gives it back", async () => {
    const context = await setup();
    const { client } = context;
    const { fd, stat } = await createFile(context);
    expect(stat.gfid).toBe(gfid);
    const payload = Uint8Array.from({ length: 100_000 }, (_, index) => index % 251);
    const written = await client.fops.write({ gfid, fd, offset: 5, payload });
    expect([written.opRet, written.poststat.size]).toEqual([100_000, 100_005]);
    const read = await client.fops.read({ gfid, fd, offset: 5, size: 200_000 });
    expect(read.opErrno).toBe(Errno.ENOENT);
    expect(Buffer.compare(read.payload, payload)).toBe(0);
    read.release();
    await client.fops.setxattr({ gfid, flags: 0, dict: new Map([["user.a", textValue("b")]]) });
    const { dict } = await client.fops.getxattr({ gfid, name: "user.a" });
    expect(dictText(dict, "user.a")).toContain("b");
    await client.fops.flush({ gfid, fd });
    await client.fops.release({ gfid, fd });
    const found = await client.fops.lookup({ gfid: NULL_GFID, pargfid: ROOT_GFID, flags: 0, bname: "file" });
    expect(found.prestat.size).toBe(100_005);
    await expect(
      client.fops.lookup({ gfid: NULL_GFID, pargfid: ROOT_GFID, flags: 0, bname: "none" }),
    ).rejects.toMatchObject({ code: "FOP_FAILED", errno: Errno.ENOENT, fop: "lookup" });
  });

  it("that goes down is left, and is come back to when it is up", async () => {
    const context = await setup();
    const { client, server, scheduler } = context;
    await createFile(context);
    const brick = server.bricks.get("b0");
    brick?.takeDown("stopped");
    await settle();
    expect(client.isUp).toBe(false);
    for (let attempt = 0; attempt < 5; attempt += 1) {
      scheduler.advance(1_000);
      await settle();
    }
    expect(client.isUp).toBe(false);
    brick?.bringUp("stopped");
    for (let attempt = 0; attempt < 20 && !client.isUp; attempt += 1) {
      scheduler.advance(1_000);
      await settle();
    }
    expect([client.isUp, client.session]).toEqual([true, 2]);
    const found = await client.fops.lookup({ gfid: NULL_GFID, pargfid: ROOT_GFID, flags: 0, bname: "file" });
    expect(found.prestat.gfid).toBe(gfid);
    await client.close();
  });

  it("lists a directory", async () => {
    const context = await setup();
    const { client } = context;
    await createFile(context);
    const { fd } = await client.fops.opendir({ gfid: ROOT_GFID });
    const names: string[] = [];
    for (let offset = 0n, isEnd = false; !isEnd;) {
      const page = await client.fops.readdirp({ gfid: ROOT_GFID, fd, offset, size: 4_096 });
      names.push(...page.entries.map((entry) => entry.name));
      offset = page.entries.at(-1)?.offset ?? offset;
      isEnd = page.entries.length === 0;
    }
    expect(names.toSorted()).toEqual([".", "..", "file"]);
    await client.fops.releasedir({ gfid: ROOT_GFID, fd });
    expect(client.openFds()).toBe(1);
  });

  it("recalls a data lease when somebody writes, and lets the writer go on when it is given back", async () => {
    const { client, other, scheduler, lease, leaseId } = await setupLeased();
    const [held] = client.leases();
    expect(held?.epoch).toBeTypeOf("bigint");
    const recalls = client.recalls();
    let isWritten = false;
    const writing = other.fops
      .write({ gfid, fd: ANONYMOUS_FD, offset: 0, payload: Uint8Array.of(1) })
      .then(() => (isWritten = true));
    const recall = (await recalls.next()).value;
    expect(recall).toMatchObject({ gfid, leases: [{ leaseId }], deadlineMs: scheduler.nowMs() + 1_000 });
    expect(isWritten).toBe(false);
    await client.fops.lease({ gfid, lease: { ...lease, cmd: LeaseCmd.unlock } });
    await writing;
    expect(client.leases()).toEqual([]);
  });

  it("revokes a lease that is not given back, and says so to who still relies on it", async () => {
    const { client, other, scheduler, leaseId } = await setupLeased();
    const leaseEpoch = client.leases()[0]?.epoch;
    const writing = other.fops.write({ gfid, fd: ANONYMOUS_FD, offset: 0, payload: Uint8Array.of(1) });
    await settle();
    scheduler.advance(1_000);
    await writing;
    const request: FopRequest<"read"> = {
      gfid,
      fd: ANONYMOUS_FD,
      offset: 0,
      size: 1,
      flag: 0,
      xdata: xdataOf({ leaseId, leaseEpoch: leaseEpoch as NonNullable<typeof leaseEpoch> }),
    };
    await expect(client.fops.read(request)).rejects.toMatchObject({
      code: "FOP_LEASE_REVOKED",
      leaseState: "recall-timeout",
    });
    expect(client.leases()).toEqual([]);
  });

  it("drops fds, leases and locks with a connection, and the client says which", async () => {
    const { client, other, scheduler, leaseId, fd, server } = await setupLeased();
    const flock = { type: LockType.write, whence: 0, start: 0n, len: 0n, pid: 1, lkOwner: new Uint8Array(0) };
    const lock = { gfid, fd, cmd: LkCmd.setlk, type: LockType.write, flock };
    await client.fops.lk(lock);
    const opened = await other.fops.open({ gfid, flags: OpenFlags.rdwr });
    const waiting = other.fops.lk({ ...lock, fd: opened.fd, cmd: LkCmd.setlkw });
    await settle();

    const events = client.events();
    client.drop();
    const lost = (await events.next()).value;
    expect(lost).toMatchObject({
      type: "lost",
      session: 1,
      fds: [{ fd, gfid }],
      leases: [{ gfid, leaseId }],
    });
    await waiting;
    scheduler.advance(100);
    expect((await events.next()).value).toMatchObject({ type: "up", session: 2 });
    await expect(client.fops.fstat({ gfid, fd })).rejects.toMatchObject({ code: "CLIENT_STALE_FD" });
    const again = await client.fops.open({ gfid, flags: OpenFlags.rdonly });
    await client.fops.fstat({ gfid, fd: again.fd });
    await client.close();
    await other.close();
    await server.close();
  });
});
