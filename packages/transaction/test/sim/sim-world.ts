import { type SeededRandom, seededRandom } from "@brickshift/testkit";
import { type Epoch, LeaseError, type LeaseId, TransactionError } from "@brickshift/wire";
import {
  type CopyEffect,
  type CopyEvent,
  CopyMachine,
  type CopyPlan,
  type CopyResult,
  type Grant,
  transactionOptions,
} from "../../src/index.js";
import { clipExtents } from "../../src/extents.js";
import { FILE_BYTES_MAX, ModelFile } from "./model-file.js";

/** Rules that a broken world does not keep. They break the ends of the copy, never the machine. */
export interface BrokenRules {
  /** The source answers success to an unlock, and to a read, under a lease that it had revoked. */
  readonly sourceLies?: boolean;
  /** The destination takes every write, however old its fence. */
  readonly noFence?: boolean;
  /** The destination acknowledges writes before they have landed. */
  readonly earlyAck?: boolean;
  /** What is dirty is told since the latest lease instead of the epoch that was asked for. */
  readonly lateBase?: boolean;
}

export interface WorldOptions extends BrokenRules {
  readonly seed: number;
  /** Clients modify both files at once, as Gluster's do in a migration; nothing is tracked. */
  readonly isDualWrite: boolean;
  readonly modificationsMax: number;
}

interface HeldLease {
  readonly grant: Grant;
  readonly isExclusive: boolean;
  isRecalled: boolean;
}

/** Source, destination, clients and network of one seed, in virtual time. */
export class SimWorld {
  readonly reached = new Map<string, number>();
  readonly source: ModelFile;
  readonly destination = new ModelFile(true);
  readonly #random: SeededRandom;
  readonly #options: WorldOptions;
  readonly #timeline: { atMs: number; order: number; run: () => void }[] = [];
  readonly #leases = new Map<string, HeldLease>();
  readonly #blocked: (() => void)[] = [];
  readonly #asking: (() => boolean)[] = [];
  #nowMs = 0;
  #order = 0;
  #counter = 0;
  #knownSince = 0;
  #fence = 0;
  #modifications = 0;
  #value = 0;
  #deliver: (event: CopyEvent) => void = () => {};

  constructor(options: WorldOptions) {
    this.#options = options;
    this.#random = seededRandom(options.seed);
    this.source = new ModelFile(options.seed % 2 === 0);
    for (let index = 0; index < 6; index += 1) this.#modify();
    this.#clientStep();
  }

  /** Runs one copy to its end, with a fresh machine. */
  copy(plan: CopyPlan): CopyResult {
    const machine = new CopyMachine(
      transactionOptions.parse({
        chunkBytes: this.#random.pick([4, 7, 16]),
        chunkBytesMax: this.#random.pick([16, 64]),
        windowMax: this.#random.pick([1, 3, 6, 32]),
        windowStart: 1,
        leaseWindowsMax: this.#random.pick([1, 4]),
        replaysMax: 10_000,
        passesMax: this.#options.isDualWrite ? 1 : 4,
        finalBytesMax: this.#random.pick([0, 12]),
        extentsMax: this.#random.pick([2, 1_000]),
        exclusiveHoldMs: this.#random.pick([0, 50]),
        backoffMs: 3,
        backoffMaxMs: 9,
      }),
      plan,
    );
    const ended: { result?: CopyResult } = {};
    const queue: CopyEvent[] = [];
    const apply = (effect: CopyEffect) => {
      if (effect.type === "end") ended.result = effect.result;
      else this.#apply(effect);
    };
    this.#deliver = (event) => {
      queue.push(event);
      if (queue.length > 1) return;
      for (let next = queue[0]; next !== undefined && ended.result === undefined; next = queue[0]) {
        for (const effect of machine.step(next, this.#nowMs)) apply(effect);
        queue.shift();
        const dueMs = machine.deadlineMs;
        if (dueMs !== undefined) this.#at(dueMs, () => this.#deliver({ type: "tick" }));
      }
    };
    this.#deliver({ type: "start" });
    while (ended.result === undefined) this.#turn();
    this.#deliver = () => {};
    return ended.result;
  }

  /** Whether `lease` is held right now: what the commit of the flip depends on. */
  isHeld(lease: Grant): boolean {
    return this.#leases.has(lease.leaseId);
  }

  /** Raises the fence, as the flip's prepare does. */
  raiseFence(epoch: Epoch): void {
    this.#fence = Math.max(this.#fence, Number(epoch));
  }

  release(lease: Grant): void {
    this.#free(lease.leaseId);
  }

  /** Clients begin no further modification: one that was lost is not covered up by a later one. */
  stopClients(): void {
    this.#modifications = this.#options.modificationsMax;
  }

  /** Lets every message that is under way arrive, and every client finish. */
  drain(): void {
    while (this.#timeline.length > 0) this.#turn();
  }

  #turn(): void {
    let first = 0;
    for (let index = 1; index < this.#timeline.length; index += 1) {
      const [one, other] = [this.#timeline[index], this.#timeline[first]];
      if (one === undefined || other === undefined) continue;
      if (one.atMs < other.atMs || (one.atMs === other.atMs && one.order < other.order)) first = index;
    }
    const [entry] = this.#timeline.splice(first, 1);
    if (entry === undefined) throw new Error("the simulation stands still: an answer is missing");
    this.#nowMs = entry.atMs;
    entry.run();
  }

  #at(atMs: number, run: () => void): void {
    this.#timeline.push({ atMs: Math.max(atMs, this.#nowMs), order: this.#order++, run });
  }

  #later(run: () => void, ms = this.#random.below(6)): void {
    this.#at(this.#nowMs + ms, run);
  }

