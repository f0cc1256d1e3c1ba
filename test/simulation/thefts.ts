import type { ClientUid, Epoch, Gfid, LeaseId } from "@brickshift/wire";
import type { Mark } from "./marks.js";
import type { BrickNumber } from "./scenario.js";
import type { CallEvent } from "./world/record-watch.js";
import type { VirtualBrick } from "./world/virtual-brick.js";

/** A lease that was granted to somebody, as one who listens on the line knows it. */
export interface SeenLease {
  readonly brick: BrickNumber;
  /** Name of the process that holds it. */
  readonly owner: string;
  readonly gfid: Gfid;
  readonly leaseId: LeaseId;
  readonly epoch: Epoch;
}

/** What is tried with a lease of somebody else. */
export type Theft = "use" | "unlock" | "upgrade";

const SEEN_MAX = 32;
const marks = {
  use: "theft-of-use-refused",
  unlock: "theft-by-unlock-refused",
  upgrade: "theft-by-upgrade-refused",
} as const satisfies Record<Theft, Mark>;

interface Before {
  readonly leases: number;
  readonly isHeld: boolean;
  readonly isLinked: boolean;
  readonly changes: number;
}

/** Knows every lease that is granted, and watches that nobody but its owner and the brick ends or uses it. */
export class Thefts {
  /** The leases that were granted last. */
  readonly seen: SeenLease[] = [];
  readonly #bricks: readonly VirtualBrick[];
  readonly #reach: (mark: Mark) => void;
  readonly #violate: (text: string) => void;
  /** What each thief is about to do. */
  readonly #plans = new Map<string, { readonly theft: Theft; readonly lease: SeenLease }>();
  readonly #before = new Map<string, Before>();
  /** Counts whatever ends a lease with good reason. */
  #changes = 0;
  /** Publications that run: each may give its lease back, some time before it is answered. */
  #publishing = 0;

  constructor(bricks: readonly VirtualBrick[], reach: (mark: Mark) => void, violate: (text: string) => void) {
    this.#bricks = bricks;
    this.#reach = reach;
    this.#violate = violate;
  }

  /** The next call of `thief` to that brick is this one. */
  plan(thief: string, theft: Theft, lease: SeenLease): void {
    this.#plans.set(`${thief}-b${lease.brick}`, { theft, lease });
  }

  /** A lease may have ended by the word of its owner, of the brick, or with a process. */
  changed(): void {
    this.#changes += 1;
  }

  onCall({ link, call, what, errno, granted }: CallEvent): void {
    // Of the calls of a thief one that makes a connection anew may come before what was planned.
    if (call === "other") return;
    if (call === "migration-publish") this.#onPublish(what);
    const plan = this.#plans.get(link);
    if (plan === undefined) {
      if (call === "lease-unlock" && what === "arrived") this.changed();
      if (granted !== undefined) this.#see(link, granted);
      return;
    }
    if (what === "arrived") this.#before.set(link, this.#look(plan.lease));
    const before = this.#before.get(link);
    if (what !== "answered" || before === undefined) return;
    this.#plans.delete(link);
    this.#before.delete(link);
    this.#judge(plan, before, errno);
  }

  #onPublish(what: CallEvent["what"]): void {
    if (what === "arrived") this.#publishing += 1;
    if (what !== "answered" && what !== "lost-running") return;
    this.#publishing -= 1;
    this.changed();
  }

  #judge(
    { theft, lease }: { readonly theft: Theft; readonly lease: SeenLease },
    before: Before,
    errno: number,
  ): void {
    const after = this.#look(lease);
    // With its object a lease ends for a good reason, also with one that has no name and is closed.
    if (after.changes !== before.changes || this.#publishing > 0 || !after.isLinked) return;
    const who = `the lease ${lease.leaseId} of ${lease.owner} on b${lease.brick}`;
    if (after.leases < before.leases || (before.isHeld && !after.isHeld))
      this.#violate(`somebody else ended ${who} by a theft: ${theft}`);
    // An UNLOCK that names no epoch is answered with success when nobody knows the lease, as a stock brick does.
    if (before.isHeld && errno === 0 && theft !== "unlock")
      this.#violate(`somebody else used ${who}: ${theft}`);
    if (before.isHeld && after.isHeld) this.#reach(marks[theft]);
  }

  #look({ brick: number, owner, gfid, leaseId, epoch }: SeenLease): Before {
    const brick = this.#bricks[number]?.brick;
    const uid = [...(brick?.clients.keys() ?? [])].find((client: ClientUid) =>
      client.includes(`HOST:${owner}-`),
    );
    const isHeld = uid !== undefined && brick?.gate.holdsExclusive(gfid, uid, leaseId, epoch) === true;
    const isLinked = brick?.tree.isLinked(gfid) === true;
    return { leases: brick?.gate.usage.leases ?? 0, isHeld, isLinked, changes: this.#changes };
  }

  #see(link: string, granted: NonNullable<CallEvent["granted"]>): void {
    const [owner = "", brick] = link.split("-");
    this.seen.push({ ...granted, owner, brick: Number(brick?.slice(1)) as BrickNumber });
    if (this.seen.length > SEEN_MAX) this.seen.shift();
  }
}
