import type { Admission } from "@brickshift/lease-manager";
import type { IncomingCall } from "@brickshift/rpc";
import {
  encodeFopReply,
  Errno,
  failedReply,
  type FopName,
  type FopReply,
  type FopRequest,
  LeaseError,
} from "@brickshift/wire";
import { type GateAnswer, GatePass } from "../gate/gate-pass.js";
import type { EntryName } from "../gate/name-turns.js";
import type { FopCall, FopPort } from "./fop-call.js";
import { failureOf } from "./fop-failure.js";
import type { FopSpec, FopTarget } from "./fop-spec.js";
import { LaterReply } from "./later-reply.js";

/** How often a fop that was blocked may find other inodes under its names before it is refused. */
const LOOKUPS_MAX = 16;
/** A row of the conflict table by which nothing ever waits. */
const FENCED_GATE = "lease";

/**
 * The way of one fop through the brick: its turn on the names, a pass for every inode in ascending order,
 * the marks, the handler, and back. On inodes without leases all of it, up to the handler's first wait, is
 * done in one go.
 */
export class FopTask<N extends FopName> implements GateAnswer, FopPort {
  readonly #fop: FopCall;
  readonly #call: IncomingCall;
  readonly #spec: FopSpec<N>;
  readonly #request: FopRequest<N>;
  #names: readonly EntryName[] = [];
  #targets: readonly FopTarget[] = [];
  /** The targets in the order in which the fop asks for them. */
  #order: readonly FopTarget[] = [];
  /** Passes that it has, in that order. */
  #passes: GatePass[] = [];
  /** The pass that it waits for. */
  #awaited: GatePass | undefined;
  #lookups = 0;
  #wasBlocked = false;
  #isOver = false;

  constructor(fop: FopCall, call: IncomingCall, spec: FopSpec<N>, request: FopRequest<N>) {
    this.#fop = fop;
    this.#call = call;
    this.#spec = spec;
    this.#request = request;
    fop.port = this;
  }

  /** Starts it; the call is answered now or later. */
  start(): void {
    const { brick } = this.#fop;
    brick.fopStarted();
    if (this.#spec.names === undefined) return this.#begin();
    const names = this.#spec.names(this.#request);
    const isTaken = brick.turns.take(names, () => {
      this.#names = names;
      if (this.#isOver) this.#leave();
      else this.#begin();
    });
    if (isTaken) {
      this.#names = names;
      return this.#begin();
    }
    return this.#block();
  }

  #begin(): void {
    const { owner } = this.#fop;
    if (owner.isGone) return this.#end();
    try {
      this.#targets = this.#findTargets();
      this.#lookups += 1;
    } catch (error) {
      return this.#fail(error);
    }
    this.#order = sorted(this.#targets);
    return this.#admit();
  }

  #findTargets(): readonly FopTarget[] {
    const targets = this.#spec.targets?.(this.#fop, this.#request) ?? [];
    const { brick, access } = this.#fop;
    const { token } = access;
    if (token === undefined) return targets;
    // On a migration target the fence says who may do what, and no lease does: not even the runner's own
    // may hold up its writes.
    return targets.map((target) =>
      brick.tree.target(target.gfid)?.source === token.source ? { ...target, gate: FENCED_GATE } : target,
    );
  }

  #admit(): void {
    while (this.#passes.length < this.#order.length) {
      const target = this.#order[this.#passes.length] as FopTarget;
      try {
        if (!this.#pass(target)) return undefined;
      } catch (error) {
        return this.#fail(error);
      }
    }
    return this.#admitted();
  }

  /** Whether the fop may go on now; otherwise it goes on later, or is answered. */
  #pass(target: FopTarget): boolean {
    const { gate } = this.#fop.brick;
    const inode = gate.inodes.use(target.gfid);
    const pass = new GatePass(inode, target.gate, this.#fop, target === this.#targets[0], this);
    // Set before the gate is asked, which may answer within the same step.
    this.#awaited = pass;
    let admission: Admission;
    try {
      admission = gate.admit(pass);
    } catch (error) {
      this.#forgetAwaited();
      throw error;
    }
    if (admission === "proceed") {
      this.#keepAwaited();
      return true;
    }
    if (admission === "would-block") {
      this.#forgetAwaited();
      throw new LeaseError("LEASE_WOULD_BLOCK", "a lease is being recalled");
    }
    this.#wasBlocked = true;
    this.#block();
    return false;
  }

