import type { IncomingCall } from "@brickshift/rpc";
import {
  encodeFopReply,
  Errno,
  failedReply,
  type FopName,
  type FopReply,
  type FopRequest,
  type Gfid,
  LeaseError,
} from "@brickshift/wire";
import type { EntryName } from "../gate/name-turns.js";
import { isSameTargets, Passage, type PassageEnd } from "../gate/passage.js";
import type { FopCall, FopPort } from "./fop-call.js";
import { TreeError } from "../tree/tree-error.js";
import { failureOf } from "./fop-failure.js";
import type { FopSpec, FopTarget } from "./fop-spec.js";
import { LaterReply } from "./later-reply.js";

/** How often a fop that was blocked may find other inodes under its names before it is refused. */
const LOOKUPS_MAX = 16;
/** A row of the conflict table by which nothing ever waits. */
const FENCED_GATE = "lease";

/**
 * The way of one fop through the brick: its turn on the names, its passage through the gate, the marks, the
 * handler, and back. On inodes without leases all of it, up to the handler's first wait, is done in one go.
 */
export class FopTask<N extends FopName> implements PassageEnd, FopPort {
  readonly #fop: FopCall;
  readonly #call: IncomingCall;
  readonly #spec: FopSpec<N>;
  readonly #request: FopRequest<N>;
  readonly #passage: Passage;
  #names: readonly EntryName[] = [];
  #targets: readonly FopTarget[] = [];
  #lookups = 0;
  #isOver = false;
  /** Of its inodes, those that were here when it came; kept only while it has to wait and is about names. */
  #present: readonly Gfid[] = [];

  constructor(fop: FopCall, call: IncomingCall, spec: FopSpec<N>, request: FopRequest<N>) {
    this.#fop = fop;
    this.#call = call;
    this.#spec = spec;
    this.#request = request;
    this.#passage = new Passage(fop.brick.gate, fop, this);
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
    if (!isTaken) return this.#block();
    this.#names = names;
    return this.#begin();
  }

