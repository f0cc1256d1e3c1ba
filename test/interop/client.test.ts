import { readFileSync, writeFileSync } from "node:fs";
import { randomUUID } from "node:crypto";
import { generate } from "selfsigned";
import {
  type BrickClient,
  type BrickClientOptionsInput,
  type ClientEvent,
  createBrickClient,
  type RecallEvent,
} from "@brickshift/brick-client";
import { nodeRandom, nodeScheduler } from "@brickshift/rpc";
import type { Transport } from "@brickshift/transport";
import { createTcpTransport, createTlsTransport } from "@brickshift/transport-net";
import {
  type FopName,
  fops as fopTable,
  gfidValue,
  LeaseCmd,
  leaseIdFromRandom,
  LeaseType,
  OpenFlags,
  parseGfid,
  ROOT_GFID,
} from "@brickshift/wire";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { until } from "./support/command.js";
import { emulatedCases } from "./support/emulated-cases.js";
import { startEmulator } from "./support/emulator.js";
import { fopCases } from "./support/fop-cases.js";
import { startGlusterd } from "./support/glusterd.js";
import { Scratch } from "./support/scratch.js";
import { startStockBrick } from "./support/stock-brick.js";

let scratch: Scratch;
beforeEach(() => {
  scratch = new Scratch();
});
afterEach(() => scratch.end());

const tcp = createTcpTransport();

/** A client that is closed at the end; not connected yet. */
function newClient(
  address: string,
  brick: string,
  options: BrickClientOptionsInput = {},
  transport: Transport = tcp,
): BrickClient {
  const init = { transport, address, brick, scheduler: nodeScheduler, random: nodeRandom };
  const client = createBrickClient({ ...init, options });
  scratch.onEnd(() => client.close());
  return client;
}

const at = (port: number) => `tcp://127.0.0.1:${port}`;
const file = parseGfid("12345678-1234-4234-8234-123456789abc");
const create = (client: BrickClient, flags = OpenFlags.rdwr) =>
  client.fops.create({
    pargfid: ROOT_GFID,
    flags,
    mode: 0o100644,
    bname: "file",
    xdata: new Map([["gfid-req", gfidValue(file)]]),
  });

describe("every fop of the table", () => {
  // Two calls crash a 10.3 brick: NAMELINK, and fops on an fd that is negative and not the anonymous one.
  const names = (Object.keys(fopTable) as FopName[]).filter((name) => name !== "namelink");

  it("means on a stock brick what its types say, or fails with its errno", async () => {
    const brick = await startStockBrick(scratch, { name: "s0", leases: { recallSeconds: 60 } });
    // Without a pid the owner of locks would be zero, which a 10.3 brick refuses.
    const client = newClient(at(brick.port), "s0", { auth: { pid: 100 } });
    await client.connect();
    for (const name of names) await fopCases[name](client);
    expect(client.openFds()).toBe(0);
    expect(brick.log()).not.toContain("failed to decode");
  });

  it("means the same on an emulated brick, which carries out four more", async () => {
    const { port } = await startEmulator(scratch, ["b0"]);
    const client = newClient(at(port), "b0", { auth: { pid: 100 } });
    await client.connect();
    const same = names.filter((name) => !(name in emulatedCases));
    expect(same).toHaveLength(names.length - 3);
    for (const name of same) await fopCases[name](client);
    for (const carryOut of Object.values(emulatedCases)) await carryOut(client);
    expect(client.openFds()).toBe(0);
  });
});

