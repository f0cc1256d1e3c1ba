import {
  type Connection,
  type ConnectionLimitsInput,
  isTransportError,
  type Listener,
  type Transport,
  type TransportErrorCode,
} from "@brickshift/transport";
import { afterEach, beforeEach, expect } from "vitest";
import type {
  RawPeer,
  TransportComplianceOptions,
  TransportSupports,
  TransportUnderTest,
} from "./under-test.js";

/** Two ends of one connection. */
export interface Pair {
  /** The end that connected. */
  readonly client: Connection;
  /** The end that was accepted. */
  readonly server: Connection;
  readonly listener: Listener;
}

/** One end that is ours and a peer that writes bytes. */
export interface RawPair {
  readonly raw: RawPeer;
  readonly server: Connection;
}

/** Turns of the event loop after which what has not happened is taken not to happen. */
const QUIET_TURNS = 100;

/** What tests of a transport stand on: makes connections and clears them away. */
export class Stage {
  readonly supports: TransportSupports;
  #underTest: TransportUnderTest | undefined;
  readonly #connections: Connection[] = [];
  readonly #listeners: Listener[] = [];
  readonly #raws: RawPeer[] = [];

  /** To be called within a `describe`: hooks itself around its tests. */
  constructor(options: TransportComplianceOptions) {
    this.supports = options.supports;
    beforeEach(async () => {
      this.#underTest = await options.setup();
    });
    afterEach(async () => {
      for (const raw of this.#raws.splice(0)) raw.destroy();
      for (const connection of this.#connections.splice(0)) connection.abort();
      for (const listener of this.#listeners.splice(0)) await listener.close();
      this.#underTest = undefined;
      await options.teardown();
    });
  }

  /** The transport's side of the test. */
  get underTest(): TransportUnderTest {
    if (this.#underTest === undefined) throw new Error("the stage is set within tests only");
    return this.#underTest;
  }

  /** Listens, by default on an address of its own. */
  async listen(
    transport: Transport,
    onConnection: (connection: Connection) => void,
    address = this.underTest.listenAddress(),
  ): Promise<Listener> {
    const listener = await transport.listen(address, (connection) => {
      this.#connections.push(connection);
      onConnection(connection);
    });
    this.#listeners.push(listener);
    return listener;
  }

  /** Connects. */
  async connect(transport: Transport, address: string, signal?: AbortSignal): Promise<Connection> {
    const connection = await transport.connect(address, signal === undefined ? {} : { signal });
    this.#connections.push(connection);
    return connection;
  }

  /** Two joined ends, with limits for both or for each. */
  async pair(limits: ConnectionLimitsInput = {}, serverLimits = limits): Promise<Pair> {
    const arrival = new Arrival();
    const listener = await this.listen(this.underTest.createTransport(serverLimits), arrival.take);
    const client = await this.connect(this.underTest.createTransport(limits), listener.address);
    return { client, server: await arrival.connection, listener };
  }

  /** An accepted end and a peer that writes bytes. */
  async rawPair(limits: ConnectionLimitsInput = {}): Promise<RawPair> {
    const arrival = new Arrival();
    const listener = await this.listen(this.underTest.createTransport(limits), arrival.take);
    const raw = await this.underTest.rawConnect?.(listener.address);
    if (raw === undefined) throw new Error("supports.rawBytes without rawConnect");
    this.#raws.push(raw);
    return { raw, server: await arrival.connection };
  }
}

class Arrival {
  readonly take: (connection: Connection) => void;
  readonly connection: Promise<Connection>;

  constructor() {
    let arrive: (connection: Connection) => void = () => {};
    this.connection = new Promise((resolve) => {
      arrive = resolve;
    });
    this.take = arrive;
  }
}

/** Collects what a connection receives, as copies made at once. */
export function collect(connection: Connection, onEnd?: () => void): Uint8Array[] {
  const records: Uint8Array[] = [];
  connection.receive((record) => void records.push(Uint8Array.from(record)), onEnd);
  return records;
}

/** Lets the event loop turn until `condition` holds; the time limit of the test ends the waiting. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await turn();
}

/** Lets the event loop turn long enough for everything that is under way in this process to arrive. */
export async function quiet(): Promise<void> {
  for (let turns = 0; turns < QUIET_TURNS; turns += 1) await turn();
}

/** Resolves with whether `promise` settles before everything is {@link quiet}. */
export async function settles(promise: Promise<unknown>): Promise<boolean> {
  const outcome = { isSettled: false };
  const note = () => {
    outcome.isSettled = true;
  };
  void promise.then(note, note);
  for (let turns = 0; turns < QUIET_TURNS && !outcome.isSettled; turns += 1) await turn();
  return outcome.isSettled;
}

/** Expects `promise` to reject with a transport error of one of `codes`. */
export async function expectCode(promise: Promise<unknown>, ...codes: TransportErrorCode[]): Promise<void> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(codeOf(error)).toBeOneOf(codes);
}

/** The code of a transport error, for comparison; `undefined` of `undefined`. */
export function codeOf(error: unknown): string | undefined {
  if (error === undefined) return undefined;
  return isTransportError(error) ? error.code : "not a TransportError";
}

/** A gate for handlers: what waits at it goes on when it is opened. */
export class Gate {
  readonly opened: Promise<void>;
  readonly open: () => void;

  constructor() {
    let open = () => {};
    this.opened = new Promise((resolve) => {
      open = resolve;
    });
    this.open = open;
  }
}

/** `length` bytes that differ by position and by `seed`, so that bytes out of place are seen. */
export function pattern(length: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let state = (seed * 2_654_435_761) >>> 0;
  for (let index = 0; index < length; index += 1) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    bytes[index] = state >>> 24;
  }
  return bytes;
}

/** Whether both hold the same bytes; cheaper than `toEqual` for large ones. */
export function sameBytes(one: Uint8Array | undefined, other: Uint8Array): boolean {
  return one !== undefined && Buffer.compare(one, other) === 0;
}

function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