  /** See {@link PassageEnd}. After a wait a name may mean another inode: then the fop begins anew. */
  passed(): void {
    try {
      if (isSameTargets(this.#findTargets(), this.#targets)) return this.#admitted();
      this.#passage.leave();
      if (this.#lookups >= LOOKUPS_MAX) throw new LeaseError("LEASE_BACKLOG_FULL", "its names keep changing");
      this.#begin();
    } catch (error) {
      this.refused(error);
    }
    return undefined;
  }

  /** See {@link PassageEnd}; and whatever else it fails for. */
  refused(error: unknown): void {
    const { brick, name } = this.#fop;
    const failure = failureOf(error);
    if (failure.isOurs)
      brick.log({ type: "fault", brick: brick.name, fop: name, errno: failure.errno, error });
    this.#leave();
    this.#answer(failedReply(name as N, failure.errno, failure.xdata));
  }

  /** See {@link PassageEnd}. */
  dropped(): void {
    this.#leave();
    this.#isOver = true;
    this.#fop.brick.fopEnded();
    this.#call.recycle();
  }

  /** See {@link FopCall.leaveGate}. */
  leaveGate(): void {
    this.#passage.leave();
  }

  /** See {@link FopCall.mayWait}. */
  mayWait(): boolean {
    return this.#call.block();
  }

  #begin(): void {
    if (this.#fop.owner.isGone) return this.dropped();
    try {
      this.#targets = this.#findTargets();
      this.#lookups += 1;
      if (!this.#passage.enter(this.#targets)) {
        this.#notePresent();
        return this.#block();
      }
    } catch (error) {
      return this.refused(error);
    }
    return this.#admitted();
  }

  #findTargets(): readonly FopTarget[] {
    const targets = this.#spec.targets?.(this.#fop, this.#request) ?? [];
    const { brick, access, leaseEpoch } = this.#fop;
    const { token } = access;
    if (token === undefined) return targets;
    // On a migration target the fence says who may do what, and no lease does: not even the runner's own
    // may hold up its writes. But what names an epoch rests on that lease as well.
    if (leaseEpoch !== undefined) return targets;
    return targets.map((target) =>
      brick.tree.target(target.gfid)?.source === token.source ? { ...target, gate: FENCED_GATE } : target,
    );
  }

  /** The call waits for others from here on; when too many do already, it is refused. */
  #block(): void {
    if (this.#isOver || this.#call.block()) return;
    // What it waits for comes all the same, and is given back at once.
    this.refused(new LeaseError("LEASE_BACKLOG_FULL", "too many calls of this connection wait"));
  }

  #admitted(): void {
    for (const target of this.#targets) {
      const barrier = this.#fop.brick.gate.barrier(target.gfid);
      if (barrier === undefined) continue;
      void barrier.then(() => this.#admitted());
      return;
    }
    this.#run();
  }

  #run(): void {
    const { brick } = this.#fop;
    try {
      this.#checkPresent();
      if (this.#fop.caller.uid !== 0) this.#spec.permit?.(this.#fop, this.#request, this.#targets);
      if (brick.gate.isTracking) this.#mark();
      this.#tellStarting();
      const reply = this.#spec.handle(this.#fop, this.#request, this.#targets);
      if (reply instanceof LaterReply) return reply.whenThere((value) => this.#finish(value));
      if (!(reply instanceof Promise)) return this.#finish(reply);
      void reply.then(
        (value) => this.#finish(value),
        (error: unknown) => this.refused(error),
      );
    } catch (error) {
      this.refused(error);
    }
    return undefined;
  }

  #notePresent(): void {
    if (this.#names.length === 0) return;
    const { tree } = this.#fop.brick;
    this.#present = this.#targets.flatMap(({ gfid }) => (tree.linkto(gfid) === undefined ? [gfid] : []));
  }

  /**
   * Who waited to change a name while the file moved away meant the file, and not the link file that is left of it: it is told
   * where the file is. @throws TreeError `TREE_MOVED`.
   */
  #checkPresent(): void {
    const { tree } = this.#fop.brick;
    for (const gfid of this.#present) {
      const linkto = tree.isLinked(gfid) ? tree.linkto(gfid) : undefined;
      if (linkto !== undefined) throw new TreeError("TREE_MOVED", `${gfid} is on ${linkto}`, linkto);
    }
  }

  #mark(): void {
    const extent = this.#spec.marks?.(this.#fop, this.#request, this.#targets);
    const [first] = this.#targets;
    if (extent !== undefined && first !== undefined) this.#fop.brick.gate.markModified(first.gfid, extent);
  }

  #finish(reply: FopReply<N>): void {
    this.#tellFinished(reply);
    this.#leave();
    this.#answer(reply);
  }

  #tellStarting(): void {
    const [target] = this.#targets;
    const { brick, client, name } = this.#fop;
    if (target !== undefined) brick.upcalls?.starting(name, target.gfid, client);
  }

  #tellFinished(reply: FopReply<N>): void {
    const { brick, client, name, gone } = this.#fop;
    const [target] = this.#targets;
    if (brick.upcalls === undefined || target === undefined) return;
    const { gfid } = target;
    const isThere = () => brick.tree.isLinked(gfid) || brick.gate.inodes.openCount(gfid) > 0;
    const stat = () => (isThere() ? brick.tree.stat(gfid) : undefined);
    brick.upcalls.finished(name as N, client, { request: this.#request, reply, gfid, stat });
    if (gone !== undefined) brick.upcalls.forget(gone);
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

  /** Gives back the passes and names that it has; those that it waits for as soon as they come. */
  #leave(): void {
    this.#passage.abandon();
    if (this.#names.length === 0) return;
    const names = this.#names;
    this.#names = [];
    this.#fop.brick.turns.give(names);
  }
}