describe("leases of a stock brick", () => {
  it("are recalled when another client comes, who goes on once they are given back", async () => {
    const { port } = await startStockBrick(scratch, { name: "s0", leases: { recallSeconds: 60 } });
    const [one, two] = [newClient(at(port), "s0"), newClient(at(port), "s0", { auth: { pid: 200 } })];
    await Promise.all([one.connect(), two.connect()]);
    const recalled = new Promise<RecallEvent>((resolve) => one.onRecall(resolve));
    const { fd } = await create(one);
    await one.fops.release({ gfid: file, fd });
    const leaseId = leaseIdFromRandom(Uint8Array.from({ length: 15 }, (_, index) => index + 1));
    const lease = { leaseType: LeaseType.readWrite, leaseId, leaseFlags: 0 };
    await one.fops.lease({ gfid: file, lease: { ...lease, cmd: LeaseCmd.set } });
    expect(one.leases()).toEqual([{ gfid: file, leaseId, leaseType: LeaseType.readWrite, epoch: undefined }]);
    const opening = two.fops.open({ gfid: file, flags: OpenFlags.rdwr });
    expect(await recalled).toMatchObject({ gfid: file, leases: [{ leaseId }] });
    await one.fops.lease({ gfid: file, lease: { ...lease, cmd: LeaseCmd.unlock } });
    expect(one.leases()).toEqual([]);
    expect((await opening).opRet).toBe(0);
  });
});

describe("who may connect to a stock brick", () => {
  it("is who has the password of a user that is let in", async () => {
    const serverOptions = ["option auth.login.s0.allow alice", "option auth.login.alice.password secret"];
    const { port } = await startStockBrick(scratch, { name: "s0", serverOptions });
    const as = (username?: string, password?: string) =>
      newClient(at(port), "s0", username === undefined ? {} : { username, password }).connect();
    await expect(as("alice", "secret")).resolves.toBeUndefined();
    await expect(as("alice", "guess")).rejects.toMatchObject({ code: "CLIENT_AUTH_REFUSED" });
    await expect(as("bob", "secret")).rejects.toMatchObject({ code: "CLIENT_AUTH_REFUSED" });
    await expect(as()).rejects.toMatchObject({ code: "CLIENT_AUTH_REFUSED" });
  });

  it("is who comes from an address that is let in, and knows the brick's name", async () => {
    const near = await startStockBrick(scratch, {
      name: "s0",
      serverOptions: ["option auth.addr.s0.allow 127.*"],
    });
    const far = await startStockBrick(scratch, {
      name: "s1",
      serverOptions: ["option auth.addr.s1.allow 10.1.1.1"],
    });
    await expect(newClient(at(near.port), "s0").connect()).resolves.toBeUndefined();
    await expect(newClient(at(near.port), "s9").connect()).rejects.toMatchObject({
      code: "CLIENT_BRICK_UNKNOWN",
    });
    await expect(newClient(at(far.port), "s1").connect()).rejects.toMatchObject({
      code: "CLIENT_AUTH_REFUSED",
    });
  });

  it("is who shows a certificate of its authority, over TLS", async () => {
    const made = await generate([{ name: "commonName", value: "brick" }], {
      algorithm: "sha256",
      extensions: [{ name: "basicConstraints", cA: true, critical: true }],
    });
    for (const [name, pem] of [
      ["cert", made.cert],
      ["key", made.private],
    ] as const) {
      writeFileSync(scratch.path(`tls.${name}`), pem);
    }
    const serverOptions = [
      "option auth.addr.s0.allow *",
      "option auth.login.s0.ssl-allow brick",
      "option transport.socket.ssl-enabled on",
      `option transport.socket.ssl-own-cert ${scratch.path("tls.cert")}`,
      `option transport.socket.ssl-private-key ${scratch.path("tls.key")}`,
      `option transport.socket.ssl-ca-list ${scratch.path("tls.cert")}`,
    ];
    const { port } = await startStockBrick(scratch, { name: "s0", serverOptions });
    const tls = createTlsTransport({ cert: made.cert, key: made.private, ca: made.cert });
    const client = newClient(`tls://127.0.0.1:${port}`, "s0", {}, tls);
    await client.connect();
    const { fd } = await create(client);
    expect((await client.fops.write({ gfid: file, fd, offset: 0, payload: Uint8Array.of(1) })).opRet).toBe(1);
    await expect(newClient(at(port), "s0").connect()).rejects.toMatchObject({
      tag: expect.stringMatching(/^(Rpc|Transport)Error$/),
    });
  });
});

