import { deepEqual, equal, ok } from "node:assert/strict";
import { type SeededRandom, seededRandom } from "@brickshift/testkit";
import type { ClientUid, Epoch, Gfid, LeaseId } from "@brickshift/wire";
import { isProtocolError } from "@brickshift/wire";
import {
  createLeaseManager,
  type Gate,
  type GatedFop,
  gateRows,
  type LeaseEffect,
  type LeaseManager,
  type LeaseName,
  type LeaseRequest,
  leasesConflict,
  type LeaseType,
  verdict,
} from "../src/index.js";
import { FIRST_EPOCH, leaseIdOf } from "./lease-scene.js";

interface WalkFop extends GatedFop {
  readonly n: number;
  readonly gfid: Gfid;
  /** The bytes that it changes. */
  readonly offset: number;
  readonly length: number;
}

interface HeldLease extends LeaseName {
  readonly scope: "open" | "data";
  readonly types: LeaseType[];
  isRecalled: boolean;
  deadlineMs: number;
}

type Walker =
  | { readonly kind: "fop"; readonly fop: WalkFop }
  | { readonly kind: "request"; readonly request: LeaseRequest };

const clients = ["alice", "bob", "carol", "runner"] as ClientUid[];
const gfids = ["f", "g", "h"] as Gfid[];
const gates = Object.keys(gateRows) as Gate[];
const fileBytes = 48;
const options = {
  recallTimeoutMs: 40,
  recallProgressMs: 15,
  recallCapMs: 80,
  leasesPerInodeMax: 5,
  blockedFopsMax: 8,
  queuedRequestsMax: 9,
  deadLeasesMax: 2,
  extentsMax: 4,
  extentsTotalMax: 6,
  trackedInodesMax: 2,
} as const;

/**
 * A seeded walk of several clients over several inodes. It keeps its own books from the answers and the
 * effects alone, and checks after each step that the manager kept its promises.
 */
export class LeaseWalk {
  readonly reached = new Map<string, number>();
  readonly #random: SeededRandom;
  readonly #manager: LeaseManager<WalkFop>;
  readonly #held = new Map<LeaseId, HeldLease>();
  readonly #running = new Set<WalkFop>();
  readonly #waiting = new Map<Gfid, Walker[]>(gfids.map((gfid) => [gfid, []]));
  readonly #bytes = new Map<Gfid, bigint[]>();
  #nowMs = 0;
  #count = 0;
  #lastEpoch: bigint = FIRST_EPOCH;

