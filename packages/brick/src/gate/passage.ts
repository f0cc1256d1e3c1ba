import type { Admission, Gate } from "@brickshift/lease-manager";
import { type Gfid, LeaseError } from "@brickshift/wire";
import { type GateAnswer, GatePass, type GateVisitor } from "./gate-pass.js";
import type { LeaseGate } from "./lease-gate.js";

/** One inode that a fop touches, and the row of the conflict table by which it is judged there. */
export interface GateTarget {
  readonly gfid: Gfid;
  readonly gate: Gate;
}

/** Who hears what became of a passage that had to wait. */
export interface PassageEnd {
  /** It is through. */
  passed(): void;
  /** One of its passes was refused. */
  refused(error: unknown): void;
  /** Its client is gone: there is nobody to answer. */
  dropped(): void;
}

/**
 * The way of one fop through the gate: a pass for every inode that it touches, asked for one after the other in
 * ascending order of gfid, so that two fops never wait for each other.
 */
export class Passage implements GateAnswer {
  readonly #gate: LeaseGate;
  readonly #visitor: GateVisitor;
  readonly #end: PassageEnd;
  #primary: GateTarget | undefined;
  #order: readonly GateTarget[] = [];
  /** Passes that it has, in that order. */
  #passes: GatePass[] = [];
  /** The pass that it waits for. */
  #awaited: GatePass | undefined;
  #isAbandoned = false;

  constructor(gate: LeaseGate, visitor: GateVisitor, end: PassageEnd) {
    this.#gate = gate;
    this.#visitor = visitor;
    this.#end = end;
  }

  /**
   * Asks for the passes of `targets`, the first of which a lease-epoch refers to.
   * @returns whether it has them all; when not, `end` hears of it later.
   * @throws {@link LeaseError} as the gate does, `LEASE_WOULD_BLOCK`; passes it has are to be left.
   */
  enter(targets: readonly GateTarget[]): boolean {
    this.#primary = targets[0];
    this.#order = sorted(targets);
    return this.#goOn();
  }

  /** Ends the passes that it has. */
  leave(): void {
    if (this.#passes.length === 0) return;
    const passes = this.#passes;
    this.#passes = [];
    for (const pass of passes) {
      this.#gate.finish(pass);
      this.#gate.inodes.unuse(pass.inode);
    }
  }

  /** Ends the passes that it has, and the one that it waits for as soon as it comes. */
  abandon(): void {
    this.#isAbandoned = true;
    this.leave();
  }

  /** See {@link GateAnswer}. */
  resumed(): void {
    this.#keepAwaited();
    if (this.#isAbandoned) return this.leave();
    try {
      if (this.#goOn()) this.#end.passed();
    } catch (error) {
      this.#end.refused(error);
    }
    return undefined;
  }

  /** See {@link GateAnswer}. */
  rejected(error: unknown): void {
    this.#forgetAwaited();
    if (!this.#isAbandoned) this.#end.refused(error);
  }

  /** See {@link GateAnswer}. */
  dropped(): void {
    this.#forgetAwaited();
    if (!this.#isAbandoned) this.#end.dropped();
  }

  #goOn(): boolean {
    while (this.#passes.length < this.#order.length) {
      const target = this.#order[this.#passes.length] as GateTarget;
      if (this.#ask(target) === "blocked") return false;
      this.#keepAwaited();
    }
    return true;
  }

  #ask(target: GateTarget): "proceed" | "blocked" {
    const inode = this.#gate.inodes.use(target.gfid);
    const pass = new GatePass(inode, target.gate, this.#visitor, target === this.#primary, this);
    this.#awaited = pass;
    let admission: Admission;
    try {
      admission = this.#gate.admit(pass);
    } catch (error) {
      this.#forgetAwaited();
      throw error;
    }
    if (admission !== "would-block") return admission;
    this.#forgetAwaited();
    throw new LeaseError("LEASE_WOULD_BLOCK", "a lease is being recalled");
  }

  #keepAwaited(): void {
    if (this.#awaited !== undefined) this.#passes.push(this.#awaited);
    this.#awaited = undefined;
  }

  #forgetAwaited(): void {
    const pass = this.#awaited;
    this.#awaited = undefined;
    if (pass !== undefined) this.#gate.inodes.unuse(pass.inode);
  }
}

/** Whether two lists name the same inodes for the same purpose. */
export function isSameTargets(one: readonly GateTarget[], other: readonly GateTarget[]): boolean {
  return (
    one.length === other.length &&
    one.every((target, index) => target.gfid === other[index]?.gfid && target.gate === other[index].gate)
  );
}

/** In ascending order of gfid, each once; the first of equal ones is kept, which is the primary one if any is. */
function sorted(targets: readonly GateTarget[]): readonly GateTarget[] {
  if (targets.length < 2) return targets;
  const byGfid = new Map<string, GateTarget>();
  for (const target of targets) if (!byGfid.has(target.gfid)) byGfid.set(target.gfid, target);
  return [...byGfid.values()].toSorted((one, other) => (one.gfid < other.gfid ? -1 : 1));
}
