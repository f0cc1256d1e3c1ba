import { setTimeout as sleep } from "node:timers/promises";
import type { Connection } from "@brickshift/transport";
import type { CallListener, Fate, Moment } from "./call-at.js";
import { CallLog, type WatchedCall } from "./call-log.js";
import type { Passage } from "./passage.js";

/** Time that the brick's end of a connection stays after a late record was sent on it, in ms. */
const AFTER_LATE_MS = 100;

/** What the connections of a relay share. */
export interface RelayWorld {
  readonly toBrick: Passage;
  readonly toClient: Passage;
  /** Hears of every call; `undefined` when nobody wants to know, which is quicker. */
  readonly onCall: CallListener | undefined;
}

/** One connection through a relay: `near` is the client's end of it, `far` the brick's. Records keep their order. */
export class RelayedConnection {
  readonly #near: Connection;
  readonly #far: Connection;
  readonly #world: RelayWorld;
  readonly #log = new CallLog();
  /** Until then the brick does not hear that the client's end has gone. */
  #lingering: Promise<unknown> | undefined;

  constructor(near: Connection, far: Connection, world: RelayWorld) {
    this.#near = near;
    this.#far = far;
    this.#world = world;
    near.receive((record) => this.#carry(record, "asked", "sent"));
    far.receive((record) => this.#carry(record, "answered", "told"));
    void near.closed.then((reason) => this.#endFar(reason));
    void far.closed.then((reason) => this.#endNear(reason));
  }

  /** Both ends find it broken. */
  cut(): void {
    this.#near.abort();
    this.#far.abort();
  }

  /** The client finds it broken; the brick only `ms` later, and carries out what was under way. */
  sever(ms: number): void {
    this.#lingering = sleep(ms);
    this.#near.abort();
  }

  async #carry(record: Uint8Array, before: Moment, after: Moment): Promise<void> {
    const isRequest = before === "asked";
    const { onCall, toBrick, toClient } = this.#world;
    const watched = onCall && (isRequest ? this.#log.request(record) : this.#log.reply(record));
    const fate = watched === undefined ? "pass" : await this.#fateOf(watched, before);
    if (fate === "drop") return;
    if (typeof fate === "object") {
      this.#lingering = sleep(fate.lateMs + AFTER_LATE_MS);
      await sleep(fate.lateMs);
    }
    const held = (isRequest ? toBrick : toClient).wait();
    if (held !== undefined) await held;
    // Whoever sent it finds out by itself that the connection ended.
    const sent = (isRequest ? this.#far : this.#near).send([record]).catch(() => {});
    if (watched !== undefined) void this.#fateOf(watched, after);
    await sent;
  }

  #fateOf(watched: WatchedCall, moment: Moment): Fate | Promise<Fate> {
    return this.#world.onCall?.({ ...watched, moment }) ?? "pass";
  }

  async #endFar(reason: Error | undefined): Promise<void> {
    await this.#lingering;
    await this.#world.toBrick.wait();
    if (reason === undefined) await this.#far.close();
    else this.#far.abort();
  }

  async #endNear(reason: Error | undefined): Promise<void> {
    await this.#world.toClient.wait();
    if (reason === undefined) await this.#near.close();
    else this.#near.abort();
  }
}
