import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BrickClient, createBrickClient } from "@brickshift/brick-client";
import { nodeScheduler } from "@brickshift/rpc";
import { seededRandom } from "@brickshift/testkit";
import { createTlsTransport } from "@brickshift/transport-net";
import {
  ANONYMOUS_FD,
  type Dict,
  type Epoch,
  Errno,
  getXdata,
  gfidValue,
  LeaseCmd,
  leaseIdFromRandom,
  LeaseType,
  LkCmd,
  LockType,
  OpenFlags,
  parseGfid,
  ROOT_GFID,
  xdataOf,
} from "@brickshift/wire";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { EmulatorProcess } from "./emulator-process.js";
import { makeAuthority, type TestAuthority } from "./test-authority.js";

const directory = mkdtempSync(join(tmpdir(), "emulator-tls-"));
const gfid = parseGfid("11111111-2222-4333-8444-555555555555");
const leaseId = leaseIdFromRandom(new Uint8Array(15).fill(5));

let authority: TestAuthority;
let emulator: EmulatorProcess;
let address: string;
const clients: BrickClient[] = [];

beforeAll(async () => {
  authority = await makeAuthority();
  const { cert, key } = await authority.issue("brick");
  const path = (name: string, text: string) => {
    writeFileSync(join(directory, name), text);
    return join(directory, name);
  };
  emulator = new EmulatorProcess([
    ...["serve", "--brick", "b0=never-made", "--memory", "--listen", "127.0.0.1:0", "--json"],
    ...["--recall-timeout", "infinite", "--tls-cert", path("cert", cert), "--tls-key", path("key", key)],
    ...["--tls-ca", path("ca", authority.ca)],
  ]);
  address = await emulator.listening();
});
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()));
});
afterAll(async () => {
  await emulator.end("SIGKILL");
  rmSync(directory, { recursive: true, force: true });
});

/** Who holds a certificate for `name`. All say to the brick that they are one process: their chance is the same. */
async function holder(name: string): Promise<() => Promise<BrickClient>> {
  const identity = await authority.issue(name);
  return async () => {
    const client = createBrickClient({
      transport: createTlsTransport({ ...identity, ca: authority.ca }),
      address,
      brick: "b0",
      scheduler: nodeScheduler,
      random: seededRandom(1),
      options: { auth: { pid: 7 }, reconnect: { startAttemptsMax: 1 } },
    });
    clients.push(client);
    await client.connect();
    return client;
  };
}

async function newFile({ fops }: BrickClient): Promise<bigint> {
  await fops.unlink({ pargfid: ROOT_GFID, bname: "f" }).catch(() => {});
  const xdata = new Map([["gfid-req", gfidValue(gfid)]]);
  const { fd } = await fops.create({
    ...{ pargfid: ROOT_GFID, flags: OpenFlags.rdwr | OpenFlags.excl, mode: 0o100644, bname: "f", xdata },
  });
  return fd;
}

const write = ({ fops }: BrickClient, text: string, xdata: Dict | null = null) =>
  fops.write({ gfid, fd: ANONYMOUS_FD, offset: 0, payload: Buffer.from(text), xdata });

async function content({ fops }: BrickClient): Promise<string> {
  const xdata = xdataOf({ leaseId });
  const { payload } = await fops.read({ gfid, fd: ANONYMOUS_FD, offset: 0, size: 99, xdata });
  return Buffer.from(payload).toString();
}

async function lease({ fops }: BrickClient, cmd: number, leaseEpoch?: Epoch) {
  const asked = { cmd, leaseType: LeaseType.readWrite, leaseId, leaseFlags: 0 };
  const scope = cmd === LeaseCmd.set ? { leaseScope: "data" as const } : {};
  const xdata = xdataOf({ ...scope, ...(leaseEpoch !== undefined && { leaseEpoch }) });
  const reply = await fops.lease({ gfid, lease: asked, xdata });
  return { type: reply.lease.leaseType, epoch: getXdata(reply.xdata, "leaseEpoch") ?? (0n as Epoch) };
}

const recalled = (client: BrickClient) => new Promise((resolve) => client.onRecall(resolve));

describe("a lease over TLS, by one process-uuid", () => {
  it("is neither used nor given back by who has another certificate", async () => {
    const [alice, bob] = [await (await holder("alice"))(), await (await holder("bob"))()];
    await newFile(alice);
    await write(alice, "of alice");
    const { epoch } = await lease(alice, LeaseCmd.set);
    const recall = recalled(alice);

    // As if it were bob's own.
    const revoked = { errno: Errno.EKEYREVOKED };
    const notHis = { errno: Errno.EINVAL };
    await expect(lease(bob, LeaseCmd.unlock, epoch)).rejects.toMatchObject(notHis);
    await expect(lease(bob, LeaseCmd.unlock)).rejects.toMatchObject(notHis);
    await expect(write(bob, "x", xdataOf({ leaseId, leaseEpoch: epoch }))).rejects.toMatchObject(revoked);
    expect((await lease(alice, LeaseCmd.get)).type).toBe(LeaseType.readWrite);

    // Under its id alone bob waits for it like anybody else, for as long as alice has it.
    const writing = write(bob, "OF BOB", xdataOf({ leaseId }));
    await recall;
    expect(await content(alice)).toBe("of alice");
    await write(alice, "by alice", xdataOf({ leaseId, leaseEpoch: epoch }));
    expect(await content(alice)).toBe("by alice");
    await lease(alice, LeaseCmd.unlock, epoch);
    expect((await writing).opRet).toBe(6);
    expect(await content(bob)).toBe("OF BOBce");
  });

  it("is the same holder's over another connection, and ends with the last", async () => {
    const [alice, bob] = [await holder("alice"), await holder("bob")];
    const [one, other] = [await alice(), await bob()];
    await newFile(one);
    const { epoch } = await lease(one, LeaseCmd.set);
    const two = await alice();
    expect((await write(two, "second", xdataOf({ leaseId, leaseEpoch: epoch }))).opRet).toBe(6);
    await one.close();
    expect((await write(two, "SECOND", xdataOf({ leaseId, leaseEpoch: epoch }))).opRet).toBe(6);
    const recall = recalled(two);
    const writing = write(other, "bob");
    await recall;
    await two.close();
    expect((await writing).opRet).toBe(3);
    const again = await alice();
    await expect(write(again, "late", xdataOf({ leaseId, leaseEpoch: epoch }))).rejects.toMatchObject({
      errno: Errno.EKEYREVOKED,
    });
    expect(await content(again)).toBe("bobOND");
  });
});

it("fds and locks over TLS are those of the certificate's holder", async () => {
  const [alice, bob] = [await holder("alice"), await holder("bob")];
  const [one, other] = [await alice(), await bob()];
  const fd = await newFile(one);
  const flock = { type: LockType.write, whence: 0, start: 0n, len: 0n, pid: 7, lkOwner: new Uint8Array() };
  const lock = { gfid, cmd: LkCmd.setlk, type: LockType.write, flock };
  await one.fops.lk({ ...lock, fd });
  const unlock = { ...lock, type: LockType.unlock, flock: { ...flock, type: LockType.unlock } };
  const through = { fd: ANONYMOUS_FD };
  await other.fops.lk({ ...unlock, ...through });
  await expect(other.fops.lk({ ...lock, ...through })).rejects.toMatchObject({ errno: Errno.EAGAIN });
  const two = await alice();
  await two.fops.lk({ ...unlock, ...through });
  expect((await other.fops.lk({ ...lock, ...through })).opRet).toBe(0);
});
