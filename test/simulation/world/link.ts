import type { ManualScheduler, SeededRandom } from "@brickshift/testkit";
import type { Connection, Transport } from "@brickshift/transport";
import { createMemoryTransport, MemoryNetwork } from "@brickshift/transport-memory";
import { mortalConnection } from "./mortal-connection.js";
import { type SeverableConnection, severableConnection } from "./severable-connection.js";
import type { VirtualProcess } from "./virtual-process.js";

/** What travels on a link and in one direction only: to the brick, or back. */
export class Direction {
  /** Longest time that a record takes, in ms. */
  delayMsMax: number;
  readonly #clock: ManualScheduler;
  readonly #random: SeededRandom;
  readonly #target: () => VirtualProcess | undefined;
  readonly #held: (() => void)[] = [];
  #isBlocked = false;
  #straggling: { readonly sinceMs: number; readonly untilMs: number } | undefined;

  constructor(
    clock: ManualScheduler,
    random: SeededRandom,
    delayMsMax: number,
    target: () => VirtualProcess | undefined,
  ) {
    this.#clock = clock;
    this.#random = random;
    this.delayMsMax = delayMsMax;
    this.#target = target;
  }

  /** The `Defer` of the end that sends in this direction: each step takes its own time. */
  readonly defer = (run: () => void): void => {
    const sentAtMs = this.#clock.nowMs();
    const delayMs = this.#random.next() ** 2 * this.delayMsMax;
    this.#clock.at(sentAtMs + delayMs, () => this.#straggle(sentAtMs, run));
  };

  /** What is under way now takes `ms` longer, and what is sent later overtakes it: on another connection. */
  straggle(ms: number): void {
    const sinceMs = this.#clock.nowMs();
    this.#straggling = { sinceMs, untilMs: sinceMs + ms };
  }

  /** Nothing arrives from now on, and nobody is told. */
  block(): void {
    this.#isBlocked = true;
  }

  /** What was under way arrives now, where the connection still is. */
  unblock(): void {
    this.#isBlocked = false;
    for (const run of this.#held.splice(0)) this.#arrive(run);
  }

  #straggle(sentAtMs: number, run: () => void): void {
    const straggling = this.#straggling;
    const isLate = straggling !== undefined && sentAtMs <= straggling.sinceMs;
    if (!isLate || this.#clock.nowMs() >= straggling.untilMs) this.#arrive(run);
    else this.#clock.at(straggling.untilMs, () => this.#arrive(run));
  }

  #arrive(run: () => void): void {
    if (this.#isBlocked) {
      this.#held.push(run);
      return;
    }
    const target = this.#target();
    if (target === undefined) run();
    else target.deliver(run);
  }
}

/** How the ends of connections on a link are watched. */
export interface LinkWatch {
  /** The brick's end of a new connection, as the brick shall see it. */
  accepted(connection: Connection): Connection;
  /** The client's end of it, as the client shall see it. */
  connected(connection: Connection): Connection;
}

/** The way between one process and one brick: every connection of the two, and nobody else's. */
export class Link {
  readonly name: string;
  readonly near: VirtualProcess;
  readonly toBrick: Direction;
  readonly toClient: Direction;
  readonly #far: Transport;
  readonly #nearTransport: Transport;
  readonly #open = new Set<Connection>();
  readonly #near = new Set<SeverableConnection>();
  readonly #watch: LinkWatch;
  readonly #brick: () => VirtualProcess | undefined;

  /** @param brick the process that serves the brick now. */
  constructor(init: {
    readonly name: string;
    readonly near: VirtualProcess;
    readonly brick: () => VirtualProcess | undefined;
    readonly clock: ManualScheduler;
    readonly random: SeededRandom;
    readonly delayMsMax: number;
    readonly watch: LinkWatch;
  }) {
    const { name, near, brick, clock, random, delayMsMax, watch } = init;
    this.name = name;
    this.near = near;
    this.#watch = watch;
    this.#brick = brick;
    this.toBrick = new Direction(clock, random, delayMsMax, brick);
    this.toClient = new Direction(clock, random, delayMsMax, () => near);
    const network = new MemoryNetwork();
    this.#nearTransport = createMemoryTransport({}, { network, defer: this.toBrick.defer });
    this.#far = createMemoryTransport({}, { network, defer: this.toClient.defer });
  }

  get address(): string {
    return "memory://brick";
  }

  /** What the process connects with. */
  get transport(): Transport {
    return {
      schemes: this.#nearTransport.schemes,
      connect: async (address, options) => {
        const connection = await this.#nearTransport.connect(address, options);
        this.#keep(connection);
        const severable = severableConnection(this.#watch.connected(connection));
        this.#near.add(severable);
        void connection.closed.then(() => this.#near.delete(severable));
        return mortalConnection(severable.connection, this.near);
      },
      listen: (address, onConnection) => this.#nearTransport.listen(address, onConnection),
    };
  }

  /** Lets a brick serve the link; the end of it is returned. */
  async serve(accept: (connection: Connection) => void): Promise<() => Promise<void>> {
    const listener = await this.#far.listen(this.address, (connection) => {
      this.#keep(connection);
      accept(mortalConnection(this.#watch.accepted(connection), this.#brick()));
    });
    return () => listener.close();
  }

  /** Every connection breaks: each end finds out for itself. */
  cut(): void {
    for (const connection of this.#open) connection.abort();
  }

  /**
   * The process finds every connection broken and makes new ones, while the brick hears of it only after `ms`: what is under way to
   * it arrives then, and is carried out.
   */
  sever(ms: number, clock: ManualScheduler): void {
    this.toBrick.straggle(ms);
    for (const { sever } of this.#near) sever();
    const broken = [...this.#open];
    clock.at(clock.nowMs() + 2 * ms, () => {
      for (const connection of broken) connection.abort();
    });
  }

  /** Nothing is blocked and nothing is slow any more. */
  heal(delayMsMax: number): void {
    for (const direction of [this.toBrick, this.toClient]) {
      direction.delayMsMax = delayMsMax;
      direction.unblock();
    }
  }

  #keep(connection: Connection): void {
    this.#open.add(connection);
    void connection.closed.then(() => this.#open.delete(connection));
  }
}
