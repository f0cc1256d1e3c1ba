import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { BrickClient } from "@brickshift/brick-client";
import {
  ANONYMOUS_FD,
  type Gfid,
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
import { afterEach, expect, it } from "vitest";
import { clientOf, EmulatorProcess } from "./emulator-process.js";
import { RelayProcess } from "./peers/relay-process.js";

/** Connections opened at once; by hand up to 4,000, the limit of a brick. */
const CONNECTIONS = Number(process.env["BRICKSHIFT_CONNECTIONS"] ?? 1_000);
const ROUNDS = 3;
/** Clients among them that hold something. */
const HOLDERS = 24;
const MIB = 1_048_576;
/** What rounds may leave in memory that one before has not: what the garbage collector has not come to. */
const RSS_GROWTH_MAX = 128 * MIB;

const toEnd: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of toEnd.splice(0).toReversed()) await end();
});

async function startBrick(...more: readonly string[]) {
  const serve = ["serve", "--brick", "b0=never-made", "--memory", "--json", "--log-level", "debug"];
  const emulator = new EmulatorProcess([...serve, ...more], { keepsOutput: true });
  toEnd.push(async () => emulator.end("SIGKILL"));
  const address = await emulator.listening();
  const port = Number(new URL(address).port);
  const connectClient = async (at = address) => {
    const client = await clientOf(at, "b0");
    toEnd.push(async () => client.close());
    return client;
  };
  return { emulator, port, connectClient };
}

/** Looks until it is so: how long that takes decides nothing. */
async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await sleep(20);
}

const events = (emulator: EmulatorProcess, name: string) =>
  emulator.output.split("\n").flatMap((line) => {
    if (!line.includes(`"event":"${name}"`)) return [];
    return [JSON.parse(line) as Readonly<Record<string, unknown>>];
  });
const openFiles = ({ child }: EmulatorProcess) => readdirSync(`/proc/${child.pid}/fd`).length;
function rssBytes({ child }: EmulatorProcess): number {
  const status = readFileSync(`/proc/${child.pid}/status`, "utf8");
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) * 1_024;
}

let made = 0;
async function newFile({ fops }: BrickClient): Promise<{ readonly gfid: Gfid; readonly fd: bigint }> {
  made += 1;
  const gfid = parseGfid(`cccccccc-0000-4000-8000-${made.toString(16).padStart(12, "0")}`);
  const xdata = new Map([["gfid-req", gfidValue(gfid)]]);
  const how = { flags: OpenFlags.rdwr, mode: 0o100644 };
  const { fd } = await fops.create({ pargfid: ROOT_GFID, bname: gfid, ...how, xdata });
  return { gfid, fd };
}

const write = ({ fops }: BrickClient, gfid: Gfid, length = 4) =>
  fops.write({ gfid, fd: ANONYMOUS_FD, offset: 0, payload: new Uint8Array(length).fill(1) });

async function takeLease({ fops }: BrickClient, gfid: Gfid): Promise<void> {
  made += 1;
  const random = new Uint8Array(15).fill(1);
  new DataView(random.buffer).setUint32(0, 0x01010101 + made);
  const lease = { cmd: LeaseCmd.set, leaseType: LeaseType.readWrite, leaseFlags: 0 };
  const xdata = xdataOf({ leaseScope: "data" });
  await fops.lease({ gfid, lease: { ...lease, leaseId: leaseIdFromRandom(random) }, xdata });
}

async function lockAll({ fops }: BrickClient, gfid: Gfid): Promise<void> {
  const flock = { type: LockType.write, whence: 0, start: 0n, len: 0n, pid: 1, lkOwner: new Uint8Array() };
  await fops.lk({ gfid, fd: ANONYMOUS_FD, cmd: LkCmd.setlk, type: LockType.write, flock });
}

/** Opens sockets that send the beginning of a record of many bytes, or nothing. */
async function openSockets(port: number, count: number, beginning: Uint8Array): Promise<readonly Socket[]> {
  return Promise.all(
    Array.from({ length: count }, async () => {
      const socket = connect({ port, host: "127.0.0.1" });
      toEnd.push(async () => void socket.destroy());
      socket.on("error", () => {});
      await once(socket, "connect");
      socket.write(beginning);
      return socket;
    }),
  );
}

/** The mark of a record of 8 MiB, and its first hundred bytes. */
const halfRecord = Buffer.alloc(104);
halfRecord.writeUInt32BE(0x8000_0000 + 8 * MIB);

