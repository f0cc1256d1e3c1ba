import { setTimeout as sleep } from "node:timers/promises";
import type { Connection, Listener } from "@brickshift/transport";
import { createTcpTransport } from "@brickshift/transport-net";
import type { CallListener } from "./call-at.js";
import { Passage } from "./passage.js";
import { RelayedConnection } from "./relayed-connection.js";

const transport = createTcpTransport();

/** A way to a brick, that can be slow, cut, or open at one end only. */
export class Relay {
  readonly #portOf: () => number;
  readonly #onCall: CallListener | undefined;
  readonly #toBrick = new Passage();
  readonly #toClient = new Passage();
  readonly #open = new Set<RelayedConnection>();
  #listener: Listener | undefined;

  private constructor(portOf: () => number, onCall: CallListener | undefined) {
    this.#portOf = portOf;
    this.#onCall = onCall;
  }

  /**
   * @param portOf where the brick listens now; 0 while it is down.
   * @param onCall hears of every call on the way.
   */
  static async start(portOf: () => number, onCall?: CallListener): Promise<Relay> {
    const relay = new Relay(portOf, onCall);
    relay.#listener = await transport.listen("tcp://127.0.0.1:0", (near) => void relay.#accept(near));
    return relay;
  }

  /** Where it listens. */
  get port(): number {
    return Number(new URL(this.#listener?.address ?? "").port);
  }

  cut(): void {
    for (const connection of this.#open) connection.cut();
  }

  sever(lingerMs: number): void {
    for (const connection of this.#open) connection.sever(lingerMs);
  }

  /** Nothing passes in one direction, or in either, for `ms`; then everything goes on, or all connections are cut. */
  async block(direction: "to-brick" | "to-client" | "both", ms: number, isCut: boolean): Promise<void> {
    if (direction !== "to-client") this.#toBrick.block();
    if (direction !== "to-brick") this.#toClient.block();
    await sleep(ms);
    if (isCut) this.cut();
    this.#toBrick.unblock();
    this.#toClient.unblock();
  }

  /** Every record takes `delayMs` more, for `ms`. */
  async slow(delayMs: number, ms: number): Promise<void> {
    this.#toBrick.slow(delayMs);
    this.#toClient.slow(delayMs);
    await sleep(ms);
    this.#toBrick.slow(0);
    this.#toClient.slow(0);
  }

  async close(): Promise<void> {
    await this.#listener?.close();
    this.cut();
  }

  async #accept(near: Connection): Promise<void> {
    try {
      const far = await transport.connect(`tcp://127.0.0.1:${this.#portOf()}`);
      const world = { toBrick: this.#toBrick, toClient: this.#toClient, onCall: this.#onCall };
      const relayed = new RelayedConnection(near, far, world);
      this.#open.add(relayed);
      void Promise.all([near.closed, far.closed]).then(() => this.#open.delete(relayed));
    } catch {
      near.abort();
    }
  }
}
