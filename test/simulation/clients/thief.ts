import {
  ANONYMOUS_FD,
  type Dict,
  type Epoch,
  LeaseCmd,
  leaseIdFromRandom,
  LeaseType,
  xdataOf,
} from "@brickshift/wire";
import type { SeenLease, Theft } from "../thefts.js";
import { bytesOf } from "./block.js";
import type { FileClient } from "./file-client.js";

/** Of the leases that were granted last, so many may be held yet. */
const RECENT = 4;
/** A value that nobody may ever read: what a thief writes is refused. */
const STOLEN_VALUE = 0xdead_0000;

/**
 * A client that knows the leases of others, by listening or by a guess, and tries to end them, to have its fops let in by them, to
 * commit under them, and to make more of them. Nothing of it may succeed or change anything.
 */
export async function thief(client: FileClient): Promise<void> {
  const { plan, random, isEnding, thefts, process } = client.world;
  for (let count = 0; count < plan.operations && !isEnding(); count += 1) {
    const lease = await nextLease(client);
    if (lease === undefined || thefts === undefined) return;
    // Leases of small files are held for a moment only: it is quick.
    await process.pause(random.next() * 2);
    const theft = random.pick(["use", "use", "unlock", "upgrade"] as const);
    thefts.plan(plan.name, theft, lease);
    await attempt(client, theft, lease);
  }
}

/** Waits for a lease to be granted to somebody else. */
async function nextLease({ world }: FileClient): Promise<SeenLease | undefined> {
  const { thefts, process, random, plan, isEnding } = world;
  if (thefts === undefined) throw new Error("a thief knows of leases by what it hears, and nobody listens");
  const last = thefts.seen.at(-1);
  for (let tries = 0; tries < 400 && !isEnding(); tries += 1) {
    const others = thefts.seen.slice(-RECENT).filter(({ owner }) => owner !== plan.name);
    if (others.length > 0 && (thefts.seen.at(-1) !== last || random.chance(0.02))) return random.pick(others);
    await process.pause(1 + random.next() * 4);
  }
  return undefined;
}

/** What it tries, and how it fares: only the brick's state tells whether something came of it. */
async function attempt(client: FileClient, theft: Theft, lease: SeenLease): Promise<void> {
  const { bricks, random, onViolation } = client.world;
  const { fops } = bricks[lease.brick] ?? bricks[0];
  const isGuess = random.chance(0.2);
  const leaseId = isGuess ? leaseIdFromRandom(random.bytes(15)) : lease.leaseId;
  const epoch = isGuess ? ((lease.epoch + BigInt(random.below(3))) as Epoch) : lease.epoch;
  const named = xdataOf({ leaseId, leaseEpoch: epoch });
  const calls: { readonly [T in Theft]: () => Promise<unknown> } = {
    use: () => use(client, lease, named),
    unlock: () => {
      const unlock = { cmd: LeaseCmd.unlock, leaseType: LeaseType.none, leaseId, leaseFlags: 0 };
      const said = random.chance(0.5) ? null : xdataOf({ leaseEpoch: epoch, published: epoch });
      return fops.lease({ gfid: lease.gfid, lease: unlock, xdata: said });
    },
    upgrade: () => {
      const more = { cmd: LeaseCmd.set, leaseType: LeaseType.readWrite, leaseId, leaseFlags: 0 };
      return fops.lease({ gfid: lease.gfid, lease: more, xdata: xdataOf({ leaseScope: "data" }) });
    },
  };
  const isDone = await calls[theft]().then(
    () => true,
    () => false,
  );
  if (isDone && theft === "use") onViolation(`a fop that names a lease of ${lease.owner} was let in`);
  if (!isDone || theft !== "upgrade") return;
  // A lease of its own, once the other had ended: it has no use for that.
  const unlock = { cmd: LeaseCmd.unlock, leaseType: LeaseType.none, leaseId, leaseFlags: 0 };
  await fops.lease({ gfid: lease.gfid, lease: unlock, xdata: null }).catch(() => {});
}

function use(client: FileClient, { brick, gfid }: SeenLease, named: Dict): Promise<unknown> {
  const { bricks, random } = client.world;
  const { fops } = bricks[brick] ?? bricks[0];
  const at = { gfid, fd: ANONYMOUS_FD, offset: 0 };
  switch (random.below(3)) {
    case 0:
      return fops.write({
        ...at,
        payload: bytesOf(STOLEN_VALUE, 1, client.world.history.blockBytes),
        xdata: named,
      });
    case 1:
      return fops
        .read({ ...at, size: client.world.history.blockBytes, xdata: named })
        .then(({ release }) => release());
    default:
      return fops.setxattr({
        gfid,
        flags: 0,
        dict: xdataOf({ migration: "commit", linkto: "b1" }),
        xdata: named,
      });
  }
}