it(`gets everything back from ${ROUNDS} times ${CONNECTIONS} connections that are reset at once`, async () => {
  const { emulator, port, connectClient } = await startBrick("--recall-timeout", "infinite");
  const friend = await connectClient();
  const before = openFiles(emulator);
  const rss: number[] = [];
  for (let round = 1; round <= ROUNDS; round += 1) {
    const { relay, address } = await RelayProcess.start(port);
    toEnd.push(async () => relay.end());
    const files = await Promise.all(
      Array.from({ length: HOLDERS }, async () => {
        const holder = await connectClient(address);
        const { gfid } = await newFile(holder);
        await lockAll(holder, gfid);
        await takeLease(holder, gfid);
        return gfid;
      }),
    );
    const sockets = await openSockets(port, CONNECTIONS, halfRecord);
    await until(() => openFiles(emulator) >= before + HOLDERS + CONNECTIONS);
    await relay.order("reset", /^closed$/, HOLDERS);
    for (const socket of sockets) socket.resetAndDestroy();
    await relay.end();
    // Locks and leases are free for the next, who would wait for ever otherwise.
    for (const gfid of files) {
      await until(async () => (await friend.fops.getactivelk({ gfid })).opRet === 0);
      expect((await write(friend, gfid)).opRet).toBe(4);
      await friend.fops.unlink({ pargfid: ROOT_GFID, bname: gfid });
    }
    await until(() => openFiles(emulator) <= before);
    const closed = () => events(emulator, "session-closed").map(({ fds, locks }) => ({ fds, locks }));
    await until(() => closed().length >= HOLDERS * round);
    expect(closed()).toEqual(Array.from({ length: HOLDERS * round }, () => ({ fds: 1, locks: 1 })));
    rss.push(rssBytes(emulator));
  }
  expect(Math.max(...rss) - (rss[0] ?? 0)).toBeLessThan(RSS_GROWTH_MAX);
  expect(events(emulator, "fault")).toEqual([]);
  expect(await emulator.end("SIGTERM")).toBe(0);
}, 600_000);

it("refuses connections beyond its limit with a line in the log, and takes others once there is room", async () => {
  const { emulator, port, connectClient } = await startBrick("--connections-max", "20");
  const friend = await connectClient();
  const { gfid } = await newFile(friend);
  const files = openFiles(emulator);
  const sockets = await openSockets(port, 120, new Uint8Array(0));
  const closed = () => sockets.filter((socket) => socket.closed).length;
  await until(() => closed() === 101);
  const refused = () => events(emulator, "connection-refused").length;
  await until(() => refused() >= 101);
  expect(refused()).toBe(101);
  expect((await write(friend, gfid)).opRet).toBe(4);
  for (const socket of sockets) socket.resetAndDestroy();
  await until(() => openFiles(emulator) <= files);
  expect((await write(await connectClient(), gfid)).opRet).toBe(4);
  expect(await emulator.end("SIGTERM")).toBe(0);
}, 600_000);

it("ends peers that fall silent in the middle of a record, and holds no more than they sent", async () => {
  const { emulator, port, connectClient } = await startBrick("--record-timeout", "1000");
  const friend = await connectClient();
  const { gfid } = await newFile(friend);
  const before = { files: openFiles(emulator), rss: rssBytes(emulator) };
  // Together they announce more than this machine may have.
  const sockets = await openSockets(port, 500, halfRecord);
  expect((await write(friend, gfid)).opRet).toBe(4);
  await until(() => sockets.every((socket) => socket.closed));
  const ends = () => events(emulator, "connection-closed");
  await until(() => ends().length >= 500);
  expect(ends().map(({ code }) => code)).toEqual(Array<string>(500).fill("TRANSPORT_STALLED"));
  expect(rssBytes(emulator) - before.rss).toBeLessThan(RSS_GROWTH_MAX);
  await until(() => openFiles(emulator) <= before.files);
  expect((await write(friend, gfid)).opRet).toBe(4);
}, 600_000);

it("revokes the lease of a process that was stopped in the middle of a record, and ends it", async () => {
  const options = ["--record-timeout", "2000", "--recall-timeout", "200"];
  const { emulator, port, connectClient } = await startBrick(...options);
  const friend = await connectClient();
  const { relay, address } = await RelayProcess.start(port);
  toEnd.push(async () => relay.end());
  const stopped = await connectClient(address);
  const [{ gfid }, own] = [await newFile(stopped), await newFile(friend)];
  await lockAll(stopped, gfid);
  await takeLease(stopped, gfid);
  await relay.order("half", /^halving$/);
  const lost = write(stopped, gfid, 100_000).then(
    () => "answered",
    (error: { code?: string }) => error.code,
  );
  await relay.said(/^half$/);
  relay.child.kill("SIGSTOP");
  // Others go on at once, and on the leased file once the lease is revoked: it neither hears nor answers a recall.
  expect((await write(friend, own.gfid)).opRet).toBe(4);
  expect((await write(friend, gfid)).opRet).toBe(4);
  await until(() => events(emulator, "revoke").length > 0);
  expect(events(emulator, "revoke")).toMatchObject([{ gfid, reason: "recall-timeout" }]);
  await until(() => events(emulator, "connection-closed").length > 0);
  expect(events(emulator, "session-closed")).toMatchObject([{ fds: 1, locks: 1 }]);
  expect(events(emulator, "connection-closed")).toMatchObject([{ code: "TRANSPORT_STALLED" }]);
  await lockAll(friend, gfid);
  relay.child.kill("SIGCONT");
  await relay.said(/^closed$/);
  expect(await lost).not.toBe("answered");
  expect((await friend.fops.fstat({ gfid, fd: ANONYMOUS_FD })).stat.size).toBe(4);
}, 600_000);