describe("a stock brick that is killed and started again", () => {
  it("is connected to again, and the client tells which fds and leases are lost", async () => {
    const volumeId = randomUUID();
    const options = { name: "s0", leases: { recallSeconds: 60 }, volumeId };
    const brick = await startStockBrick(scratch, options);
    const client = newClient(at(brick.port), "s0", { reconnect: { delayMaxMs: 200 } });
    await client.connect();
    const before = client.capabilities?.processUuid;
    const events = client.events();
    const { fd } = await create(client);
    const leaseId = leaseIdFromRandom(new Uint8Array(15).fill(9));
    const { fd: leased } = await client.fops.open({
      gfid: file,
      flags: OpenFlags.rdwr,
      xdata: new Map([["lease-id", { type: "ptr", value: Buffer.from(leaseId, "hex") }]]),
    });
    await client.fops.release({ gfid: file, fd: leased });
    await client.fops.release({ gfid: file, fd });
    await client.fops.lease({
      gfid: file,
      lease: { cmd: LeaseCmd.set, leaseType: LeaseType.read, leaseId, leaseFlags: 0 },
    });
    const open = await client.fops.opendir({ gfid: ROOT_GFID });
    await brick.stop("SIGKILL");
    await startStockBrick(scratch, { ...options, port: brick.port, directory: brick.directory });
    const next = async (): Promise<ClientEvent | undefined> => (await events.next()).value;
    expect(await next()).toMatchObject({
      type: "lost",
      session: 1,
      fds: [{ fd: open.fd, gfid: ROOT_GFID, isDirectory: true }],
      leases: [{ gfid: file, leaseId }],
    });
    expect(await next()).toMatchObject({ type: "up", session: 2 });
    expect(client.capabilities?.processUuid).not.toBe(before);
    await expect(client.fops.releasedir({ gfid: ROOT_GFID, fd: open.fd })).rejects.toMatchObject({
      code: "CLIENT_STALE_FD",
    });
    const found = await client.fops.lookup({ gfid: ROOT_GFID, pargfid: ROOT_GFID, bname: "file" });
    expect(found.prestat.gfid).toBe(file);
  });
});

describe("glusterd", () => {
  it("says where its brick listens, again after the brick went to another port", async () => {
    const glusterd = await startGlusterd(scratch);
    const address = `tcp://${glusterd.host}:24007`;
    const client = newClient(address, glusterd.brick, { reconnect: { delayMaxMs: 200 } });
    await client.connect();
    const { fd } = await create(client);
    await client.fops.write({
      gfid: file,
      fd,
      offset: 0,
      payload: new TextEncoder().encode("through glusterd"),
    });
    await client.fops.flush({ gfid: file, fd });
    expect(readFileSync(`${glusterd.brick}/file`, "utf8")).toBe("through glusterd");
    await expect(newClient(address, "/no/such/brick").connect()).rejects.toMatchObject({
      code: "CLIENT_BRICK_UNKNOWN",
    });

    await glusterd.gluster("volume", "stop", "v");
    await until("the loss", () => !client.isUp);
    // While it is down glusterd knows no port of it, which a client that was up goes on asking for.
    await expect(newClient(address, glusterd.brick).connect()).rejects.toMatchObject({
      code: "CLIENT_BRICK_UNKNOWN",
    });
    await glusterd.gluster("volume", "start", "v");
    await until("the reconnect", () => client.isUp);
    expect(client.session).toBe(2);
    const found = await client.fops.lookup({ gfid: ROOT_GFID, pargfid: ROOT_GFID, bname: "file" });
    expect(found.prestat).toMatchObject({ gfid: file, size: 16 });
  });
});