  constructor(seed: number) {
    this.#random = seededRandom(seed);
    this.#manager = createLeaseManager<WalkFop>(options, FIRST_EPOCH);
    for (const gfid of gfids)
      this.#bytes.set(
        gfid,
        Array.from({ length: fileBytes }, () => 0n),
      );
  }

  /** One random event, and all checks. */
  step(): void {
    // Rush and calm take turns: full queues and quick grants are both worth seeing.
    const isRush = this.#count % 400 < 200;
    const events: readonly (readonly [number, () => void])[] = [
      [30, () => this.#arrive()],
      [isRush ? 26 : 34, () => this.#finishOne()],
      [isRush ? 10 : 4, () => this.#request()],
      [isRush ? 8 : 12, () => this.#unlock()],
      [10, () => this.#advance()],
      [1, () => this.#disconnect(this.#random.pick(clients))],
      [1, () => this.#revoke()],
      [4, () => this.#askExtents()],
    ];
    let at = this.#random.below(events.reduce((sum, [weight]) => sum + weight, 0));
    for (const [weight, event] of events) {
      at -= weight;
      if (at >= 0) continue;
      this.#attempt(event);
      break;
    }
    this.#check();
  }

  /** Brings all to its end; nothing may be left. */
  end(): void {
    while (this.#running.size > 0 || this.#isAnybodyWaiting()) {
      for (const fop of this.#running) this.#finish(fop);
      this.#nowMs += options.recallCapMs;
      this.#manager.tick(this.#nowMs);
      this.#carryOut();
      this.#check();
    }
    for (const client of clients) this.#disconnect(client);
    for (const gfid of gfids) {
      this.#manager.forgetExtents(gfid);
      this.#manager.forgetInode(this.#manager.inode(gfid));
    }
    this.#nowMs += options.recallCapMs;
    this.#manager.tick(this.#nowMs);
    equal(this.#held.size, 0);
    ok(Object.values(this.#manager.usage).every((used) => used === 0));
    equal(this.#manager.deadlineMs, undefined);
  }

  #reach(what: string): void {
    this.reached.set(what, (this.reached.get(what) ?? 0) + 1);
  }

  /** A core that throws has changed nothing. */
  #attempt(event: () => void): void {
    const before = this.#manager.usage;
    try {
      event();
    } catch (error) {
      if (!isProtocolError(error)) throw error;
      this.#reach(error.code);
      deepEqual(this.#manager.usage, before);
      deepEqual(this.#manager.takeEffects(), []);
    }
    this.#carryOut();
  }

  #arrive(): void {
    const random = this.#random;
    const gfid = random.pick(gfids);
    const client = random.pick(clients);
    const lease = random.pick([...this.#held.values(), undefined]);
    const isUnder = lease !== undefined && random.chance(0.5);
    const fop: WalkFop = {
      n: this.#count++,
      gfid: isUnder ? lease.gfid : gfid,
      client: isUnder && random.chance(0.9) ? lease.client : client,
      gate: random.chance(0.6) ? random.pick(["write", "read"] as const) : random.pick(gates),
      leaseId: isUnder ? lease.leaseId : random.chance(0.1) ? leaseIdOf(`L${random.below(60)}`) : undefined,
      leaseEpoch: isUnder && random.chance(0.3) ? lease.epoch : undefined,
      isInternal: random.chance(0.1),
      isNonblocking: random.chance(0.1),
      offset: random.below(fileBytes),
      length: random.chance(0.05) ? Infinity : random.below(6),
    };
    const before = this.#waitingOn(fop.gfid).length;
    const admission = this.#manager.admit(this.#manager.inode(fop.gfid), fop, this.#nowMs);
    this.#reach(admission);
    if (admission === "proceed") {
      this.#checkOvertakesNoRequest(this.#waitingOn(fop.gfid), fop);
      this.#start(fop);
    }
    if (admission === "blocked") this.#waitingOn(fop.gfid).push({ kind: "fop", fop });
    else equal(this.#waitingOn(fop.gfid).length, before);
  }

  #start(fop: WalkFop): void {
    for (const lease of this.#leasesOn(fop.gfid)) {
      equal(this.#isInTheWay(lease, fop), false, `fop ${fop.n} runs under a foreign lease`);
    }
    this.#running.add(fop);
    if (gateRows[fop.gate].data !== "modifies") return;
    this.#manager.markModified(fop.gfid, fop.offset, fop.length);
    const bytes = this.#bytes.get(fop.gfid) ?? [];
    for (let byte = fop.offset; byte < Math.min(fileBytes, fop.offset + fop.length); byte += 1) {
      bytes[byte] = this.#manager.currentEpoch;
    }
  }

  #finishOne(): void {
    if (this.#running.size > 0) this.#finish(this.#random.pick([...this.#running]));
  }

  #finish(fop: WalkFop): void {
    this.#running.delete(fop);
    this.#manager.finish(this.#manager.inode(fop.gfid), fop, this.#nowMs);
    this.#carryOut();
  }

  #request(): void {
    const random = this.#random;
    const again = random.pick([...this.#held.values(), undefined]);
    const isAgain = again !== undefined && random.chance(again.scope === "open" ? 0.5 : 0.1);
    const gfid = isAgain ? again.gfid : random.pick(gfids);
    const request: LeaseRequest = {
      client: isAgain ? again.client : random.pick(clients),
      leaseId: isAgain ? again.leaseId : leaseIdOf(`L${this.#count++}`),
      type: random.pick(["read", "read-write"] as const),
      scope: isAgain && random.chance(0.9) ? again.scope : random.pick(["data", "data", "open"] as const),
      openFds: random.chance(0.1) ? [{ client: random.pick(clients), leaseId: undefined, writes: true }] : [],
    };
    const waiting = this.#waitingOn(gfid);
    if (waiting.some((walker) => walker.kind === "fop")) this.#reach("request behind blocked fops");
    // Pushed first, for its effect may come at once.
    waiting.push({ kind: "request", request });
    try {
      this.#manager.request(this.#manager.inode(gfid), request, this.#nowMs);
    } catch (error) {
      waiting.pop();
      throw error;
    }
  }

  #unlock(): void {
    const lease = this.#random.pick([...this.#held.values(), undefined]);
    if (lease === undefined) return;
    const client = this.#random.chance(0.9) ? lease.client : this.#random.pick(clients);
    const type = this.#random.pick([undefined, ...lease.types]);
    const inode = this.#manager.inode(lease.gfid);
    const outcome = this.#manager.unlock(inode, { client, leaseId: lease.leaseId, type }, this.#nowMs);
    deepEqual([outcome.type, client], ["unlocked", lease.client]);
    if (type === undefined) lease.types.length = 0;
    else lease.types.splice(lease.types.indexOf(type), 1);
    if (lease.types.length === 0) this.#held.delete(lease.leaseId);
  }

  #advance(): void {
    this.#nowMs += this.#random.below(25);
    this.#manager.tick(this.#nowMs);
  }

  #disconnect(client: ClientUid): void {
    for (const [gfid, waiting] of this.#waiting) {
      const fops = waiting.filter((walker) => walker.kind === "fop");
      if (this.#leasesOn(gfid).some((lease) => lease.client === client) && fops.length > 0) {
        this.#reach("disconnect of a holder with fops blocked");
      }
      if (fops.some(({ fop }) => fop.client === client)) this.#reach("disconnect of a blocked client");
    }
    this.#manager.disconnect(client, this.#nowMs);
    this.#carryOut();
    for (const waiting of this.#waiting.values()) {
      deepEqual(
        waiting.filter((walker) => clientOf(walker) === client),
        [],
      );
    }
  }

  #revoke(): void {
    this.#manager.revokeInode(this.#manager.inode(this.#random.pick(gfids)), this.#nowMs);
  }

  /** A reader of extents never misses a byte that was modified. */
  #askExtents(): void {
    const gfid = this.#random.pick(gfids);
    const back = BigInt(this.#random.below(6));
    const since = (this.#manager.currentEpoch - back) as Epoch;
    const extents = this.#manager.extentsSince(gfid, since);
    this.#reach(extents === "unknown" ? "extents unknown" : "extents known");
    if (extents === "unknown") return;
    if (this.#manager.coarsenedExtents(gfid) > 0) this.#reach("extents coarsened");
    for (const [byte, epoch] of (this.#bytes.get(gfid) ?? []).entries()) {
      if (epoch < since) continue;
      const isTold = extents.some(({ offset, length }) => offset <= byte && byte < offset + length);
      ok(isTold, `byte ${byte} was modified at ${epoch}, not told since ${since}`);
    }
  }

  #carryOut(): void {
    for (const effect of this.#manager.takeEffects()) this.#apply(effect);
  }

  #apply(effect: LeaseEffect<WalkFop>): void {
    switch (effect.type) {
      case "grant":
        return this.#granted(effect, effect.request);
      case "refuse":
      case "withdraw":
        this.#leave(effect.gfid, (walker) => walker.kind === "request" && walker.request === effect.request);
        return;
      case "recall":
        return this.#recalled(effect, effect.deadlineMs);
      case "revoke":
        return this.#revoked(effect, effect.reason);
      case "resume":
      case "reject":
      case "drop":
        this.#reach(effect.type);
        // Fails when it was not waiting: each blocked fop has one fate.
        this.#resumed(
          effect,
          this.#leave(effect.gfid, (walker) => walker.kind === "fop" && walker.fop === effect.fop),
        );
    }
  }

  #resumed({ type, fop }: { readonly type: string; readonly fop: WalkFop }, ahead: readonly Walker[]): void {
    if (type !== "resume") return;
    this.#checkOvertakesNoRequest(ahead, fop);
    this.#checkOrder(ahead, fop);
    this.#start(fop);
  }

  #granted(name: LeaseName, request: LeaseRequest): void {
    const { type, scope } = request;
    const held = this.#held.get(name.leaseId);
    const ahead = this.#leave(name.gfid, (walker) => walker.kind === "request" && walker.request === request);
    if (held !== undefined) {
      equal(name.epoch, held.epoch);
      held.types.push(type);
      this.#reach("granted again");
      return;
    }
    deepEqual(ahead, [], "somebody who came before the request still waits");
    equal(name.epoch, this.#lastEpoch + 1n, "epochs only grow");
    this.#lastEpoch = name.epoch;
    const lease = { ...name, scope, types: [type], isRecalled: false, deadlineMs: Infinity };
    for (const fop of this.#running) {
      if (fop.gfid !== name.gfid) continue;
      equal(this.#isInTheWay(lease, { ...fop, leaseId: undefined }) && isChange(fop, type), false);
    }
    this.#held.set(name.leaseId, lease);
  }

  #recalled(name: LeaseName, deadlineMs: number | undefined): void {
    const lease = this.#held.get(name.leaseId);
    equal(lease?.isRecalled, false, "a lease held is recalled once");
    equal(deadlineMs, this.#nowMs + options.recallTimeoutMs);
    if (lease === undefined) return;
    lease.isRecalled = true;
    lease.deadlineMs = this.#nowMs + options.recallCapMs;
    const isDraining = this.#waitingOn(name.gfid).some((walker) => walker.kind === "request");
    const runs = [...this.#running].some((fop) => fop.gfid === name.gfid && fop.gate === "write");
    if (isDraining && runs) this.#reach("recall during drain");
  }

  #revoked(name: LeaseName, reason: string): void {
    ok(this.#held.delete(name.leaseId), "a lease is revoked once, and while it is held");
    this.#reach(`revoke: ${reason}`);
    if (this.#waitingOn(name.gfid).length > 0) this.#reach("revoke with blocked fops");
  }

  /** Takes a walker out of the queue and returns those ahead of it. */
  #leave(gfid: Gfid, isIt: (walker: Walker) => boolean): Walker[] {
    const waiting = this.#waitingOn(gfid);
    const at = waiting.findIndex(isIt);
    ok(at >= 0, "whoever is answered has waited");
    waiting.splice(at, 1);
    return waiting.slice(0, at);
  }

  /** No fop runs while a request that came before it waits for fops of its kind to end. */
  #checkOvertakesNoRequest(ahead: readonly Walker[], fop: WalkFop): void {
    const own = fop.leaseId === undefined ? undefined : this.#held.get(fop.leaseId);
    // A recalled holder passes: those who wait, wait for its end.
    if (own?.client === fop.client && own.gfid === fop.gfid && own.isRecalled) return;
    const foreign = fop.isInternal ? "internal" : fop.leaseId === undefined ? "none" : "other";
    for (const walker of ahead) {
      if (walker.kind === "fop") continue;
      const { type, scope } = walker.request;
      equal(verdict(fop.gate, foreign, type, scope), "pass", `fop ${fop.n} overtakes a request`);
    }
  }

  /** Fops of one kind, by clients without leases, leave in the order in which they came. */
  #checkOrder(ahead: readonly Walker[], fop: WalkFop): void {
    const isPlain = (other: WalkFop) => other.leaseId === undefined && other.leaseEpoch === undefined;
    if (!isPlain(fop)) return;
    const overtaken = ahead.filter(
      (walker) =>
        walker.kind === "fop" &&
        isPlain(walker.fop) &&
        walker.fop.client !== fop.client &&
        walker.fop.isInternal === fop.isInternal &&
        walker.fop.gate === fop.gate,
    );
    deepEqual(overtaken, []);
  }

  #check(): void {
    const leases = [...this.#held.values()];
    for (const one of leases) {
      ok(one.deadlineMs >= this.#nowMs, "no recalled lease outlives the cap");
      for (const other of leases) {
        if (one === other || one.gfid !== other.gfid) continue;
        equal(leasesConflict(typeOf(one), typeOf(other)), false, "conflicting leases are held");
      }
      if (one.scope === "data") this.#checkRunning(one);
      if (!one.isRecalled) this.#checkNobodyWaitsFor(one);
    }
    const kinds = [...this.#waiting.values()].flat().map(({ kind }) => kind);
    const { usage } = this.#manager;
    deepEqual(
      [usage.blockedFops, usage.queuedRequests],
      [kinds.filter((kind) => kind === "fop").length, kinds.filter((kind) => kind === "request").length],
    );
    equal(usage.leases, leases.length + usage.queuedRequests);
  }

  /** Nothing foreign runs beside a lease of scope data. */
  #checkRunning(lease: HeldLease): void {
    for (const fop of this.#running) {
      if (fop.gfid === lease.gfid) equal(this.#isInTheWay(lease, fop), false);
    }
  }

  /** Whoever waits for a lease has had it recalled. */
  #checkNobodyWaitsFor(lease: HeldLease): void {
    for (const walker of this.#waitingOn(lease.gfid)) {
      const waits =
        walker.kind === "fop"
          ? this.#isInTheWay(lease, walker.fop)
          : leasesConflict(walker.request.type, typeOf(lease));
      equal(waits, false, `lease ${lease.leaseId} should have been recalled`);
    }
  }

  #isInTheWay(lease: HeldLease, fop: WalkFop): boolean {
    const isOwn = fop.leaseId === lease.leaseId && fop.client === lease.client;
    const foreign = fop.isInternal ? "internal" : fop.leaseId === undefined ? "none" : "other";
    return verdict(fop.gate, isOwn ? "own" : foreign, typeOf(lease), lease.scope) === "wait";
  }

  #leasesOn(gfid: Gfid): HeldLease[] {
    return [...this.#held.values()].filter((lease) => lease.gfid === gfid);
  }

  #waitingOn(gfid: Gfid): Walker[] {
    return this.#waiting.get(gfid) ?? [];
  }

  #isAnybodyWaiting(): boolean {
    return [...this.#waiting.values()].some((waiting) => waiting.length > 0);
  }
}

function typeOf(lease: HeldLease): LeaseType {
  return lease.types.includes("read-write") ? "read-write" : "read";
}

/** Whether a grant of that type has to wait for the fop; stock rules block more than changes. */
function isChange(fop: WalkFop, type: LeaseType): boolean {
  const kind = gateRows[fop.gate].data;
  return kind === "modifies" || (kind === "observes" && type === "read-write");
}

function clientOf(walker: Walker): ClientUid {
  return walker.kind === "fop" ? walker.fop.client : walker.request.client;
}