  /** See {@link GateAnswer.resumed}. */
  resumed(): void {
    this.#keepAwaited();
    if (this.#isOver) this.#leave();
    else this.#admit();
  }

  /** See {@link GateAnswer.rejected}. */
  rejected(error: unknown): void {
    this.#forgetAwaited();
    if (!this.#isOver) this.#fail(error);
  }

  /** See {@link GateAnswer.dropped}. */
  dropped(): void {
    this.#forgetAwaited();
    this.#end();
  }

  /** See {@link FopCall.leaveGate}. */
  leaveGate(): void {
    this.#leaveGate();
  }

  /** See {@link FopCall.mayWait}. */
  mayWait(): boolean {
    return this.#call.block();
  }

  #keepAwaited(): void {
    if (this.#awaited !== undefined) this.#passes.push(this.#awaited);
    this.#awaited = undefined;
  }

  #forgetAwaited(): void {
    const pass = this.#awaited;
    this.#awaited = undefined;
    if (pass !== undefined) this.#fop.brick.gate.inodes.unuse(pass.inode);
  }

  /** The call waits for others from here on; when too many do already, it is refused. */
  #block(): void {
    if (this.#isOver || this.#call.block()) return;
    // What it waits for comes all the same, and is given back at once.
    this.#answer(
      failedReplyTo(this.#fop.name as N, new LeaseError("LEASE_BACKLOG_FULL", "too many calls wait")),
    );
    this.#leave();
  }

  #admitted(): void {
    if (this.#wasBlocked) {
      this.#wasBlocked = false;
      if (this.#hasMoved()) return undefined;
    }
    for (const target of this.#targets) {
      const barrier = this.#fop.brick.gate.barrier(target.gfid);
      if (barrier !== undefined) {
        void barrier.then(() => this.#admitted());
        return undefined;
      }
    }
    return this.#run();
  }

  /** After a wait a name may mean another inode: then the fop begins anew. */
  #hasMoved(): boolean {
    try {
      const now = this.#findTargets();
      if (isSame(now, this.#targets)) return false;
      this.#leaveGate();
      if (this.#lookups >= LOOKUPS_MAX) throw new LeaseError("LEASE_BACKLOG_FULL", "its names keep changing");
      this.#begin();
    } catch (error) {
      this.#fail(error);
    }
    return true;
  }

  #run(): void {
    const { brick } = this.#fop;
    try {
      const extent = this.#spec.marks?.(this.#fop, this.#request, this.#targets);
      const [first] = this.#targets;
      if (extent !== undefined && first !== undefined) brick.gate.markModified(first.gfid, extent);
      const reply = this.#spec.handle(this.#fop, this.#request, this.#targets);
      if (reply instanceof LaterReply) return reply.whenThere((value) => this.#finish(value));
      if (!(reply instanceof Promise)) return this.#finish(reply);
      void reply.then(
        (value) => this.#finish(value),
        (error: unknown) => this.#fail(error),
      );
    } catch (error) {
      this.#fail(error);
    }
    return undefined;
  }

  #finish(reply: FopReply<N>): void {
    this.#leave();
    this.#answer(reply);
  }

  #fail(error: unknown): void {
    const { brick, name } = this.#fop;
    const failure = failureOf(error);
    if (failure.isOurs)
      brick.log({ type: "fault", brick: brick.name, fop: name, errno: failure.errno, error });
    this.#leave();
    this.#answer(failedReply(name as N, failure.errno, failure.xdata));
  }

  /** Nobody is there to answer. */
  #end(): void {
    this.#leave();
    if (this.#isOver) return;
    this.#isOver = true;
    this.#fop.brick.fopEnded();
    this.#call.recycle();
  }

  #answer(reply: FopReply<N>): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#fop.brick.fopEnded();
    void this.#call.reply(this.#encoded(reply)).then(() => {
      this.#spec.sent?.(this.#fop, reply);
      this.#call.recycle();
    });
  }

  #encoded(reply: FopReply<N>): readonly Uint8Array[] {
    const { brick, name } = this.#fop;
    try {
      return encodeFopReply(name as N, reply);
    } catch (error) {
      // The fop is done all the same: a reply that cannot be written must not leave its caller waiting.
      brick.log({ type: "fault", brick: brick.name, fop: name, errno: Errno.EIO, error });
      return encodeFopReply(name as N, failedReply(name as N, Errno.EIO));
    }
  }

  #leave(): void {
    this.#leaveGate();
    if (this.#names.length === 0) return;
    const names = this.#names;
    this.#names = [];
    this.#fop.brick.turns.give(names);
  }

  #leaveGate(): void {
    const { gate } = this.#fop.brick;
    const passes = this.#passes;
    if (passes.length === 0) return;
    this.#passes = [];
    for (const pass of passes) {
      gate.finish(pass);
      gate.inodes.unuse(pass.inode);
    }
  }
}

function failedReplyTo<N extends FopName>(name: N, error: unknown): FopReply<N> {
  const { errno, xdata } = failureOf(error);
  return failedReply(name, errno, xdata);
}

/** In ascending order of gfid, each once; the first of equal ones is kept, which is the primary one if any is. */
function sorted(targets: readonly FopTarget[]): readonly FopTarget[] {
  if (targets.length < 2) return targets;
  const byGfid = new Map<string, FopTarget>();
  for (const target of targets) if (!byGfid.has(target.gfid)) byGfid.set(target.gfid, target);
  return [...byGfid.values()].toSorted((one, other) => (one.gfid < other.gfid ? -1 : 1));
}

function isSame(one: readonly FopTarget[], other: readonly FopTarget[]): boolean {
  return (
    one.length === other.length &&
    one.every((target, index) => target.gfid === other[index]?.gfid && target.gate === other[index].gate)
  );
}