  #mark(name: string): void {
    this.reached.set(name, (this.reached.get(name) ?? 0) + 1);
  }

  // ---- clients -------------------------------------------------------------------------------

  #clientStep(): void {
    this.#later(() => {
      if (this.#modifications >= this.#options.modificationsMax) return;
      this.#modifications += 1;
      if (this.#leases.size === 0) this.#modify();
      else this.#block(() => this.#modify());
      if (this.#random.chance(0.01)) this.#restartSource();
      this.#clientStep();
    }, this.#random.below(14));
  }

  #block(run: () => void): void {
    this.#blocked.push(run);
    for (const lease of this.#leases.values()) {
      if (lease.isRecalled) continue;
      lease.isRecalled = true;
      this.#later(() => this.#deliver({ type: "recalled", recall: { revokedInMs: 40 } }));
      this.#later(() => this.#revoke(lease.grant.leaseId), this.#random.pick([8, 40, 200]));
    }
  }

  #modify(): void {
    const random = this.#random;
    this.#value = (this.#value % 255) + 1;
    const value = this.#value;
    const offset = random.below(FILE_BYTES_MAX);
    const length = 1 + random.below(Math.min(12, FILE_BYTES_MAX - offset));
    const isTruncate = random.chance(0.12);
    if (isTruncate) this.#mark("truncate");
    for (const file of this.#options.isDualWrite ? [this.source, this.destination] : [this.source]) {
      if (isTruncate) file.truncate(offset, this.#counter);
      else file.write(offset, length, value, this.#counter);
    }
  }

  #restartSource(): void {
    this.#mark("restart");
    for (const id of this.#leases.keys()) this.#lose(id);
    this.#counter += 1_000;
    this.#knownSince = this.#counter;
  }

  // ---- leases --------------------------------------------------------------------------------

  #revoke(id: LeaseId): void {
    if (!this.#leases.has(id)) return;
    this.#mark("revoke");
    this.#free(id);
  }

  #lose(id: string): void {
    this.#free(id);
    this.#later(() => this.#deliver({ type: "lease-lost", leaseId: id, reason: "restart" }));
  }

  #free(id: string): void {
    this.#leases.delete(id);
    if (this.#leases.size > 0) return;
    for (const run of this.#blocked.splice(0)) run();
    for (const ask of this.#asking.splice(0)) if (!ask()) this.#asking.push(ask);
  }

  #acquire(effect: Extract<CopyEffect, { type: "acquire" }>): void {
    const { mode, dirtySince } = effect.request;
    const tryGrant = () => {
      if (
        mode === "exclusive" ? this.#leases.size > 0 : [...this.#leases.values()].some((l) => l.isExclusive)
      ) {
        return false;
      }
      this.#counter += 1;
      const epoch = BigInt(this.#counter) as Epoch;
      const leaseId = `lease-${this.#counter}` as LeaseId;
      const asked = dirtySince === undefined ? undefined : Number(dirtySince);
      const since = this.#options.lateBase === true && asked !== undefined ? this.#counter - 1 : asked;
      const dirty =
        since === undefined
          ? undefined
          : since < this.#knownSince
            ? "unknown"
            : this.source.dirtySince(since);
      // Some sources leave out what is beyond the end, and then say where that is.
      const sizeBytes = this.source.size;
      const grant: Grant =
        this.#options.seed % 3 === 0 && Array.isArray(dirty)
          ? { leaseId, epoch, dirty: clipExtents(dirty, sizeBytes), sizeBytes }
          : { leaseId, epoch, dirty };
      this.#leases.set(leaseId, { grant, isExclusive: mode === "exclusive", isRecalled: false });
      this.#later(() => this.#deliver({ type: "granted", grant }));
      return true;
    };
    this.#later(() => {
      if (this.#random.chance(0.03)) return this.#deliver({ type: "acquire-failed", error: unknown() });
      if (!tryGrant()) this.#asking.push(tryGrant);
    });
  }

  #unlock(lease: { readonly leaseId: LeaseId }): void {
    const fate = this.#random.next();
    this.#later(() => {
      const wasHeld = this.#leases.has(lease.leaseId);
      if (fate >= 0.08) this.#free(lease.leaseId);
      // Lost on its way: the port goes on trying to give the lease back.
      else this.#later(() => this.#free(lease.leaseId), 30);
      if (fate < 0.08) this.#mark("unlock lost before");
      else if (fate < 0.16) this.#mark("unlock lost after");
      if (!wasHeld) this.#mark("unlock too late");
      const isGood = wasHeld || this.#options.sourceLies === true;
      this.#later(() => {
        if (fate < 0.16) return this.#deliver({ type: "unlock-failed", error: unknown() });
        if (isGood) return this.#deliver({ type: "unlocked" });
        return this.#deliver({ type: "unlock-failed", error: new LeaseError("LEASE_REVOKED", "too late") });
      });
    });
  }

  // ---- bytes ---------------------------------------------------------------------------------

  readonly #answers = new Map<number, Uint8Array>();

  #apply(effect: Exclude<CopyEffect, { type: "end" }>): void {
    switch (effect.type) {
      case "acquire":
        return this.#acquire(effect);
      case "unlock":
        return this.#unlock(effect.lease);
      case "read":
        return this.#read(effect);
      case "establish":
        return this.#toDestination(effect.fence, false, () => {}, {
          done: { type: "established" },
          failed: (error) => ({ type: "establish-failed", error }),
        });
      case "write": {
        const bytes = this.#answers.get(effect.op)?.subarray(0, effect.length) ?? new Uint8Array(0);
        return this.#toDestination(effect.fence, true, () => this.destination.put(effect.offset, bytes), {
          done: { type: "written", op: effect.op },
          failed: (error) => ({ type: "write-failed", op: effect.op, error }),
        });
      }
      case "zero":
        return this.#toDestination(
          effect.fence,
          true,
          () => this.destination.zero(effect.offset, effect.length),
          {
            done: { type: "written", op: effect.op },
            failed: (error) => ({ type: "write-failed", op: effect.op, error }),
          },
        );
      case "draw-chance":
        return this.#later(() => this.#deliver({ type: "chance", chance: this.#random.next() }), 0);
      case "release":
      case "cancel-reads":
      case "cancel-acquire":
        return;
    }
  }

  #read({ op, offset, length, lease }: Extract<CopyEffect, { type: "read" }>): void {
    this.#later(() => {
      const isGood = this.#leases.has(lease.leaseId) || this.#options.sourceLies === true;
      const end = Math.max(offset, Math.min(offset + length, this.source.size));
      // Shorter answers than asked for are allowed.
      const cut = this.#random.chance(0.1) && end - offset > 1 ? offset + 1 : end;
      const bytes = this.source.bytes.slice(offset, cut);
      const eof = cut >= this.source.size;
      const sizeBytes = this.source.size;
      const isHole = bytes.length > 0 && bytes.every((byte) => byte === 0);
      this.#later(() => {
        if (!isGood) {
          return this.#deliver({ type: "read-failed", op, error: new LeaseError("LEASE_REVOKED", "read") });
        }
        if (this.#random.chance(0.02)) return this.#deliver({ type: "read-failed", op, error: unknown() });
        this.#answers.set(op, bytes);
        if (isHole) this.#mark("hole");
        const shape = { lengthBytes: bytes.length, eof, sizeBytes };
        return this.#deliver({ type: "read", op, shape: { type: isHole ? "hole" : "bytes", ...shape } });
      });
    });
  }

  #toDestination(
    fence: Epoch,
    mayStray: boolean,
    run: () => void,
    answer: { readonly done: CopyEvent; readonly failed: (error: unknown) => CopyEvent },
  ): void {
    const isStray = mayStray && this.#random.chance(0.08);
    const land = () => {
      if (Number(fence) < this.#fence && this.#options.noFence !== true) {
        this.#mark("fenced off");
        return false;
      }
      this.#fence = Math.max(this.#fence, Number(fence));
      run();
      return true;
    };
    if (isStray) {
      // The answer is given up; the write lands when it pleases, perhaps long after its transaction.
      this.#later(() => {
        if (land()) this.#mark("stray landed");
      }, this.#random.below(120));
      this.#later(() => this.#deliver(answer.failed(unknown())));
      return;
    }
    if (this.#options.earlyAck === true && mayStray) {
      this.#later(land, this.#random.below(40));
      this.#later(() => this.#deliver(answer.done));
      return;
    }
    this.#later(() => {
      const hasLanded = land();
      const event = hasLanded ? answer.done : answer.failed(new LeaseError("LEASE_FENCED", "write"));
      this.#later(() => this.#deliver(event));
    });
  }
}

function unknown(): TransactionError {
  return new TransactionError("TRANSACTION_OUTCOME_UNKNOWN", "no answer");
}
