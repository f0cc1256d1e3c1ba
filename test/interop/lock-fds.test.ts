import type { BrickClient } from "@brickshift/brick-client";
import { type Gfid, gfidValue, LkCmd, LockType, parseGfid, ROOT_GFID } from "@brickshift/wire";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, it } from "vitest";
import { type ComparedBrick, ourBrick, stockBrick } from "./support/differential/two-bricks.js";
import { Scratch } from "./support/scratch.js";

/** Locks of each order: 3 takes a minute. */
const ORDER_LENGTH = Number(process.env["INTEROP_LOCK_ORDER_LENGTH"] ?? 2);
/** Orders that are tried at one time, each on a file of its own. */
const LANES = 4;
/** Ranges begin and end at multiples of 10 up to this. */
const BYTES = 30;

let scratch: Scratch;
beforeEach(() => {
  scratch = new Scratch();
});
afterEach(() => scratch.end());

interface LockStep {
  readonly fd: 0 | 1;
  readonly type: number;
  readonly start: number;
  readonly end: number;
}

const steps: LockStep[] = [];
for (const fd of [0, 1] as const)
  for (const type of [LockType.read, LockType.write, LockType.unlock])
    for (let start = 0; start < BYTES; start += 10)
      for (let end = start + 10; end <= BYTES; end += 10) steps.push({ fd, type, start, end });

function allOrders(): LockStep[][] {
  let orders: LockStep[][] = [[]];
  for (let length = 0; length < ORDER_LENGTH; length += 1) {
    orders = orders.flatMap((order) => steps.map((step) => [...order, step]));
  }
  // The first is a lock of the first fd: the other orders are the same with the fds' names changed, or shorter.
  return orders.filter(([first]) => first?.fd === 0 && first.type !== LockType.unlock);
}

/** Ours joins what touches, docs/deviations.md: what then comes over to another fd is more. */
function joinsWhatTouches(order: readonly LockStep[]): boolean {
  return order.some((one) =>
    order.some((other) => one.fd === other.fd && one.type === other.type && one.end === other.start),
  );
}

/** A file of one brick, on which one owner locks through two fds. */
class LockedFile {
  readonly #client: BrickClient;
  readonly #gfid: Gfid;

  constructor(client: BrickClient, gfid: Gfid) {
    this.#client = client;
    this.#gfid = gfid;
  }

  /** Takes the locks of an order through fds of its own, and releases one of them; the other. */
  async play(order: readonly LockStep[], released: 0 | 1): Promise<bigint> {
    const { fops } = this.#client;
    const gfid = this.#gfid;
    const open = async () => (await fops.open({ gfid, flags: 2 })).fd;
    const fds = [await open(), await open()] as const;
    for (const { fd, type, start, end } of order) {
      const range = { start: BigInt(start), len: BigInt(end - start) };
      const flock = { type, whence: 0, ...range, pid: 7, lkOwner: new Uint8Array() };
      const auth = { lkOwner: Uint8Array.of(1) };
      await this.#client.call("lk", { gfid, fd: fds[fd], cmd: LkCmd.setlk, type, flock }, { auth });
    }
    await fops.release({ gfid, fd: fds[released] });
    return fds[released === 0 ? 1 : 0];
  }

  async release(fd: bigint): Promise<void> {
    await this.#client.fops.release({ gfid: this.#gfid, fd });
  }

  /** The kinds of locks on each ten bytes. */
  async locked(): Promise<string> {
    const { locks } = await this.#client.fops.getactivelk({ gfid: this.#gfid });
    const kinds: string[] = [];
    for (let at = 0n; at < BYTES; at += 10n) {
      const held = locks.filter(({ flock }) => flock.start <= at && at < flock.start + flock.len);
      kinds.push(held.map(({ flock }) => (flock.type === LockType.read ? "read" : "write")).join("+"));
    }
    return kinds.join(",");
  }
}

async function makeFiles(brick: ComparedBrick): Promise<LockedFile[]> {
  const [client] = (await brick.connect()) as [BrickClient];
  scratch.onEnd(() => client.close());
  const files: LockedFile[] = [];
  for (let lane = 0; lane < LANES; lane += 1) {
    const gfid = parseGfid(`0000000${lane}-d1ff-4000-8000-000000000000`);
    const place = { pargfid: ROOT_GFID, bname: `file-${lane}`, flags: 0o102, mode: 0o600, umask: 0 };
    const { fd } = await client.fops.create({ ...place, xdata: new Map([["gfid-req", gfidValue(gfid)]]) });
    await client.fops.release({ gfid, fd });
    files.push(new LockedFile(client, gfid));
  }
  return files;
}

/** A stock brick may answer RELEASE a moment before the locks are gone: asks until there are these, and gives up in the end. */
async function lockedInTheEnd(file: LockedFile, expected: string): Promise<string> {
  let locked = await file.locked();
  for (let tries = 0; locked !== expected && tries < 100; tries += 1) {
    await sleep(2);
    locked = await file.locked();
  }
  return locked;
}

it(`ends the same of an owner's locks with either of two fds as a stock brick, in all orders of ${ORDER_LENGTH}`, async () => {
  const [ours, stock] = [
    await makeFiles(await ourBrick(scratch)),
    await makeFiles(await stockBrick(scratch)),
  ];
  const plays = allOrders().flatMap((order) => [0, 1].map((released) => [order, released as 0 | 1] as const));
  const wrong: string[] = [];
  const ends = new Map<string, number>();
  let next = 0;
  const lane = async (one: LockedFile, other: LockedFile) => {
    for (let play = plays[next]; play !== undefined; play = plays[next]) {
      next += 1;
      const [ourFd, stockFd] = [await one.play(...play), await other.play(...play)];
      const left = await one.locked();
      const stockLeft = await lockedInTheEnd(other, left);
      ends.set(left, (ends.get(left) ?? 0) + 1);
      if (left !== stockLeft && !joinsWhatTouches(play[0])) {
        wrong.push(`${JSON.stringify(play)}: ${left} instead of ${stockLeft}`);
      }
      await Promise.all([one.release(ourFd), other.release(stockFd)]);
      expect(await lockedInTheEnd(other, ",,")).toBe(",,");
    }
  };
  await Promise.all(ours.map((file, at) => lane(file, stock[at] as LockedFile)));
  expect(wrong).toEqual([]);
  // The orders are worth nothing if the fds ended nothing, or everything.
  for (const left of [",,", "read,read,read", "write,write,write", "read,,", ",,write", "read,write,"]) {
    expect(ends.get(left)).toBeGreaterThan(0);
  }
});
